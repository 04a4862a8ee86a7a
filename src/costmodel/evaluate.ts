import type { Pipeline } from "../formats/pipeline.ts";

/** Seconds that one request takes through an idle pipeline: the sum of its stages. */
export function latency({ stages }: Pipeline): number {
  return stages.reduce((sum, { seconds }) => sum + seconds, 0);
}

/** Bytes that one request puts on all links, there and back; bytes that are passed on count on each link. */
export function transferredBytes({ stages }: Pipeline): number {
  return stages.reduce((sum, { stage, bytes = 0 }) => sum + (stage === "transfer" ? bytes : 0), 0);
}
