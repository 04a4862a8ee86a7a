import { FlowNetwork } from "./maxflow.ts";

/** A tensor that somebody needs: who makes it and who takes it. */
export interface Flow {
  /** Index of the node that makes it; null for an input, which is there before the first part. */
  readonly producer: number | null;
  readonly consumers: readonly number[];
}

/** What is cut: nodes in any order, and the tensors between them. */
export interface Dag {
  readonly nodes: number;
  readonly flows: readonly Flow[];
}

/** What a partition into parts 0 to k − 1 costs. All costs are finite and not negative, in any one unit. */
export interface PartitionCosts {
  /** node[part][v]: node v in that part. */
  readonly node: readonly ArrayLike<number>[];
  /** flow[i][t]: tensor t is carried from part i to part i + 1. One entry fewer than parts. */
  readonly flow: readonly ArrayLike<number>[];
}

/**
 * The cheapest partition of a graph into a chain of parts, none of which needs anything of a later one: a part for each
 * node, so that what makes a tensor is in no later part than what takes it. A tensor is carried once over each seam
 * between its producer's part and its last consumer's. Parts may stay empty.
 *
 * Exact, and over all such partitions: costs add up, so that a minimum cut finds them. For two parts it is that of the
 * closure problem (J.-C. Picard, "Maximal closure of a graph and applications to combinatorial problems", 1976) with a
 * node per tensor for its being sent once (as in DADS, Hu et al., INFOCOM 2019); for more, one layer per seam (H. Ishikawa,
 * "Exact optimization for Markov random fields with convex priors", 2003).
 *
 * @returns the part of each node; where several partitions cost the same, the one with everything as early as possible
 */
export function partition({ nodes, flows }: Dag, costs: PartitionCosts): Uint8Array {
  const parts = costs.node.length;
  const seams = parts - 1;
  if (seams === 0) return new Uint8Array(nodes);
  // Network node (v, seam) is on the source's side where v is in a part beyond that seam.
  const [source, sink] = [0, 1];
  const layered = (v: number, seam: number) => 2 + seam * nodes + v;
  const carriers = 2 + seams * nodes;
  const network = new FlowNetwork(carriers + seams * flows.length);
  for (let v = 0; v < nodes; v++) {
    // To be in part p is to cut the arc from seam p − 1 to seam p. A constant taken off all parts alike changes nothing.
    let least = Number.POSITIVE_INFINITY;
    for (const part of costs.node) least = Math.min(least, part[v]!);
    network.arc(source, layered(v, 0), costs.node[0]![v]! - least);
    for (let seam = 1; seam < seams; seam++) {
      // Beyond a seam is beyond the seams before it.
      network.arc(layered(v, seam - 1), layered(v, seam), costs.node[seam]![v]! - least, Number.POSITIVE_INFINITY);
    }
    network.arc(layered(v, seams - 1), sink, costs.node[seams]![v]! - least);
  }
  for (const [t, { producer, consumers }] of flows.entries()) {
    for (let seam = 0; seam < seams; seam++) {
      const carrier = carriers + seam * flows.length + t;
      const maker = producer === null ? sink : layered(producer, seam);
      for (const consumer of consumers) {
        network.arc(layered(consumer, seam), carrier, Number.POSITIVE_INFINITY);
        if (producer !== null) network.arc(maker, layered(consumer, seam), Number.POSITIVE_INFINITY);
      }
      if (consumers.length > 0) network.arc(carrier, maker, costs.flow[seam]![t]!);
    }
  }
  const beyond = network.minimumCut(source, sink);
  const labels = new Uint8Array(nodes);
  for (let v = 0; v < nodes; v++) {
    for (let seam = 0; seam < seams; seam++) labels[v]! += beyond[layered(v, seam)]!;
  }
  return labels;
}

/** What a partition costs. */
export function partitionCost({ flows }: Dag, costs: PartitionCosts, labels: ArrayLike<number>): number {
  let sum = 0;
  for (let v = 0; v < labels.length; v++) sum += costs.node[labels[v]!]![v]!;
  for (const [t, flow] of flows.entries()) {
    for (let seam = from(flow, labels); seam < until(flow, labels); seam++) sum += costs.flow[seam]![t]!;
  }
  return sum;
}

/** The part in which a tensor comes to be. */
export function from({ producer }: Flow, labels: ArrayLike<number>): number {
  return producer === null ? 0 : labels[producer]!;
}

/** The last part in which a tensor is needed. */
export function until({ producer, consumers }: Flow, labels: ArrayLike<number>): number {
  let last = producer === null ? 0 : labels[producer]!;
  for (const consumer of consumers) last = Math.max(last, labels[consumer]!);
  return last;
}
