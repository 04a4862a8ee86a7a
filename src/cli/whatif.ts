import { Problem } from "../formats/problem.ts";
import { parseYamlValue } from "../formats/yaml.ts";
import {
  type Documents,
  fieldOf,
  type Goal,
  knownPaths,
  type LoadedOutcome,
  type LoadOptions,
  loadedOutcomeOf,
  numberField,
  type Outcome,
  outcomeOf,
  parseExpression,
  parseWorld,
  rawAmount,
  read,
  requireAmount,
  type Sensitivity,
  type Solution,
  sensitivity,
  setPath,
  solve,
  type Tornado,
  tornado,
} from "../whatif/index.ts";

export interface WhatIfQuestion {
  readonly set: readonly string[];
  readonly solve: { readonly path: string; readonly goal: Goal } | undefined;
  readonly between: string | undefined;
  readonly tornado: number | undefined;
  readonly sobol: readonly string[];
  readonly samples: number | undefined;
  readonly outcome: string;
  readonly withLoad: boolean;
  readonly load: LoadOptions;
  readonly onProgress: (phase: string, done: number, total: number) => void;
}

/** What a world does with the class that is looked at. */
export interface State extends Outcome {
  /** Where the scenario says who asks how often, and load is not left out. */
  readonly under_load?: LoadedOutcome;
}

export interface WhatIfAnswer {
  readonly changes: readonly { readonly path: string; readonly from: unknown; readonly to: unknown }[];
  readonly before: State;
  /** With what was set, and the solution where one was asked for. */
  readonly after: State;
  readonly solution: Solution | null;
  readonly tornado?: Tornado;
  readonly sobol?: Sensitivity;
}

/** @throws Problem when something unknown or impossible is asked, or a goal cannot be reached */
export function askWhatIf(world: Documents, question: WhatIfQuestion): WhatIfAnswer {
  const { withLoad, load, onProgress } = question;
  const changes: { path: string; from: unknown; to: unknown }[] = [];
  const change = (at: Documents, path: string, value: unknown) => {
    if (changes.some((earlier) => earlier.path === path)) throw new Problem(`--set: ${path} is set twice`);
    const changed = setPath(at, path, value);
    parseWorld(changed);
    changes.push({ path, from: present(at, path), to: value });
    return changed;
  };
  const set = question.set.reduce((at, text) => {
    const [path, value] = split(text, "--set");
    return change(at, path, parseYamlValue(value, `--set ${path}`));
  }, world);
  const stateOf = (at: Documents): State => {
    const parsed = parseWorld(at);
    const outcome = outcomeOf(at, parsed);
    if (!withLoad || !outcome.feasible) return outcome;
    onProgress("simulating", 0, 1);
    return { ...outcome, under_load: loadedOutcomeOf(at, parsed, load) };
  };
  const before = stateOf(world);
  let solution: Solution | null = null;
  let after = set;
  if (question.solve) {
    const { path, goal } = question.solve;
    requireLoad(goal.needsLoad, world, question);
    solution = solve(set, path, goal, {
      load,
      between: question.between === undefined ? undefined : rangeOf(set, path, question.between),
      onProgress: (done, total) => onProgress("solving", done, total),
    });
    const { value } = solution;
    const field = typeof value === "number" ? fieldOf(set, path) : undefined;
    after = setPath(
      set,
      path,
      field ? rawAmount(field, numberField(field, read(set, field))?.kind, value as number) : value,
    );
  }
  const figure = parseExpression(question.outcome, "--outcome");
  if (question.tornado !== undefined || question.sobol.length > 0) requireLoad(figure.needsLoad, world, question);
  const ranges = question.sobol.map((text) => {
    const [path, range] = split(text, "--sobol");
    const [from, to] = ends(range, `--sobol ${path}`);
    return { path, from, to };
  });
  return {
    changes,
    before,
    after: after === world ? before : stateOf(after),
    solution,
    ...(question.tornado === undefined ? {} : { tornado: tornado(set, figure, question.tornado, load) }),
    ...(ranges.length === 0
      ? {}
      : {
          sobol: sensitivity(set, figure, ranges, load, {
            seed: load.seed,
            ...(question.samples === undefined ? {} : { samples: question.samples }),
          }),
        }),
  };
}

/** Everything that can be set, and what is there now. */
export function pathsOf(world: Documents): { readonly path: string; readonly value: unknown }[] {
  return knownPaths(world).map((field) => ({ path: field.path, value: read(world, field) ?? null }));
}

function requireLoad(needed: boolean, { hasWorkload, files }: Documents, { withLoad }: WhatIfQuestion): void {
  if (!needed || withLoad) return;
  throw new Problem(
    hasWorkload
      ? "percentiles, throughput and utilisation need the load that --no-load leaves out"
      : `${files.scenario}: percentiles, throughput and utilisation need a workload`,
  );
}

const present = (world: Documents, path: string): unknown =>
  path === "operator" ? outcomeOf(world).operator : (read(world, fieldOf(world, path)) ?? null);

function split(text: string, option: string): [path: string, value: string] {
  const at = text.indexOf("=");
  if (at < 1) throw new Problem(`${option} ${text}: write PATH=VALUE`);
  return [text.slice(0, at), text.slice(at + 1)];
}

function ends(text: string, what: string): [unknown, unknown] {
  const parts = text.split("..");
  if (parts.length !== 2) throw new Problem(`${what}: write LOW..HIGH, such as 1 Mbit/s..1 Gbit/s`);
  return parts.map((part) => parseYamlValue(part, what)) as [unknown, unknown];
}

function rangeOf(world: Documents, path: string, text: string): [number, number] {
  const field = fieldOf(world, path);
  return ends(text, "--between").map((end) => requireAmount(field, end, "--between")) as [number, number];
}
