import { loadModel } from "../costmodel/index.ts";
import { problemOf } from "../formats/issues.ts";
import { unknownName } from "../formats/names.ts";
import { Problem } from "../formats/problem.ts";
import type { Profile } from "../formats/profile.ts";
import { type Scenario, scenarioSchema } from "../formats/scenario.ts";
import { type Topology, topologySchema } from "../formats/topology.ts";
import type { ScenarioModel } from "../simulator/index.ts";
import { type DocumentName, SCHEMAS } from "./fields.ts";
import { fieldOf, OPERATOR, written } from "./paths.ts";

/** The model of these profile files, as the scenario names them. */
export type ModelSource = (profiles: readonly string[]) => ScenarioModel;

/** A world as its documents say it, before anything is resolved. Documents are never changed in place. */
export interface Documents {
  readonly scenario: unknown;
  readonly topology: unknown;
  /** Names of the files, for messages. */
  readonly files: Readonly<Record<DocumentName, string>>;
  readonly models: ModelSource;
  /** The class of requests that is looked at. */
  readonly classIndex: number;
  /** Whether the scenario says who asks how often; if not, there is one class, without load. */
  readonly hasWorkload: boolean;
  /** What was changed, for messages. */
  readonly changes: readonly string[];
}

/** A world ready for predictions. */
export interface World {
  readonly scenario: Scenario;
  readonly topology: Topology;
  /** Of each class, in the order of the workload. */
  readonly models: readonly ScenarioModel[];
}

/** Loads each model once, however often its world is changed. */
export function modelSource(profile: (file: string) => Profile): ModelSource {
  const known = new Map<string, ScenarioModel>();
  return (files) => {
    const key = files.join("\n");
    let model = known.get(key);
    if (!model) {
      const profiles = files.map(profile);
      model = { model: loadModel(profiles), profiles };
      known.set(key, model);
    }
    return model;
  };
}

/** What stands for the workload of a scenario that has none: a request, on the fastest placement. */
const ONE_REQUEST = { name: "request", placement: "best", arrivals: { rate: 1 } };

/**
 * Takes a scenario and its topology as parsed from YAML.
 *
 * @param className the class of requests to look at; else the first
 * @throws Problem naming file and field
 */
export function openWorld(
  scenario: unknown,
  topology: unknown,
  files: Documents["files"],
  models: ModelSource,
  className?: string,
): Documents {
  const raw = (scenario ?? {}) as { workload?: readonly { name?: string }[] };
  const hasWorkload = Array.isArray(raw.workload) && raw.workload.length > 0;
  const documents: Documents = {
    scenario: hasWorkload ? scenario : { ...raw, workload: [ONE_REQUEST] },
    topology,
    files,
    models,
    classIndex: 0,
    hasWorkload,
    changes: [],
  };
  const { scenario: parsed } = parseWorld(documents);
  if (className === undefined) return documents;
  const names = parsed.workload.map(({ name }, i) => name ?? `request-${i + 1}`);
  const classIndex = names.indexOf(className);
  if (classIndex < 0) throw unknownName("class", className, names);
  return { ...documents, classIndex };
}

/**
 * The world with a field changed.
 *
 * @param value as a file would hold it; null takes the field out
 * @throws Problem when there is no such path; whether the value fits, {@link parseWorld} says
 */
export function setPath(world: Documents, path: string, value: unknown): Documents {
  const changes = [...world.changes, `${path}=${typeof value === "string" ? value : JSON.stringify(value)}`];
  if (path === OPERATOR) return { ...withOperator(world, value), changes };
  const field = fieldOf(world, path);
  return {
    ...world,
    [field.document]: written(world[field.document], field.keys, SCHEMAS[field.document], value),
    changes,
  };
}

/** Operators of the variants among which `operator` chooses; empty where the scenario lists none. */
export function operatorsOf({
  scenario,
}: Documents): { readonly operator: string; readonly profiles: readonly string[] }[] {
  return ((scenario as { variants?: { operator: string; profiles: string[] }[] }).variants ?? []).map(
    ({ operator, profiles }) => ({ operator, profiles }),
  );
}

function withOperator(world: Documents, value: unknown): Documents {
  const variants = operatorsOf(world);
  if (variants.length === 0)
    throw new Problem(`${world.files.scenario}: there is no operator to choose: the scenario lists no variants`);
  const chosen = variants.find(({ operator }) => operator === value);
  if (!chosen)
    throw unknownName(
      "operator",
      String(value),
      variants.map(({ operator }) => operator),
    );
  const scenario = world.scenario as { workload: readonly object[] };
  const workload = scenario.workload.map((one, i) =>
    i === world.classIndex ? { ...one, profiles: chosen.profiles } : one,
  );
  return { ...world, scenario: { ...scenario, workload } };
}

/** @throws Problem naming the file, what was set in it, and the field, in the field's own words */
export function parseWorld(documents: Documents): World {
  const { files, changes, models } = documents;
  const name = (file: string) => (changes.length === 0 ? file : `${file} with ${changes.join(", ")}`);
  const scenario = scenarioSchema.safeParse(documents.scenario);
  if (!scenario.success) throw problemOf(scenario.error, name(files.scenario));
  const topology = topologySchema.safeParse(documents.topology);
  if (!topology.success) throw problemOf(topology.error, name(files.topology));
  return {
    scenario: scenario.data,
    topology: topology.data,
    models: scenario.data.workload.map(({ profiles = scenario.data.profiles }, i) => {
      if (profiles.length > 0) return models(profiles);
      const first = scenario.data.variants?.[0];
      if (first) return models(first.profiles);
      throw new Problem(`${files.scenario}: workload[${i}]: no profiles, neither here nor in the scenario`);
    }),
  };
}
