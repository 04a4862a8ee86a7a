import { type CostModel, chainCost, crossing, partitionModel, worldOf } from "../costmodel/index.ts";
import type { Profile } from "../formats/profile.ts";
import type { Candidate } from "./candidates.ts";
import type { ClosureGraph } from "./closuregraph.ts";
import { type Found, type Limit, limitCosts } from "./cuts.ts";
import { excessOf } from "./excess.ts";
import { linearCosts, slopesAround } from "./linearcosts.ts";
import { costsOf, type Measure } from "./measures.ts";
import { partition } from "./partition.ts";

/** A candidate whose cuts follow no prefix of the profile's order. */
export interface ClosureFound extends Found {
  /** The cost model of the partition, whose cuts are its seams. */
  readonly model: CostModel;
  /** Number of the segment of each of the profile's nodes. */
  readonly labels: Uint8Array;
}

/**
 * Looks for a cheaper partition than the best cuts along the profile's order among all downward-closed ones, by
 * minimum cuts. All are compared by the whole model's kernels, since boundary kernels of other cuts are not known: only a partition
 * that is cheaper by them than every cut along the order is taken. What the best cuts along the order that go through no kernel
 * are seen to take beyond the whole model's kernels is added to its segments, too.
 *
 * Exact where costs are proportional to work and bytes. Where they are not (quotas, bursts, waits), minimum cuts for
 * proportional costs around the best cuts along the order are tried, and the cheapest by the true costs is taken.
 *
 * @param graphs of the candidate's profiles, in their order
 * @returns undefined where nothing is cheaper than `found`
 */
export function cheaperClosure(
  found: Found,
  graphs: readonly ClosureGraph[],
  measure: Measure,
  limits: readonly Limit[],
): ClosureFound | undefined {
  const { candidate } = found;
  const { ground } = candidate;
  const segments = ground.tiers.length;
  if (segments < 2) return undefined;
  const own = ground.tiers.map((tier) =>
    graphs.find(({ profile }) => profile.settings.threads === ground.world.places[tier]!.tier.threads),
  );
  if (!own.every((graph) => graph !== undefined && graph.dag.nodes === own[0]!.dag.nodes)) return undefined;
  const byTier = own as ClosureGraph[];
  const { profile, dag, series, atoms } = byTier[0]!;
  let excess_s: readonly (readonly number[])[] | undefined;
  let best: ClosureFound | undefined;
  for (const slopes of slopesAround(found, measure)) {
    const ofAtoms = partition(dag, linearCosts(candidate, byTier, slopes), series);
    const labels = Uint8Array.from(atoms.atomOf, (atom) => ofAtoms[atom]!);
    if (!nonEmpty(labels, segments) || followsOrder(labels, profile)) continue;
    excess_s ??= excessOf(candidate, graphs, byTier[0]!, measure, limits);
    const made = evaluate(candidate, graphs, labels, excess_s, measure, limits);
    if (made && made.cost < (best?.cost ?? found.cost) * (1 - 1e-9)) best = made;
  }
  return best;
}

function evaluate(
  candidate: Candidate,
  graphs: readonly ClosureGraph[],
  labels: Uint8Array,
  excess_s: readonly (readonly number[])[],
  measure: Measure,
  limits: readonly Limit[],
): ClosureFound | undefined {
  const { variant, topology, ground, forbidden } = candidate;
  const segments = ground.tiers.length;
  const [profile] = variant.profiles;
  const raw = new Set(profile!.model.inputs);
  if (forbidden.size > 0) {
    for (let seam = 0; seam + 1 < segments; seam++) {
      if (crossing(profile!.edges!, labels, seam).some(({ tensor }) => raw.has(tensor))) return undefined;
    }
  }
  const model = partitionModel(
    variant.model,
    variant.profiles,
    { labels, segments, excess_s },
    graphs.map((graph) => graph.atoms),
  )!;
  const world = worldOf(model, topology);
  const own: Candidate = { ...candidate, ground: { ...ground, world, last: segments }, forbidden: new Set() };
  const boundaries = Array.from({ length: segments + 1 }, (_, i) => i);
  const fits = ground.tiers.every((tier, k) => {
    const { tier: at, tables } = world.places[tier]!;
    return at.memory_bytes === null || tables!.segments.memoryBytes(k, k + 1) <= at.memory_bytes;
  });
  const kept = limits.every((limit) => chainCost(limitCosts(own, limit.measure), boundaries) <= limit.most);
  if (!fits || !kept) return undefined;
  const cost = chainCost(costsOf(measure, own.ground), boundaries);
  return Number.isFinite(cost) ? { candidate: own, boundaries, cost, model, labels } : undefined;
}

function nonEmpty(labels: Uint8Array, segments: number): boolean {
  return new Set(labels).size === segments;
}

/** Whether these are cuts of the profile: then what they cost is known better, and they are not cheaper than the best. */
function followsOrder(labels: Uint8Array, { cuts }: Profile): boolean {
  const positions = new Set(cuts.map(({ position }) => position));
  return labels.every(
    (label, node) => node === 0 || label === labels[node - 1]! || (label > labels[node - 1]! && positions.has(node)),
  );
}
