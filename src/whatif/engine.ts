import { Evaluator, type TopologyLeaf } from "../costmodel/index.ts";
import { Problem } from "../formats/problem.ts";
import type { Topology } from "../formats/topology.ts";
import { fieldOf, OPERATOR } from "./paths.ts";
import { type Documents, parseWorld, setPath } from "./world.ts";

/** An input that takes other values from scenario to scenario. */
export interface Input {
  readonly path: string;
  /** The values, as documents hold them; or the ends of a range of numbers, in SI units. */
  readonly values: readonly unknown[] | null;
  readonly from: number;
  readonly to: number;
  /** A number of the range as a document holds it. */
  readonly raw: (amount: number) => unknown;
}

/**
 * Answers what {@link outcomeOf} answers, for many values of some inputs, without parsing documents each time. Inputs
 * that are numbers of the topology are set in place; for each combination of the others (operators, placements, cuts,
 * thread counts …) the documents are parsed once.
 *
 * Which numbers an input is, parsing itself says: it is asked with two values, and what differs in the topology that
 * comes out is the input's. A bandwidth may thus be that of both directions of a link, and a speed that of many tiers.
 */
export class Engine {
  readonly #documents: Documents;
  readonly #inputs: readonly Input[];
  /** Indices of the inputs that choose a combination, and of those that are set in place. */
  readonly #choosing: readonly number[];
  readonly #numeric: readonly number[];
  readonly #combinations = new Map<number, Combination>();

  /** @throws Problem when a path is unknown, a value impossible, or an input means nothing to a request that is alone */
  constructor(documents: Documents, inputs: readonly Input[]) {
    this.#documents = documents;
    this.#inputs = inputs;
    const all = inputs.map((_, i) => i);
    const first = applied(documents, inputs, firstOf);
    // A list of numbers may as well be set in place as a range.
    this.#numeric = all.filter((i) => {
      const input = inputs[i]!;
      const ends = endsOf(input);
      const leaves = ends && leavesOf(first, input, ends);
      if (!leaves || leaves.length === 0) return false;
      // Another value may be of another kind: a burst is a size or a duration.
      return (input.values ?? []).every((value) => {
        const others = leavesOf(first, input, [ends[0], value]);
        return others?.every((leaf) => leaves.some((known) => known.join() === leaf.join()));
      });
    });
    this.#choosing = all.filter((i) => !this.#numeric.includes(i));
    for (const i of this.#choosing) {
      const { path, values } = inputs[i]!;
      if (values && mattersAlone(documents, path)) continue;
      throw new Problem(
        mattersAlone(documents, path)
          ? `${path}: a range of it cannot be followed; list its values`
          : `${path} means nothing to a request that is alone; simulate the load`,
      );
    }
    // Every value is looked at once, with the others at their first.
    for (const { path, values, raw, from, to } of inputs)
      for (const value of values ?? [raw(from), raw(to)]) evaluatorOf(setPath(first, path, value));
  }

  /**
   * @param values of each input: the index into its values, or the number itself where it is a range
   * @returns the evaluator with its answer; undefined where no cut fits the placement
   */
  evaluate(values: ArrayLike<number>): Evaluator | undefined {
    let key = 0;
    for (const i of this.#choosing) key = key * this.#inputs[i]!.values!.length + values[i]!;
    let combination = this.#combinations.get(key);
    if (!combination) {
      combination = this.#prepare(values);
      this.#combinations.set(key, combination);
    }
    const { evaluator, settings } = combination;
    for (let k = 0; k < settings.length; k++) {
      const { input, amounts, setters } = settings[k]!;
      const amount = amounts ? amounts[values[input]!]! : values[input]!;
      for (let s = 0; s < setters.length; s++) setters[s]!(amount);
    }
    return evaluator.evaluate() ? evaluator : undefined;
  }

  #prepare(values: ArrayLike<number>): Combination {
    const at = applied(this.#documents, this.#inputs, (input, i) =>
      this.#choosing.includes(i) ? input.values![values[i]!] : firstOf(input),
    );
    const evaluator = evaluatorOf(at);
    const settings = this.#numeric.map((i) => {
      const input = this.#inputs[i]!;
      const leaves = leavesOf(at, input, endsOf(input)!) ?? [];
      const amounts = input.values
        ? Float64Array.from(input.values, (value) => amountAt(at, input, value, leaves))
        : null;
      return { input: i, amounts, setters: leaves.flatMap((leaf) => evaluator.setter(leaf) ?? []) };
    });
    return { evaluator, settings };
  }
}

function evaluatorOf(documents: Documents): Evaluator {
  const { scenario, topology, models } = parseWorld(documents);
  const { placement, cut, codec } = scenario.workload[documents.classIndex]!;
  const { model } = models[documents.classIndex]!;
  const open = placement === "best";
  return new Evaluator(model, topology, {
    ...(open ? {} : { placements: [placement] }),
    cuts: open || placement.includes(">") ? cut : "best",
    ...(codec === undefined ? {} : { codecs: codec === "best" ? model.codecs : [codec] }),
  });
}

interface Combination {
  readonly evaluator: Evaluator;
  readonly settings: readonly {
    readonly input: number;
    readonly amounts: Float64Array | null;
    readonly setters: readonly ((amount: number) => void)[];
  }[];
}

const firstOf = ({ values, raw, from }: Input): unknown => (values ? values[0] : raw(from));

type Ends = readonly [a: unknown, b: unknown];

/** Two different values of an input; undefined where it has but one. */
function endsOf(input: Input): Ends | undefined {
  if (!input.values) return [input.raw(input.from), input.raw(input.to)];
  const { values } = input;
  return values.length > 1 && values.every((value) => typeof value === "number" || typeof value === "string")
    ? [values[0], values.find((value) => value !== values[0]) ?? values[0]]
    : undefined;
}

function applied(
  documents: Documents,
  inputs: readonly Input[],
  value: (input: Input, i: number) => unknown,
): Documents {
  return inputs.reduce((world, input, i) => setPath(world, input.path, value(input, i)), documents);
}

/**
 * The numbers of the topology that an input is; undefined where it changes anything else. What latency does not depend
 * on, such as a price, is left out.
 */
function leavesOf(at: Documents, input: Input, [a, b]: Ends): TopologyLeaf[] | undefined {
  if (!input.path.startsWith("topology.")) return undefined;
  const [one, other] = [a, b].map((value) => parseWorld(setPath(at, input.path, value)).topology) as [
    Topology,
    Topology,
  ];
  const { tiers, links, ...rest } = one;
  const { tiers: otherTiers, links: otherLinks, ...otherRest } = other;
  if (JSON.stringify(rest) !== JSON.stringify(otherRest)) return undefined;
  const leaves = [...difference("tiers", tiers, otherTiers), ...difference("links", links, otherLinks)];
  const same = (topology: Topology, amount: unknown) =>
    leaves.every((leaf) => SETTABLE.has(leaf[2]) && typeof amount === "number" && numberAt(topology, leaf) === amount);
  const amounts = input.values
    ? [one, other].map((topology) => leaves[0] && numberAt(topology, leaves[0]))
    : [input.from, input.to];
  return leaves.length === 0 || (same(one, amounts[0]) && same(other, amounts[1])) ? leaves : undefined;
}

/** Whether a request that is alone may take another time when this is changed. */
function mattersAlone(documents: Documents, path: string): boolean {
  if (path === OPERATOR) return true;
  const { document, keys } = fieldOf(documents, path);
  if (document === "topology") return true;
  return (
    keys[0] === "workload" &&
    keys[1] === documents.classIndex &&
    ["placement", "cut", "codec"].includes(String(keys[2]))
  );
}

const SETTABLE = new Set([
  "bandwidth_bps",
  "delay_s",
  "burst_bytes",
  "burst_s",
  "speed",
  "memory_bytes",
  "cpu_quota",
  "cpu_period_s",
]);

function difference<List extends "tiers" | "links">(list: List, a: Topology[List], b: Topology[List]): TopologyLeaf[] {
  return a.flatMap((element, i) =>
    Object.entries(element).flatMap(([field, value]) =>
      value === (b[i] as unknown as Record<string, unknown>)[field] ? [] : [[list, i, field] as const],
    ),
  );
}

const numberAt = (topology: Topology, [list, i, field]: TopologyLeaf): unknown =>
  (topology[list][i] as unknown as Record<string, unknown>)[field];

/** What parsing makes of a value; leaves of one input all become the same number. */
function amountAt(at: Documents, input: Input, value: unknown, leaves: readonly TopologyLeaf[]): number {
  return numberAt(parseWorld(setPath(at, input.path, value)).topology, leaves[0]!) as number;
}
