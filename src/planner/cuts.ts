import { type ChainCosts, cheapest } from "../costmodel/index.ts";
import type { Objective } from "../formats/plan.ts";
import type { Candidate } from "./candidates.ts";
import { busyCosts, costsOf, type Measure } from "./measures.ts";

/** What a choice must keep to, beyond what candidates are left out for. */
export interface Limit {
  readonly measure: Measure;
  readonly most: number;
}

/** What is minimised, and what a choice must keep to. */
export interface Asked<Of extends Objective = Objective> {
  readonly objective: Of;
  readonly limits: readonly Limit[];
  /** Requests a second that the busiest tier and link sustain at least. */
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
  const costs = costsOf(objective === "throughput" ? "latency" : objective, candidate.ground);
  if (objective !== "throughput" && leastThroughput === undefined) {
    const found = cheapest(costs, allowedSegments(candidate), chainLimits);
    return found && { candidate, ...found };
  }
  const busy = busyCosts(candidate.ground);
  const within = (most_s: number) =>
    busy.constant > most_s ? undefined : cheapest(costs, allowedSegments(candidate, busy, most_s), chainLimits);
  const found = within(leastThroughput === undefined ? Number.POSITIVE_INFINITY : 1 / leastThroughput);
  if (!found || objective !== "throughput") return found && { candidate, ...found };
  return leastBusy(candidate, busy, found.boundaries, within);
}

/** Narrows down how short a time on the busiest resource some choice can keep to. */
function leastBusy(
  candidate: Candidate,
  busy: ChainCosts,
  start: readonly number[],
  within: (most_s: number) => { readonly boundaries: readonly number[] } | undefined,
): Found {
  let best = { boundaries: start, cost: busiest(busy, start) };
  let low = busy.constant;
  // Each try either halves the range or finds a choice that is better than its limit.
  for (let tries = 0; tries < 60 && best.cost > low * (1 + 1e-9); tries++) {
    const middle = (low + best.cost) / 2;
    const found = within(middle);
    if (found) best = { boundaries: found.boundaries, cost: busiest(busy, found.boundaries) };
    else low = middle;
  }
  return { candidate, ...best };
}

/** Seconds that one request occupies the busiest tier or link. */
export function busiest(busy: ChainCosts, boundaries: readonly number[]): number {
  let most = busy.constant;
  for (let k = 0; k < busy.segments; k++) {
    most = Math.max(most, busy.segment(k, boundaries[k]!, boundaries[k + 1]!));
    if (k + 1 < busy.segments) most = Math.max(most, busy.seam(k, boundaries[k + 1]!));
  }
  return most;
}

function allowedSegments({ ground, forbidden }: Candidate, busy?: ChainCosts, most_s = Number.POSITIVE_INFINITY) {
  const places = ground.tiers.map((tier) => ground.world.places[tier]!);
  return (k: number, a: number, b: number): boolean => {
    const { tier, tables } = places[k]!;
    if (k > 0 && forbidden.has(a)) return false;
    if (tier.memory_bytes !== null && tables!.segments.memoryBytes(a, b) > tier.memory_bytes) return false;
    if (!busy || most_s === Number.POSITIVE_INFINITY) return true;
    return busy.segment(k, a, b) <= most_s && (k === 0 || busy.seam(k - 1, a) <= most_s);
  };
}
