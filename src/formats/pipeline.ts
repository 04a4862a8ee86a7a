import type { Stage } from "./prediction.ts";
import type { CodecName } from "./profile.ts";

/**
 * What one request passes, in order, under one placement: the cost model compiles it, and everything else executes it.
 * Stages follow one another; none overlap.
 */
export interface Pipeline {
  /** Tiers in the order of their segments, joined by ">". */
  readonly placement: string;
  /** Id of the cut, several joined by ">" between more than two tiers, or null where one tier runs the whole model. */
  readonly cut: string | null;
  readonly codec: CodecName;
  readonly stages: readonly Stage[];
}
