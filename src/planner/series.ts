import type { Dag } from "./dag.ts";

/** A tensor as a block between two waists sees it. */
export interface BlockFlow {
  /** Index of the tensor in the graph. */
  readonly flow: number;
  /** Index of the block's node that makes it; null where it is there before the block. */
  readonly producer: number | null;
  /** Indices of the block's nodes that take it. */
  readonly consumers: readonly number[];
  /** Whether somebody beyond the block needs it, too. */
  readonly leaves: boolean;
}

/** What lies between two waists. */
export interface Block {
  readonly nodes: readonly number[];
  /** The other tensors that the block's nodes make or take. */
  readonly flows: readonly BlockFlow[];
  /** Tensors that are there before the block and needed beyond it: they cross every seam in the block. */
  readonly through: readonly number[];
}

/**
 * A graph as a series of blocks between its waists: the nodes that need or are needed by every other node. A seam of a
 * partition lies in one block only (or between two waists with nothing in between), since a waist is on one side of it and
 * so is all that the waist needs or is needed by. In the words of orders, it is the graph's ordinal sum.
 */
export interface Series {
  readonly waists: readonly number[];
  /** Before each waist and after the last: one more than there are waists. */
  readonly blocks: readonly Block[];
}

/** Linear in the graph's size, but that a tensor is listed in every block that it passes. */
export function seriesOf(dag: Dag): Series {
  const order = topologicalOrder(dag);
  const waists = order ? waistsOf(dag, order) : [];
  // Along the series a waist is at an odd place and the block before it at the even one below.
  const place = new Int32Array(dag.nodes);
  const local = new Int32Array(dag.nodes);
  const nodes: number[][] = [[]];
  const waist = new Set(waists);
  for (const node of order ?? Array.from({ length: dag.nodes }, (_, v) => v)) {
    if (waist.has(node)) {
      place[node] = 2 * nodes.length - 1;
      nodes.push([]);
    } else {
      place[node] = 2 * nodes.length - 2;
      local[node] = nodes.at(-1)!.push(node) - 1;
    }
  }
  const flows: BlockFlow[][] = nodes.map(() => []);
  const through: number[][] = nodes.map(() => []);
  for (const [flow, { producer, consumers, leaves: wanted = false }] of dag.flows.entries()) {
    if (consumers.length === 0 && !wanted) continue;
    const start = producer === null ? -1 : place[producer]!;
    const farthest = wanted ? 2 * nodes.length : start;
    const end = consumers.reduce((last, node) => Math.max(last, place[node]!), farthest);
    for (let block = Math.max(0, Math.ceil(start / 2)); block < nodes.length && 2 * block <= end; block++) {
      const made = start === 2 * block;
      const leaves = end > 2 * block;
      if (!made && leaves) {
        through[block]!.push(flow);
        continue;
      }
      const own = consumers.filter((node) => place[node] === 2 * block).map((node) => local[node]!);
      flows[block]!.push({ flow, producer: made ? local[producer!]! : null, consumers: own, leaves });
    }
  }
  return {
    waists,
    blocks: nodes.map((own, i) => ({ nodes: own, flows: flows[i]!, through: through[i]! })),
  };
}

/** @returns undefined where nodes need each other in a circle, as kernels of several nodes can */
function topologicalOrder({ nodes, flows }: Dag): number[] | undefined {
  const followers: number[][] = Array.from({ length: nodes }, () => []);
  const needs = new Int32Array(nodes);
  for (const { producer, consumers } of flows) {
    if (producer === null) continue;
    for (const consumer of consumers) {
      followers[producer]!.push(consumer);
      needs[consumer]!++;
    }
  }
  const order: number[] = [];
  for (let node = 0; node < nodes; node++) if (needs[node] === 0) order.push(node);
  for (const node of order) {
    for (const follower of followers[node]!) if (--needs[follower]! === 0) order.push(follower);
  }
  return order.length === nodes ? order : undefined;
}

/** A node is a waist where, in any order, all before it are followed by no later than it, and all after it need no earlier. */
function waistsOf({ nodes, flows }: Dag, order: readonly number[]): number[] {
  const position = new Int32Array(nodes);
  for (const [at, node] of order.entries()) position[node] = at;
  const nearestFollower = new Int32Array(nodes).fill(nodes);
  const nearestNeed = new Int32Array(nodes).fill(-1);
  for (const { producer, consumers } of flows) {
    if (producer === null) continue;
    const from = position[producer]!;
    for (const consumer of consumers) {
      const to = position[consumer]!;
      nearestFollower[from] = Math.min(nearestFollower[from]!, to);
      nearestNeed[to] = Math.max(nearestNeed[to]!, from);
    }
  }
  // By induction along the order: all after it descend from it if each has a need among it and those after it.
  const needAfter = new Int32Array(nodes + 1).fill(nodes);
  for (let at = nodes - 1; at >= 0; at--) needAfter[at] = Math.min(needAfter[at + 1]!, nearestNeed[at]!);
  let followerBefore = -1;
  return order.filter((_, at) => {
    const isWaist = followerBefore <= at && needAfter[at + 1]! >= at;
    followerBefore = Math.max(followerBefore, nearestFollower[at]!);
    return isWaist;
  });
}
