import {
  type AtomGraph,
  atomGraph,
  type CostModel,
  chainCost,
  crossing,
  messageCosts,
  type Pricing,
  partitionModel,
  STATISTICS,
  worldOf,
} from "../costmodel/index.ts";
import type { Profile } from "../formats/profile.ts";
import type { Candidate } from "./candidates.ts";
import { bestCuts, type Found, type Limit, limitCosts } from "./cuts.ts";
import { costsOf, type Ground, linksOf, type Measure, pricingOf } from "./measures.ts";
import { type Dag, type PartitionCosts, partition } from "./partition.ts";
import { addsUp } from "./pricing.ts";

/** A candidate whose cuts follow no prefix of the profile's order. */
export interface ClosureFound extends Found {
  /** The cost model of the partition, whose cuts are its seams. */
  readonly model: CostModel;
  /** Number of the segment of each of the profile's nodes. */
  readonly labels: Uint8Array;
}

/** What the search over all cuts needs of a profile; taken once per profile. */
export interface ClosureGraph {
  readonly profile: Profile;
  readonly atoms: AtomGraph;
  readonly dag: Dag;
  /** By codec: what messages of nothing and of each flow's tensor alone come to. */
  readonly messages: ReturnType<typeof messageCosts>;
}

/** @returns undefined where the profile does not know its graph's edges */
export function closureGraph(profile: Profile): ClosureGraph | undefined {
  const atoms = atomGraph(profile);
  if (!atoms) return undefined;
  const tensors = [[], ...atoms.flows.map(({ tensor }) => [tensor])];
  const messages = messageCosts(
    profile,
    tensors.map((own) => ({ tensors: own })),
  );
  return { profile, atoms, dag: { nodes: atoms.nodes, flows: atoms.flows }, messages };
}

/**
 * Looks for a cheaper partition than the best cuts along the profile's order among all downward-closed ones, by a minimum
 * cut. All are compared by the whole model's kernels, since boundary kernels of other cuts are not known: only a partition
 * that is cheaper by them than every cut along the order is taken. What the best cuts along the order that go through no kernel
 * are seen to take beyond the whole model's kernels is added to its segments, too.
 *
 * Exact where costs are proportional to work and bytes. Where they are not (quotas, bursts, waits), minimum cuts for
 * proportional costs around the best cuts along the order are tried, and the cheapest by the true costs is taken.
 *
 * @param graphs of the candidate's profiles, in their order
 * @param toBeat no search is made where every partition costs that much or more
 * @returns undefined where nothing is cheaper than `found`
 */
export function cheaperClosure(
  found: Found,
  graphs: readonly ClosureGraph[],
  measure: Measure,
  limits: readonly Limit[],
  toBeat = Number.POSITIVE_INFINITY,
): ClosureFound | "hopeless" | undefined {
  const { candidate } = found;
  const { ground } = candidate;
  const segments = ground.tiers.length;
  if (segments < 2) return undefined;
  const own = ground.tiers.map((tier) =>
    graphs.find(({ profile }) => profile.settings.threads === ground.world.places[tier]!.tier.threads),
  );
  if (!own.every((graph) => graph !== undefined && graph.dag.nodes === own[0]!.dag.nodes)) return undefined;
  const byTier = own as ClosureGraph[];
  const { profile, dag, atoms } = byTier[0]!;
  const excess_s = excessOf(candidate, graphs, byTier[0]!, measure, limits);
  const tried = slopesAround(found, measure).map((slopes) => linearCosts(candidate, byTier, slopes));
  // A single one means that costs are proportional, and that it bounds them.
  const [only] = tried;
  if (measure === "latency" && tried.length === 1 && leastPossible(ground, dag, only!, excess_s[0]!) >= toBeat) {
    return "hopeless";
  }
  let best: ClosureFound | undefined;
  for (const costs of tried) {
    const ofAtoms = partition(dag, costs);
    const labels = Uint8Array.from(atoms.atomOf, (atom) => ofAtoms[atom]!);
    if (!nonEmpty(labels, segments) || followsOrder(labels, profile)) continue;
    const made = evaluate(candidate, graphs, labels, excess_s, measure, limits);
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
  const { world, tiers } = ground;
  // What takes nothing, such as a source of random numbers, may begin a segment without anything being sent.
  const everyAtomIsFed = new Set(flows.flatMap(({ consumers }) => consumers)).size === nodes;
  let sum = costsOf("latency", ground).constant;
  for (const [k, tier] of tiers.entries()) sum += excess_s[k]! / world.places[tier]!.tier.speed;
  for (let atom = 0; atom < node[0]!.length; atom++) sum += Math.min(...node.map((part) => part[atom]!));
  for (const [k, sent] of flow.entries()) {
    const delay_s = world.ways[tiers[k]!]![tiers[k + 1]!]!.reduce((total, { link }) => total + link.delay_s, 0);
    sum += delay_s + (everyAtomIsFed ? Math.min(...Array.from(sent)) : 0);
  }
  return sum;
}

/** The labels of cuts along the profile's order. */
function orderLabels({ cuts, nodes }: Profile, { cuts: ids }: CostModel, boundaries: readonly number[]): Uint8Array {
  const positions = boundaries.slice(1, -1).map((boundary) => {
    const id = ids[boundary - 1]!;
    return cuts.find((cut) => cut.id === id)!.position;
  });
  return Uint8Array.from(nodes, (_, node) => positions.filter((position) => position <= node).length);
}

/**
 * Seconds that segments take beyond the whole model's kernels in them, by statistic: as seen at the best cuts along the order that go
 * through no kernel, and none where there are no such cuts.
 */
function excessOf(
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

/** What a second of work on each segment's tier and a byte over each seam cost, in the measure's unit. */
interface Slopes {
  /** By segment: a second of one thread, and of inference on all threads, of the tier's device. */
  readonly single: readonly number[];
  readonly infer: readonly number[];
  /** By seam. */
  readonly byte: readonly number[];
}

/** Proportional costs: those at the best cuts along the order, of the next second and byte, and without bursts. */
function slopesAround({ candidate, boundaries }: Found, measure: Measure): Slopes[] {
  const { ground } = candidate;
  const pricing = pricingOf(measure, ground);
  const { world, tiers, codec } = ground;
  const at = (share: number): Slopes => ({
    single: tiers.map((_, k) => workSlope(pricing, ground, k, boundaries, 1, share)),
    infer: tiers.map((tier, k) => workSlope(pricing, ground, k, boundaries, world.places[tier]!.tier.threads, share)),
    byte: tiers.slice(1).map((tier, k) => {
      const { bytes } = world.places[tiers[k]!]!.coding.messages.get(codec)!;
      return byteSlope(pricing, ground, tiers[k]!, tier, bytes[boundaries[k + 1]!]!, share);
    }),
  });
  const links = linksOf(world, tiers).map(({ link }) => link);
  const proportional = ground.rate === undefined && addsUp(candidate.topology, tiers, links);
  return proportional ? [at(1)] : [at(1), at(0.05)];
}

/** Cost of a second of work: over the last `share` of the work that the segment has at the best cuts along the order. */
function workSlope(
  pricing: Pricing,
  { world, tiers }: Ground,
  k: number,
  boundaries: readonly number[],
  threads: number,
  share: number,
): number {
  const place = world.places[tiers[k]!]!;
  const wall_s = place.tables!.segments.inferSeconds(boundaries[k]!, boundaries[k + 1]!, 0) / place.tier.speed;
  if (wall_s <= 0) return 0;
  const rest = wall_s * (1 - share);
  const slope =
    (pricing.work(place, wall_s * threads, wall_s) - pricing.work(place, rest * threads, rest)) / (wall_s - rest);
  return Number.isFinite(slope) ? Math.max(0, slope) : 0;
}

function byteSlope(
  pricing: Pricing,
  { world }: Ground,
  from: number,
  to: number,
  bytes: number,
  share: number,
): number {
  const size = Math.max(1, bytes);
  const rest = size * (1 - share);
  return world.ways[from]![to]!.reduce((sum, { link, to: next }) => {
    const place = world.places[next]!;
    const relay_s = next === to ? 0 : place.coding.relay_s_per_byte / place.tier.speed;
    const slope = (pricing.transfer(size, link) - pricing.transfer(rest, link)) / (size - rest);
    return (
      sum +
      (Number.isFinite(slope) ? Math.max(0, slope) : 0) +
      (relay_s > 0 ? pricing.work(place, relay_s, relay_s) : 0)
    );
  }, 0);
}

/** Costs of atoms and flows in proportion to their work and bytes. */
function linearCosts(
  { ground, forbidden }: Candidate,
  graphs: readonly ClosureGraph[],
  slopes: Slopes,
): PartitionCosts {
  const { world, tiers, codec } = ground;
  const node = graphs.map(({ atoms, profile }, k) => {
    const { speed } = world.places[tiers[k]!]!.tier;
    const { request_per_kernel_s } = profile.run;
    const { per_kernel_s, per_weight_byte_s } = profile.session;
    return atoms.seconds[0]!.map((seconds, atom) => {
      const kernels = atoms.kernels[atom]!;
      const load_s = world.cold ? per_kernel_s * kernels + per_weight_byte_s * atoms.weightBytes[atom]! : 0;
      return ((seconds + request_per_kernel_s * kernels) * slopes.infer[k]! + load_s * slopes.single[k]!) / speed;
    });
  });
  const { profile, dag, atoms } = graphs[0]!;
  const inputs = new Set(profile.model.inputs);
  // A message of one tensor less one of none: headers, separators and all that grows with it. Boundary 0 is the model's inputs.
  const messages = graphs[0]!.messages.get(codec)!;
  const one = (values: Float64Array, t: number) => Math.max(0, values[t + 2]! - values[1]!);
  const dear = forbidden.size > 0 ? 1e9 : 0;
  const flow = slopes.byte.map((byte, k): Float64Array => {
    const [sender, receiver] = [world.places[tiers[k]!]!.tier.speed, world.places[tiers[k + 1]!]!.tier.speed];
    return Float64Array.from(dag.flows, (_, t) => {
      const { tensor } = atoms.flows[t]!;
      const given = inputs.has(tensor);
      const copy_s = given ? 0 : profile.run.request_per_byte_s * profile.tensors[tensor]!.bytes;
      return (
        one(messages.bytes, t) * byte +
        (one(messages.encode_s, t) * slopes.single[k]! + copy_s * slopes.infer[k]!) / sender +
        (one(messages.decode_s, t) * slopes.single[k + 1]!) / receiver +
        (given ? dear : 0)
      );
    });
  });
  return { node, flow };
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
