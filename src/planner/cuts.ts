import { type ChainCosts, cheapest } from "../costmodel/index.ts";
import type { Objective } from "../formats/plan.ts";
import type { Candidate } from "./candidates.ts";
import { costsOf, type Measure } from "./measures.ts";
import { busiest, type Occupancy, occupanciesOf } from "./occupancy.ts";

/** What a choice must keep to, beyond what candidates are left out for. */
export interface Limit {
  readonly measure: Measure;
  readonly most: number;
}

/** What is minimised, and what a choice must keep to. */
export interface Asked<Of extends Objective = Objective> {
  readonly objective: Of;
  readonly limits: readonly Limit[];
  /** Requests a second that all that they occupy sustains at least. */
  readonly leastThroughput: number | undefined;
}

/** A candidate with its best cuts along the profile's order. */
export interface Found {
  readonly candidate: Candidate;
  readonly boundaries: readonly number[];
  /** What is minimised: the objective, or for throughput the seconds that a request occupies the busiest resource. */
  readonly cost: number;
}

/** A limit is of a request that is alone: what waiting adds is for the simulator to say. */
export function limitCosts({ ground }: Candidate, measure: Measure): ChainCosts {
  return costsOf(measure, measure === "latency" ? { ...ground, rate: undefined } : ground);
}

/**
 * The best cuts of a candidate along the profile's order, within the limits, memory, and a least throughput.
 *
 * @returns undefined where none keeps to them
 */
export function bestCuts(candidate: Candidate, { objective, limits, leastThroughput }: Asked): Found | undefined {
  const chainLimits = limits.map(({ measure, most }) => ({ costs: limitCosts(candidate, measure), most }));
  // How many requests a choice could answer does not hang on how many come, and waits have no part in it.
  const costs = objective === "throughput" ? limitCosts(candidate, "latency") : costsOf(objective, candidate.ground);
  if (objective !== "throughput" && leastThroughput === undefined) {
    const found = cheapest(costs, allowedSegments(candidate), chainLimits);
    return found && { candidate, ...found };
  }
  const occupancies = occupanciesOf(candidate.ground);
  const within = (most_s: number) => {
    if (occupancies.some(({ costs }) => costs.constant > most_s)) return undefined;
    const shared = occupancies.filter(({ segments, seams }) => segments.length + seams.length > 1);
    const sums = shared.map((one) => ({ costs: one.costs, most: most_s }));
    return cheapest(costs, allowedSegments(candidate, occupancies, most_s), [...chainLimits, ...sums]);
  };
  const found = within(leastThroughput === undefined ? Number.POSITIVE_INFINITY : 1 / leastThroughput);
  if (!found || objective !== "throughput") return found && { candidate, ...found };
  return leastBusy(candidate, occupancies, found.boundaries, within);
}

/** Narrows down how short a time on the busiest resource some choice can keep to. */
function leastBusy(
  candidate: Candidate,
  occupancies: readonly Occupancy[],
  start: readonly number[],
  within: (most_s: number) => { readonly boundaries: readonly number[] } | undefined,
): Found {
  const costOf = (boundaries: readonly number[]) => busiest(occupancies, boundaries)?.seconds ?? 0;
  let best = { boundaries: start, cost: costOf(start) };
  let low = Math.max(0, ...occupancies.map(({ costs }) => costs.constant));
  // Each try either halves the range or finds a choice that is better than its limit.
  for (let tries = 0; tries < 60 && best.cost > low * (1 + 1e-9); tries++) {
    const middle = (low + best.cost) / 2;
    const found = within(middle);
    if (found) best = { boundaries: found.boundaries, cost: costOf(found.boundaries) };
    else low = middle;
  }
  return { candidate, ...best };
}

/** @param most_s of anything that one request occupies */
function allowedSegments(
  { ground, forbidden }: Candidate,
  occupancies: readonly Occupancy[] = [],
  most_s = Number.POSITIVE_INFINITY,
) {
  const places = ground.tiers.map((tier) => ground.environment.places[tier]!);
  const of = (which: "segments" | "seams") =>
    places.map((_, k) => occupancies.filter((one) => one[which].includes(k)).map(({ costs }) => costs));
  const [segments, seams] = [of("segments"), of("seams")];
  return (k: number, a: number, b: number): boolean => {
    const { tier, tables } = places[k]!;
    if (k > 0 && forbidden.has(a)) return false;
    if (tier.memory_bytes !== null && tables!.segments.memoryBytes(a, b) > tier.memory_bytes) return false;
    if (most_s === Number.POSITIVE_INFINITY) return true;
    return (
      segments[k]!.every((costs) => costs.constant + costs.segment(k, a, b) <= most_s) &&
      (k === 0 || seams[k - 1]!.every((costs) => costs.constant + costs.seam(k - 1, a) <= most_s))
    );
  };
}
