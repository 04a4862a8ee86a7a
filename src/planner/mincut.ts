import type { PartitionCosts } from "./dag.ts";
import { FlowNetwork } from "./maxflow.ts";
import type { Block } from "./series.ts";

const [SOURCE, SINK] = [0, 1];

/**
 * The cheapest partition of one block into parts `first` to `last` by a minimum cut; what is before the block is in the
 * first of them, what is beyond it in the last. For two parts it is the cut of the closure problem (J.-C. Picard, "Maximal
 * closure of a graph and applications to combinatorial problems", 1976) with a node per tensor for its being sent once (as
 * in DADS, Hu et al., INFOCOM 2019); for more, one layer per seam (H. Ishikawa, "Exact optimization for Markov random fields
 * with convex priors", 2003).
 *
 * @returns the part of each of the block's nodes; where several partitions cost the same, with everything as early as possible
 */
export function minimumCut({ nodes, flows }: Block, costs: PartitionCosts, first: number, last: number): Uint8Array {
  const seams = last - first;
  const count = nodes.length;
  if (seams === 0) return new Uint8Array(count).fill(first);
  // Network node (v, seam) is on the source's side where v is in a part beyond that seam.
  const layered = (v: number, seam: number) => 2 + seam * count + v;
  const carriers = 2 + seams * count;
  const network = new FlowNetwork(carriers + seams * flows.length);
  const toBeIn = Array.from({ length: seams + 1 }, (_, part) =>
    Float64Array.from(nodes, (node) => costs.node[first + part]![node]!),
  );
  for (const { flow, producer, leaves } of flows) {
    if (producer === null || !leaves) continue;
    // It crosses all seams from its producer on.
    for (let seam = seams - 1, sum = 0; seam >= 0; seam--) {
      sum += costs.flow[first + seam]![flow]!;
      toBeIn[seam]![producer]! += sum;
    }
  }
  for (let v = 0; v < count; v++) {
    // To be in part p is to cut the arc from seam p − 1 to seam p. A constant taken off all parts alike changes nothing.
    let least = Number.POSITIVE_INFINITY;
    for (const part of toBeIn) least = Math.min(least, part[v]!);
    network.arc(SOURCE, layered(v, 0), toBeIn[0]![v]! - least);
    for (let seam = 1; seam < seams; seam++) {
      // Beyond a seam is beyond the seams before it.
      network.arc(layered(v, seam - 1), layered(v, seam), toBeIn[seam]![v]! - least, Number.POSITIVE_INFINITY);
    }
    network.arc(layered(v, seams - 1), SINK, toBeIn[seams]![v]! - least);
  }
  for (const [t, { flow, producer, consumers, leaves }] of flows.entries()) {
    for (let seam = 0; seam < seams; seam++) {
      const carrier = carriers + seam * flows.length + t;
      const maker = producer === null ? SINK : layered(producer, seam);
      for (const consumer of consumers) {
        if (!leaves) network.arc(layered(consumer, seam), carrier, Number.POSITIVE_INFINITY);
        if (producer !== null) network.arc(maker, layered(consumer, seam), Number.POSITIVE_INFINITY);
      }
      if (!leaves && consumers.length > 0) network.arc(carrier, maker, costs.flow[first + seam]![flow]!);
    }
  }
  const beyond = network.minimumCut(SOURCE, SINK);
  const labels = new Uint8Array(count).fill(first);
  for (let v = 0; v < count; v++) {
    for (let seam = 0; seam < seams; seam++) labels[v]! += beyond[layered(v, seam)]!;
  }
  return labels;
}

/** What a block costs with these parts of its nodes, its through tensors included. */
export function blockCost(
  { nodes, flows, through }: Block,
  costs: PartitionCosts,
  first: number,
  last: number,
  labels: ArrayLike<number>,
): number {
  let sum = 0;
  for (let v = 0; v < nodes.length; v++) sum += costs.node[labels[v]!]![nodes[v]!]!;
  for (const { flow, producer, consumers, leaves } of flows) {
    const from = producer === null ? first : labels[producer]!;
    let until = leaves ? last : from;
    for (const consumer of consumers) until = Math.max(until, labels[consumer]!);
    for (let seam = from; seam < until; seam++) sum += costs.flow[seam]![flow]!;
  }
  for (let seam = first; seam < last; seam++) for (const flow of through) sum += costs.flow[seam]![flow]!;
  return sum;
}
