import { type AtomGraph, type CostModel, partitionModel, STATISTICS } from "../costmodel/index.ts";
import type { Profile } from "../formats/profile.ts";
import type { Candidate } from "./candidates.ts";
import type { ClosureGraph } from "./closuregraph.ts";
import { bestCuts, type Limit } from "./cuts.ts";
import type { Measure } from "./measures.ts";

/**
 * Seconds that segments take beyond the whole model's kernels in them, by statistic: as seen at the best cuts along the order that go
 * through no kernel, and none where there are no such cuts.
 */
export function excessOf(
  candidate: Candidate,
  graphs: readonly ClosureGraph[],
  { profile, atoms }: ClosureGraph,
  measure: Measure,
  limits: readonly Limit[],
): number[][] {
  const { variant, ground, forbidden } = candidate;
  const segments = ground.tiers.length;
  const through = boundariesThrough(profile, variant.model, atoms);
  const whole = { ...candidate, forbidden: new Set([...forbidden, ...through]) };
  const reference = bestCuts(whole, measure, limits, undefined);
  if (!reference) return STATISTICS.map(() => ground.tiers.map(() => 0));
  const { boundaries } = reference;
  const labels = orderLabels(profile, variant.model, boundaries);
  const summed = partitionModel(
    variant.model,
    variant.profiles,
    { labels, segments },
    graphs.map((graph) => graph.atoms),
  )!;
  return STATISTICS.map((_, statistic) =>
    ground.tiers.map((tier, k) => {
      const { tables, tier: at } = ground.world.places[tier]!;
      const exact = tables!.segments.inferSeconds(boundaries[k]!, boundaries[k + 1]!, statistic as 0 | 1 | 2);
      const table = summed.tables.find(({ threads }) => threads === at.threads)!;
      return exact - table.segments.inferSeconds(k, k + 1, statistic as 0 | 1 | 2);
    }),
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

/** Numbers of the boundaries on both sides of which some kernel has nodes. */
function boundariesThrough({ cuts, nodes }: Profile, model: CostModel, { atomOf }: AtomGraph): number[] {
  const last = new Map<number, number>();
  for (const [node, atom] of atomOf.entries()) last.set(atom, node);
  // open[p]: kernels with nodes both before position p and from there on.
  const open = new Int32Array(nodes.length + 1);
  const seen = new Set<number>();
  for (const [node, atom] of atomOf.entries()) {
    if (seen.has(atom)) continue;
    seen.add(atom);
    for (let position = node + 1; position <= last.get(atom)!; position++) open[position]!++;
  }
  const positions = new Map(cuts.map(({ id, position }) => [id, position]));
  return model.cuts.flatMap((id, i) => (open[positions.get(id)!]! > 0 ? [i + 1] : []));
}
