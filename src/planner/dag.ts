/** A tensor that somebody needs: who makes it and who takes it. */
export interface Flow {
  /** Index of the node that makes it; null for an input, which is there before the first part. */
  readonly producer: number | null;
  readonly consumers: readonly number[];
  /** Whether it leaves the graph, and is carried to the last part for that. */
  readonly leaves?: boolean;
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
