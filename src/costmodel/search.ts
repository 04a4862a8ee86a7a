import type { CodecName } from "../formats/profile.ts";
import { cheapest } from "./chain.ts";
import type { Environment } from "./environment.ts";
import { PlacementCosts } from "./placementcosts.ts";
import { MEDIAN } from "./segments.ts";
import { latencyOf } from "./sum.ts";

/** What a search found. */
export interface Found {
  readonly boundaries: readonly number[];
  readonly latency_s: number;
  readonly feasible: boolean;
}

/**
 * The fastest cuts of one placement: those that fit in memory before those that do not, then by latency, then the earliest.
 * Undefined where the model has too few cuts.
 */
export function fastest(
  environment: Environment,
  tiers: readonly number[],
  codec: CodecName,
  cuts: number,
): Found | undefined {
  if (tiers.length - 1 > cuts) return undefined;
  const costs = new PlacementCosts(environment, tiers, codec, cuts + 1);
  const fitting = cheapest(costs, (k, a, b) => costs.fits(k, a, b));
  const { boundaries } = fitting ?? cheapest(costs, () => true)!;
  const latency_s = latencyOf(environment, { tiers, boundaries, codec }, MEDIAN);
  return { boundaries, latency_s, feasible: fitting !== undefined };
}
