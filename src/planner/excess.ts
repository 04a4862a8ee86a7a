import { type CostModel, HIGH, LOW, MEDIAN, partitionSegments } from "../costmodel/index.ts";
import type { Profile } from "../formats/profile.ts";
import type { ClosureGraph } from "./closuregraph.ts";
import { type Asked, bestCuts, type Found } from "./cuts.ts";

/**
 * Seconds that segments take beyond the whole model's kernels in them, by statistic: as seen at the best cuts along the order that go
 * through no kernel, and none where there are no such cuts.
 */
export function excessOf(
  found: Found,
  graphs: readonly ClosureGraph[],
  { profile, through }: ClosureGraph,
  asked: Asked,
): number[][] {
  const { candidate } = found;
  const { variant, ground, forbidden } = candidate;
  const segments = ground.tiers.length;
  const whole = { ...candidate, forbidden: new Set([...forbidden, ...through]) };
  const reference = through.length === 0 ? found : bestCuts(whole, asked);
  if (!reference) return [MEDIAN, LOW, HIGH].map(() => ground.tiers.map(() => 0));
  const { boundaries } = reference;
  const labels = orderLabels(profile, variant.model, boundaries);
  const tables = ground.tiers.map((tier) => {
    const { tables: exact, tier: at } = ground.environment.places[tier]!;
    const own = graphs.find((graph) => graph.profile.settings.threads === at.threads)!;
    return { exact: exact!.segments, summed: partitionSegments(own.profile, own.atoms, { labels, segments }) };
  });
  return ([MEDIAN, LOW, HIGH] as const).map((statistic) =>
    tables.map(
      ({ exact, summed }, k) =>
        exact.inferSeconds(boundaries[k]!, boundaries[k + 1]!, statistic) - summed.inferSeconds(k, k + 1, statistic),
    ),
  );
}

/** The labels of cuts along the profile's order. */
function orderLabels({ cuts, nodes }: Profile, { cuts: ids }: CostModel, boundaries: readonly number[]): Uint8Array {
  const positions = boundaries.slice(1, -1).map((boundary) => {
    const id = ids[boundary - 1]!;
    return cuts.find((cut) => cut.id === id)!.position;
  });
  return Uint8Array.from(nodes, (_, node) => positions.filter((position) => position <= node).length);
}
