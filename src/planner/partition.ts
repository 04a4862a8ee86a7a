import { Bounds } from "./bounds.ts";
import type { Dag, PartitionCosts } from "./dag.ts";
import { blockCost, minimumCut } from "./mincut.ts";
import { type Series, seriesOf } from "./series.ts";

/**
 * The cheapest partition of a graph into a chain of parts, none of which needs anything of a later one: a part for each
 * node, so that what makes a tensor is in no later part than what takes it. A tensor is carried once over each seam
 * between its producer's part and its last consumer's. Parts may stay empty.
 *
 * Exact, and over all such partitions. Dynamic programming along the graph's waists finds it, where what lies between
 * waists in different parts is divided by a minimum cut. Few of these cuts are made: where a partition that leaves each block
 * whole costs less than what a way through a block comes to at least, the way is not looked at.
 *
 * @returns the part of each node; where several partitions cost the same, the one with everything as early as possible
 */
export function partition(dag: Dag, costs: PartitionCosts, series: Series = seriesOf(dag)): Uint8Array {
  const parts = costs.node.length;
  const { waists, blocks } = series;
  const bounds = new Bounds(series, costs);
  const ahead = leastAhead(series, costs, bounds, bounds.least);
  // Sums of the same costs in another order: rounding must not let the cheapest go.
  const enough = leastAhead(series, costs, bounds, bounds.most)[0]! * (1 + 1e-12);
  // least[part]: all up to the waist before a block, which is in that part; the inputs are in part 0.
  let least = new Float64Array(parts).fill(Number.POSITIVE_INFINITY);
  least[0] = 0;
  // The part of the waist before a block, by that of the one after it, and the parts of the block's nodes.
  const origins = new Uint8Array(blocks.length * parts);
  const insides: Uint8Array[] = [];
  for (let i = 0; i < blocks.length; i++) {
    const block = blocks[i]!;
    const next = new Float64Array(parts).fill(Number.POSITIVE_INFINITY);
    for (let to = i < waists.length ? 0 : parts - 1; to < parts; to++) {
      const own = waistCost(series, costs, i, to);
      for (let from = 0; from <= to; from++) {
        const bound = least[from]! + bounds.least[bounds.at(i, from, to)]! + own;
        if (bound >= next[to]! || bound + ahead[(i + 1) * parts + to]! > enough) continue;
        const inside = block.nodes.length === 0 ? NONE : minimumCut(block, costs, from, to);
        const cost = least[from]! + blockCost(block, costs, from, to, inside) + own;
        if (cost >= next[to]!) continue;
        next[to] = cost;
        origins[i * parts + to] = from;
        insides[i * parts + to] = inside;
      }
    }
    least = next;
  }
  const labels = new Uint8Array(dag.nodes);
  for (let i = blocks.length - 1, part = parts - 1; i >= 0; i--) {
    const { nodes } = blocks[i]!;
    for (let v = 0; v < nodes.length; v++) labels[nodes[v]!] = insides[i * parts + part]![v]!;
    part = origins[i * parts + part]!;
    if (i > 0) labels[waists[i - 1]!] = part;
  }
  return labels;
}

const NONE = new Uint8Array();

/** Of the waist after a block; nothing comes after the last. */
function waistCost({ waists }: Series, costs: PartitionCosts, block: number, part: number): number {
  return block < waists.length ? costs.node[part]![waists[block]!]! : 0;
}

/** What a block and all after it come to by such bounds, the waist before it in each part: at block × parts + part. */
function leastAhead(series: Series, costs: PartitionCosts, bounds: Bounds, of: Float64Array): Float64Array {
  const parts = costs.node.length;
  const count = series.blocks.length;
  const sums = new Float64Array((count + 1) * parts).fill(Number.POSITIVE_INFINITY);
  sums[sums.length - 1] = 0;
  for (let i = count - 1; i >= 0; i--) {
    for (let to = 0; to < parts; to++) {
      const after = waistCost(series, costs, i, to) + sums[(i + 1) * parts + to]!;
      for (let from = 0; from <= to; from++) {
        const at = i * parts + from;
        sums[at] = Math.min(sums[at]!, of[bounds.at(i, from, to)]! + after);
      }
    }
  }
  return sums;
}

/** What a partition costs. */
export function partitionCost({ flows }: Dag, costs: PartitionCosts, labels: ArrayLike<number>): number {
  let sum = 0;
  for (let v = 0; v < labels.length; v++) sum += costs.node[labels[v]!]![v]!;
  for (const [t, { producer, consumers, leaves }] of flows.entries()) {
    const from = producer === null ? 0 : labels[producer]!;
    const farthest = leaves ? costs.node.length - 1 : from;
    const until = consumers.reduce((last, consumer) => Math.max(last, labels[consumer]!), farthest);
    for (let seam = from; seam < until; seam++) sum += costs.flow[seam]![t]!;
  }
  return sum;
}
