import type { MicroGraph } from "./micrograph.ts";

/** One chain of a micro-model. */
export interface MicroCase {
  /** Roughly how much memory its tensors and weights take, for spreading cases over models. */
  readonly bytes: number;
  add(graph: MicroGraph): void;
}

/** No micro-kernel has more operations: the bench is to pass often over all. */
export const MOST_FLOPS = 6e8;
