import { type CostModel, chainCost, crossing, environmentOf, partitionModel } from "../costmodel/index.ts";
import type { Profile } from "../formats/profile.ts";
import type { Candidate } from "./candidates.ts";
import type { ClosureGraph } from "./closuregraph.ts";
import { type Asked, type Found, limitCosts } from "./cuts.ts";
import type { Dag, PartitionCosts } from "./dag.ts";
import { excessOf } from "./excess.ts";
import { linearCosts, slopesAround } from "./linearcosts.ts";
import { costsOf, type Ground, type Measure } from "./measures.ts";
import { busiest, occupanciesOf } from "./occupancy.ts";
import { partition } from "./partition.ts";

/** A candidate whose cuts follow no prefix of the profile's order. */
export interface ClosureFound extends Found {
  /** The cost model of the partition, whose cuts are its seams. */
  readonly model: CostModel;
  /** Number of the segment of each of the profile's nodes. */
  readonly labels: Uint8Array;
}

/** Nodes of a block that takes longer to divide than it takes to see whether any partition can be good enough. */
const LARGE_BLOCK = 50;

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
 * @param toBeat of a latency: no search is made where every partition is seen to take as long or longer
 * @returns undefined where nothing is cheaper than `found`
 */
export function cheaperClosure(
  found: Found,
  graphs: readonly ClosureGraph[],
  asked: Asked<Measure>,
  toBeat = Number.POSITIVE_INFINITY,
): ClosureFound | "hopeless" | undefined {
  const { candidate } = found;
  const { ground } = candidate;
  const segments = ground.tiers.length;
  if (segments < 2) return undefined;
  const own = ground.tiers.map((tier) =>
    graphs.find(({ profile }) => profile.settings.threads === ground.environment.places[tier]!.tier.threads),
  );
  if (!own.every((graph) => graph !== undefined && graph.dag.nodes === own[0]!.dag.nodes)) return undefined;
  const byTier = own as ClosureGraph[];
  const { profile, dag, series, atoms } = byTier[0]!;
  let known: readonly (readonly number[])[] | undefined;
  const excess_s = () => {
    known ??= excessOf(found, graphs, byTier[0]!, asked);
    return known;
  };
  const tried = slopesAround(found, asked.objective).map((slopes) => linearCosts(candidate, byTier, slopes));
  // A single one means that costs are proportional, and that it bounds them.
  const isBounded = asked.objective === "latency" && tried.length === 1;
  if (isBounded && series.blocks.some(({ nodes }) => nodes.length > LARGE_BLOCK)) {
    if (leastPossible(ground, dag, tried[0]!, excess_s()[0]!) >= toBeat) return "hopeless";
  }
  let best: ClosureFound | undefined;
  for (const costs of tried) {
    const ofAtoms = partition(dag, costs, series);
    const labels = Uint8Array.from(atoms.atomOf, (atom) => ofAtoms[atom]!);
    if (!nonEmpty(labels, segments) || followsOrder(labels, profile)) continue;
    const made = evaluate(candidate, graphs, labels, excess_s(), asked);
    if (made && made.cost < (best?.cost ?? found.cost) * (1 - 1e-9)) best = made;
  }
  return best;
}

/**
 * Seconds below which no partition without empty segments can be: every kernel where it is quickest, over each seam the tensor that is
 * sent most quickly, and the links' delays.
 */
function leastPossible(
  ground: Ground,
  { flows, nodes }: Dag,
  { node, flow }: PartitionCosts,
  excess_s: readonly number[],
): number {
  const { environment, tiers } = ground;
  // What takes nothing, such as a source of random numbers, may begin a segment without anything being sent.
  const everyAtomIsFed = new Set(flows.flatMap(({ consumers }) => consumers)).size === nodes;
  let sum = costsOf("latency", ground).constant;
  for (const [k, tier] of tiers.entries()) sum += excess_s[k]! / environment.places[tier]!.tier.speed;
  for (let atom = 0; atom < nodes; atom++) {
    let least = Number.POSITIVE_INFINITY;
    for (const part of node) least = Math.min(least, part[atom]!);
    sum += least;
  }
  for (const [k, sent] of flow.entries()) {
    const delay_s = environment.ways[tiers[k]!]![tiers[k + 1]!]!.reduce((total, { link }) => total + link.delay_s, 0);
    sum += delay_s + (everyAtomIsFed ? leastOf(sent) : 0);
  }
  return sum;
}

function leastOf(values: ArrayLike<number>): number {
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < values.length; i++) least = Math.min(least, values[i]!);
  return least;
}

function evaluate(
  candidate: Candidate,
  graphs: readonly ClosureGraph[],
  labels: Uint8Array,
  excess_s: readonly (readonly number[])[],
  { objective, limits, leastThroughput }: Asked<Measure>,
): ClosureFound | undefined {
  const { variant, topology, ground, forbidden } = candidate;
  const segments = ground.tiers.length;
  const [profile] = variant.profiles;
  const raw = new Set(profile!.model.inputs);
  if (forbidden.size > 0) {
    for (let seam = 0; seam + 1 < segments; seam++) {
      if (crossing(profile!, labels, seam).some(({ tensor }) => raw.has(tensor))) return undefined;
    }
  }
  const model = partitionModel(
    variant.model,
    variant.profiles,
    { labels, segments, excess_s },
    graphs.map((graph) => graph.atoms),
  )!;
  const environment = environmentOf(model, topology);
  const own: Candidate = { ...candidate, ground: { ...ground, environment, last: segments }, forbidden: new Set() };
  const boundaries = Array.from({ length: segments + 1 }, (_, i) => i);
  const fits = ground.tiers.every((tier, k) => {
    const { tier: at, tables } = environment.places[tier]!;
    return at.memory_bytes === null || tables!.segments.memoryBytes(k, k + 1) <= at.memory_bytes;
  });
  const kept = limits.every((limit) => chainCost(limitCosts(own, limit.measure), boundaries) <= limit.most);
  const occupied = leastThroughput === undefined ? null : busiest(occupanciesOf(own.ground), boundaries);
  const sustained = !occupied || occupied.seconds <= 1 / leastThroughput!;
  if (!fits || !kept || !sustained) return undefined;
  const cost = chainCost(costsOf(objective, own.ground), boundaries);
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
