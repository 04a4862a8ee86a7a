import type { MicroGraph } from "./micrograph.ts";

/** One chain of a micro-model. */
export interface MicroCase {
  /** Roughly how much memory its tensors and weights take, for spreading cases over models. */
  readonly bytes: number;
  add(graph: MicroGraph): void;
}

/** No micro-kernel has more operations: the bench is to pass often over all. */
export const MOST_FLOPS = 1.2e9;

/** Adds a chain around what is made of a tensor of the given shape. */
export function on(
  cases: MicroCase[],
  shape: readonly number[],
  make: (graph: MicroGraph, data: string) => string,
  rank = shape.length,
): void {
  cases.push({
    bytes: 8 * shape.reduce((total, size) => total * size, 1),
    add: (graph) => graph.finish(make(graph, graph.source(shape)), rank),
  });
}
