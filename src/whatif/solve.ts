import { defaultPlacements } from "../costmodel/index.ts";
import { Problem } from "../formats/problem.ts";
import { factsOf } from "./facts.ts";
import { fixedChoices } from "./fields.ts";
import type { Facts, Goal } from "./goal.ts";
import type { LoadOptions } from "./outcome.ts";
import { fieldOf, OPERATOR, read } from "./paths.ts";
import { amountOf, exactAmount, formatAmount, type NumberField, numberField, rawAmount } from "./values.ts";
import { type Documents, operatorsOf, parseWorld, setPath } from "./world.ts";

/** A value at which the condition begins to hold, or ceases to. */
export interface Crossing {
  /** In SI units: the last value on the side where the condition holds. */
  readonly value: number;
  /** As people write it, rounded to the side on which the condition holds: set to this, it does. */
  readonly text: string;
  /** Whether the condition holds from here on as the value grows, or up to here. */
  readonly holds: "from" | "up to";
  /** The figures of the condition there. */
  readonly figures: Readonly<Record<string, number>>;
}

/** Values of a path at which a condition holds. */
export interface Solution {
  readonly path: string;
  readonly until: string;
  /** Where there is a crossing next to the present value, that one; else the present value, as the condition holds there. */
  readonly value: number | string;
  readonly text: string;
  readonly figures: Readonly<Record<string, number>>;
  /** All of them in the range that was searched, in order; empty where the path is a choice. */
  readonly crossings: readonly Crossing[];
  /** Whether the condition holds at the present value. */
  readonly holds_now: boolean;
  readonly searched: { readonly from: number; readonly to: number } | null;
  /** Of a path that is a choice: every value that was tried. */
  readonly choices?: readonly {
    readonly value: string;
    readonly holds: boolean;
    readonly figures: Readonly<Record<string, number>>;
  }[];
}

export interface SolveOptions {
  readonly load: LoadOptions;
  /** Ends of the range to search, in SI units; else several orders of magnitude around the present value. */
  readonly between?: readonly [number, number] | undefined;
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

/** Ranges to search where the present value is 0 or unknown. */
const USUAL: Readonly<Record<string, readonly [number, number]>> = {
  bandwidth: [1e4, 1e11],
  duration: [1e-6, 1e2],
  size: [1, 1e12],
};
/** Orders of magnitude to either side of the present value. */
const DECADES = 3;

/**
 * The values of a path for which a condition holds.
 *
 * A number is looked for on a logarithmic scale: the condition is evaluated at evenly spaced values, and between each two
 * at which it differs the crossing is bisected, to nine digits (four where the load has to be simulated, with the same
 * random numbers everywhere), or to neighbouring whole numbers. Two crossings between neighbouring values stay unseen. A
 * path with a few values only, such as a device, a placement or a codec, is tried at all of them.
 *
 * @throws Problem when the condition holds nowhere, with the value that comes nearest
 */
export function solve(documents: Documents, path: string, goal: Goal, options: SolveOptions): Solution {
  const looked = new Map<unknown, Facts>();
  const factsAt = (raw: unknown): Facts => {
    let facts = looked.get(raw);
    if (!facts) {
      facts = factsOf(setPath(documents, path, raw), options.load);
      looked.set(raw, facts);
    }
    return facts;
  };
  const field = path === OPERATOR ? undefined : fieldOf(documents, path);
  const present = field && read(documents, field);
  const number = field && numberField(field, present);
  if (!field || !number) return solveChoice(documents, path, goal, factsAt);

  const now = amountOf(field, present);
  const [from, to] = rangeOf(number, now, options.between, path);
  const grid = gridOf(number, from, to, goal.needsLoad ? 13 : 121);
  const facts = (amount: number) => factsAt(rawAmount(field, number.kind, amount));
  const holds = grid.map((amount, i) => {
    options.onProgress?.(i, grid.length);
    return goal.holds(facts(amount));
  });
  const crossings: Crossing[] = [];
  for (let i = 1; i < grid.length; i++) {
    if (holds[i] === holds[i - 1]) continue;
    const value = bisect(grid[i - 1]!, grid[i]!, holds[i]!, number.integer, goal.needsLoad ? 1e-4 : 1e-9, (amount) =>
      goal.holds(facts(amount)),
    );
    const side = holds[i] ? "from" : "up to";
    crossings.push({
      value,
      text: textOf(number, value, side, (amount) => goal.holds(facts(amount))),
      holds: side,
      figures: goal.figures(facts(value)),
    });
  }
  const holdsNow = goal.holds(factsOf(documents, options.load));
  if (crossings.length === 0 && !holds[0]) throw unreachable(path, goal, grid, facts, number, [from, to]);
  const nearest = crossings.toSorted((a, b) => distance(a.value, now) - distance(b.value, now))[0];
  const value = nearest?.value ?? now ?? from;
  return {
    path,
    until: goal.text,
    value,
    text: nearest?.text ?? formatAmount(number.kind, value),
    figures: nearest?.figures ?? goal.figures(facts(value)),
    crossings,
    holds_now: holdsNow,
    searched: { from, to },
  };
}

/** Three digits where they will do, and else all. */
function textOf(
  { kind, integer }: NumberField,
  value: number,
  side: Crossing["holds"],
  holds: (amount: number) => boolean,
) {
  if (integer) return String(value);
  const unit = 10 ** (Math.floor(Math.log10(value)) - 2);
  const rounded = Number(((side === "from" ? Math.ceil : Math.floor)(value / unit) * unit).toPrecision(3));
  return holds(rounded) ? formatAmount(kind, rounded) : exactAmount(kind, value);
}

const distance = (a: number, b: number | undefined): number =>
  b === undefined || b <= 0 ? a : Math.abs(Math.log(a / b));

function rangeOf(
  { kind, integer, least, most }: NumberField,
  now: number | undefined,
  between: readonly [number, number] | undefined,
  path: string,
): readonly [number, number] {
  if (between) {
    const [from, to] = between;
    if (!(from > 0 && to > from))
      throw new Problem(`--between: the range of ${path} must begin above 0 and end above that`);
    return between;
  }
  const usual = USUAL[kind ?? ""] ?? [1e-3, 1e3];
  const range = now === undefined || now <= 0 ? usual : [now / 10 ** DECADES, now * 10 ** DECADES];
  return [Math.max(integer ? 1 : range[0]!, least), Math.min(integer ? Math.max(1024, now ?? 0) : range[1]!, most)];
}

function gridOf({ integer }: NumberField, from: number, to: number, points: number): number[] {
  const logs = Array.from({ length: points }, (_, i) =>
    i === 0 ? from : i === points - 1 ? to : from * (to / from) ** (i / (points - 1)),
  );
  return integer ? [...new Set(logs.map(Math.round))] : logs;
}

/** The value next to the crossing on the side where the condition holds. */
function bisect(
  low: number,
  high: number,
  holdsHigh: boolean,
  integer: boolean,
  precision: number,
  holds: (amount: number) => boolean,
): number {
  let [a, b] = [low, high];
  while (integer ? b - a > 1 : b / a - 1 > precision) {
    const middle = integer ? Math.floor((a + b) / 2) : Math.sqrt(a * b);
    if (middle <= a || middle >= b) break;
    if (holds(middle) === holdsHigh) b = middle;
    else a = middle;
  }
  return holdsHigh ? b : a;
}

function unreachable(
  path: string,
  goal: Goal,
  grid: readonly number[],
  facts: (amount: number) => Facts,
  { kind }: NumberField,
  [from, to]: readonly [number, number],
): Problem {
  const nearest = grid
    .map((amount) => ({ amount, shortfall: goal.shortfall(facts(amount)) }))
    .reduce((a, b) => (b.shortfall < a.shortfall ? b : a));
  return new Problem(
    `${goal.text} holds for no ${path} from ${formatAmount(kind, from)} to ${formatAmount(kind, to)}; nearest: ` +
      `${formatAmount(kind, nearest.amount)} gives ${describe(goal.figures(facts(nearest.amount)))}` +
      `${reasonOf(goal, facts(nearest.amount))}. --between searches another range`,
  );
}

/** Why figures under load are infinite, where they are. */
function reasonOf(goal: Goal, facts: Facts): string {
  if (!goal.needsLoad || Object.values(goal.figures(facts)).every(Number.isFinite)) return "";
  const { overloaded, failed } = facts.loaded();
  if (overloaded.length > 0) return `, as ${overloaded.join(" and ")} cannot do all the work that comes`;
  return `, as ${(100 * failed).toFixed(1)} % of the requests are rejected or given up`;
}

const describe = (figures: Readonly<Record<string, number>>): string =>
  Object.entries(figures)
    .map(([name, value]) => `${name} = ${Number(value.toPrecision(4))}`)
    .join(", ");

/** Tries every value of a path that has so many only. */
function solveChoice(documents: Documents, path: string, goal: Goal, factsAt: (raw: unknown) => Facts): Solution {
  const tried: { value: string; holds: boolean; figures: Readonly<Record<string, number>>; shortfall: number }[] = [];
  const refused: string[] = [];
  for (const raw of choicesOf(documents, path)) {
    try {
      const facts = factsAt(raw);
      tried.push({
        value: String(raw),
        holds: goal.holds(facts),
        figures: goal.figures(facts),
        shortfall: goal.shortfall(facts),
      });
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      refused.push(error.message);
    }
  }
  const ranked = tried.toSorted((a, b) => Number(b.holds) - Number(a.holds) || a.shortfall - b.shortfall);
  const [best] = ranked;
  if (!best) throw new Problem(`${path}: no value can be tried: ${refused[0] ?? "there is none"}`);
  if (!best.holds)
    throw new Problem(
      `${goal.text} holds for no ${path} of ${tried.map(({ value }) => value).join(", ")}; nearest: ${best.value} gives ${describe(best.figures)}${reasonOf(goal, factsAt(best.value))}`,
    );
  return {
    path,
    until: goal.text,
    value: best.value,
    text: best.value,
    figures: best.figures,
    crossings: [],
    holds_now: goal.holds(
      factsAt(path === OPERATOR ? best.value : (read(documents, fieldOf(documents, path)) ?? best.value)),
    ),
    searched: null,
    choices: ranked.map(({ value, holds, figures }) => ({ value, holds, figures })),
  };
}

/** The values that a path without numbers can have. */
export function choicesOf(documents: Documents, path: string): readonly unknown[] {
  const { topology, models, scenario } = parseWorld(documents);
  if (path === OPERATOR) return operatorsOf(documents).map(({ operator }) => operator);
  const { document, keys, schema } = fieldOf(documents, path);
  const name = keys.at(-1);
  const { model } = models[documents.classIndex]!;
  if (document === "scenario" && keys[0] === "workload") {
    if (name === "placement") return defaultPlacements(topology);
    if (name === "codec") return model.codecs;
    if (name === "cut" && scenario.workload[documents.classIndex]!.placement.includes(">")) return model.cuts;
  }
  if (document === "topology") {
    if (name === "device") return Object.keys({ host: 0, ...(documents.topology as { devices?: object }).devices });
    if (name === "enters") return topology.tiers.map((tier) => tier.name);
  }
  const fixed = fixedChoices(schema);
  if (fixed.length > 0) return fixed;
  throw new Problem(`${path} is neither a number nor a choice of a few values; it cannot be solved for`);
}
