import { predict } from "../costmodel/index.ts";
import type { Prediction, Stage } from "../formats/prediction.ts";
import { Problem } from "../formats/problem.ts";
import { compileScenario, type Estimate, simulate } from "../simulator/index.ts";
import type { Documents, World } from "./world.ts";
import { parseWorld } from "./world.ts";

/** Which stages each part of a latency is made of. */
export const PARTS = {
  compute_s: ["infer"],
  network_s: ["transfer", "relay"],
  coding_s: ["encode", "decode"],
  load_s: ["load"],
} as const satisfies Record<string, readonly Stage["stage"][]>;
export type Part = keyof typeof PARTS;

/** What one request of a class takes when it is alone. */
export interface Outcome extends Readonly<Record<Part, number>> {
  readonly operator: string;
  readonly placement: string;
  readonly cut: string | null;
  readonly codec: string;
  readonly latency_s: number;
  /** Ends of the interval that the profile's sampling error leaves. */
  readonly low_s: number;
  readonly high_s: number;
  /** On all links, there and back. */
  readonly bytes: number;
  readonly feasible: boolean;
  readonly infeasible_because?: string;
  readonly stages: readonly Stage[];
}

/** What the same request takes under the scenario's load. */
export interface LoadedOutcome {
  readonly mean_s: Estimate;
  readonly p50_s: Estimate;
  readonly p95_s: Estimate;
  readonly p99_s: Estimate;
  /** Answers of all classes per second. */
  readonly throughput: number;
  /** By station. */
  readonly utilisation: Readonly<Record<string, number>>;
  readonly overloaded: readonly string[];
  /** Share of the class's requests that were rejected or given up. */
  readonly failed: number;
  /** Whether the class passes an overloaded station, or one of an overloaded host, so that its latency grows as long as requests come. */
  readonly diverges: boolean;
  readonly settled: boolean;
  readonly requests: number;
  readonly seed: number;
}

/** What to look at in place of what the class says. */
export interface Instead {
  readonly placement?: string;
  readonly cut?: string;
}

/**
 * The unloaded outcome of the class that is looked at: of the fastest placement, cut and codec among those that it
 * leaves open with `best`.
 *
 * @throws Problem as parsing and predicting do
 */
export function outcomeOf(documents: Documents, world: World = parseWorld(documents), instead: Instead = {}): Outcome {
  const { placement, cut, codec } = { ...world.scenario.workload[documents.classIndex]!, ...instead };
  const { model, profiles } = world.models[documents.classIndex]!;
  const open = placement === "best";
  const [best] = predict(model, world.topology, {
    ...(open ? {} : { placements: [placement] }),
    // A cut that is named means nothing where one tier runs the whole model.
    cuts: open || placement.includes(">") ? cut : "best",
    ...(codec === undefined ? {} : { codecs: codec === "best" ? model.codecs : [codec] }),
  });
  if (!best) throw new Problem(`no cut of ${model.name} fits the placement ${placement}`);
  return { operator: profiles[0]!.model.operator, ...parts(best) };
}

function parts({ latency_s, low_s, high_s, placement, cut, codec, stages, feasible, ...rest }: Prediction) {
  const sum = (names: readonly string[]) =>
    stages.reduce((total, { stage, seconds }) => (names.includes(stage) ? total + seconds : total), 0);
  return {
    placement,
    cut,
    codec,
    latency_s,
    low_s,
    high_s,
    compute_s: sum(PARTS.compute_s),
    network_s: sum(PARTS.network_s),
    coding_s: sum(PARTS.coding_s),
    load_s: sum(PARTS.load_s),
    bytes: rest.transferred_bytes,
    feasible,
    ...(rest.infeasible_because === undefined ? {} : { infeasible_because: rest.infeasible_because }),
    stages,
  };
}

/** How to simulate. The same seed gives the same random numbers in every world that is compared (common random numbers). */
export interface LoadOptions {
  readonly seed: number;
  /** Else the scenario's. */
  readonly requests?: number | undefined;
}

/**
 * The loaded outcome of the class that is looked at, simulated.
 *
 * @throws Problem when the world cannot be simulated
 */
export function loadedOutcomeOf(documents: Documents, world: World, { seed, requests }: LoadOptions): LoadedOutcome {
  // Classes that leave their placement open are simulated where one request alone is fastest.
  const workload = world.scenario.workload.map((one, classIndex) => {
    if (one.placement !== "best" && one.codec !== "best") return one;
    const { placement, cut, codec } = outcomeOf({ ...documents, classIndex }, world);
    return { ...one, placement, cut: cut ?? "best", codec };
  });
  const { network, classes } = compileScenario({ ...world.scenario, workload }, world.topology, world.models);
  const outcome = simulate(network, { seed, requests: requests ?? world.scenario.requests });
  const { name } = classes[documents.classIndex]!;
  const { latency, arrived, completed } = outcome.classes[name]!;
  const { p50, p95, p99 } = latency.percentiles;
  return {
    mean_s: latency.mean,
    p50_s: p50!,
    p95_s: p95!,
    p99_s: p99!,
    throughput: outcome.throughput,
    utilisation: Object.fromEntries(
      Object.entries(outcome.stations).map(([name, station]) => [name, station.utilisation]),
    ),
    overloaded: outcome.overloaded,
    failed: arrived > 0 ? Math.max(0, 1 - completed / arrived) : 0,
    diverges: network.classes[name]!.route.some(({ station }) =>
      [station, network.stations[station]!.host ?? ""].some((one) => outcome.overloaded.includes(one)),
    ),
    settled: latency.settled,
    requests: outcome.requests,
    seed: outcome.seed,
  };
}
