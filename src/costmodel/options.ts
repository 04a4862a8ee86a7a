import { Problem } from "../formats/problem.ts";
import type { CodecName } from "../formats/profile.ts";
import type { Topology } from "../formats/topology.ts";
import { type CostModel, requireCodec, requireThreads } from "./model.ts";
import { defaultPlacements, parsePlacement, placementName } from "./placement.ts";

/** What to predict; all that the options leave open is predicted. */
export interface PredictOptions {
  /**
   * Placements such as "edge", "mobile>edge" or "mobile>edge>cloud".
   *
   * @default every single tier and every pair
   */
  readonly placements?: readonly string[] | undefined;
  /**
   * "best": the fastest cut that fits, for each placement and codec. "all": every cut. Otherwise a cut's id, or as
   * many as there are links, joined by ">", or a list of these; the default placements are then the pairs.
   *
   * @default "best"
   */
  readonly cuts?: string | readonly string[] | undefined;
  /** @default the topology's codec */
  readonly codecs?: readonly string[] | undefined;
}

/** @throws Problem when the profiles have no costs for one of them */
export function codecsOf(model: CostModel, topology: Topology, asked?: readonly string[]): CodecName[] {
  return (asked ?? [topology.codec]).map((codec) => requireCodec(model, codec));
}

/**
 * The placements asked for, or the default ones that the cuts leave meaningful, as tier indices.
 *
 * @throws Problem when a placement is unknown, goes against the cuts asked for, or has a tier without a profile
 */
export function placementsOf(
  model: CostModel,
  topology: Topology,
  asked: readonly string[] | undefined,
  cuts: string | readonly string[],
): number[][] {
  const named = cuts !== "best" && cuts !== "all";
  const meaningful = ({ length }: readonly number[]) => length - 1 <= model.cuts.length && (length > 1 || !named);
  const all = (asked ?? defaultPlacements(topology)).map((placement) => parsePlacement(topology, placement));
  const placements = asked ? all : all.filter(meaningful);
  for (const tiers of placements) {
    for (const tier of tiers) requireThreads(model, topology.tiers[tier]!);
    if (meaningful(tiers)) continue;
    const name = placementName(topology, tiers);
    throw new Problem(
      tiers.length === 1
        ? `placement "${name}" runs the whole model, so that the cut "${typeof cuts === "string" ? cuts : cuts.join()}" means nothing there`
        : `placement "${name}" needs more cuts than the ${model.cuts.length} of ${model.name}`,
    );
  }
  return placements;
}
