import type { PartitionCosts } from "./dag.ts";
import { blockCost } from "./mincut.ts";
import type { Block, Series } from "./series.ts";

/** What each block costs at least and at most, by the parts of the waists before and after it: see {@link Bounds.at}. */
export class Bounds {
  readonly least: Float64Array;
  readonly most: Float64Array;
  readonly #parts: number;

  /**
   * From below: each node in its cheapest part, and over each seam what passes by the block, or where nothing does, its cheapest
   * tensor. From above: all nodes in one part.
   */
  constructor({ blocks, waists }: Series, costs: PartitionCosts) {
    const parts = costs.node.length;
    this.#parts = parts;
    this.least = new Float64Array(blocks.length * parts * parts);
    this.most = new Float64Array(blocks.length * parts * parts);
    for (let i = 0; i < blocks.length; i++) {
      const block = blocks[i]!;
      // Between two waists some tensor crosses each seam.
      const between = i > 0 && i < waists.length;
      for (let from = 0; from < parts; from++) {
        let sent = 0;
        for (let to = from; to < parts; to++) {
          if (to > from) sent += leastSent(block, costs.flow[to - 1]!, between);
          const at = this.at(i, from, to);
          this.least[at] = sent + leastWork(block, costs, from, to);
          this.most[at] = block.nodes.length === 0 ? sent : cheapestWhole(block, costs, from, to);
        }
      }
    }
  }

  /** Where the bounds of a block stand. */
  at(block: number, from: number, to: number): number {
    return (block * this.#parts + from) * this.#parts + to;
  }
}

function leastSent({ flows, through }: Block, seam: ArrayLike<number>, between: boolean): number {
  if (through.length > 0 || !between) {
    let sum = 0;
    for (const flow of through) sum += seam[flow]!;
    return sum;
  }
  let least = Number.POSITIVE_INFINITY;
  for (const { flow } of flows) least = Math.min(least, seam[flow]!);
  return least;
}

function leastWork({ nodes }: Block, { node }: PartitionCosts, from: number, to: number): number {
  let sum = 0;
  for (const v of nodes) {
    let least = Number.POSITIVE_INFINITY;
    for (let part = from; part <= to; part++) least = Math.min(least, node[part]![v]!);
    sum += least;
  }
  return sum;
}

function cheapestWhole(block: Block, costs: PartitionCosts, from: number, to: number): number {
  const labels = new Uint8Array(block.nodes.length);
  let least = Number.POSITIVE_INFINITY;
  for (let part = from; part <= to; part++) {
    least = Math.min(least, blockCost(block, costs, from, to, labels.fill(part)));
  }
  return least;
}
