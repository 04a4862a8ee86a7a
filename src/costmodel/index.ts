/**
 * The cost model: a compiler from profile × placement × cut × codec × topology to a pipeline, and the closed form that
 * evaluates it without load. `loadModel` takes the sums of a profile once; `predict` then answers in microseconds per
 * cut, `compilePipeline` hands one pipeline to any other executor, and `crossover` follows the answer over a bandwidth; an `Evaluator`
 * asks one question again while numbers change.
 * One description of a request's stages (request.ts) drives both the search and the compiler. Pure: the room reads no
 * file and no clock, and runs in browsers unchanged.
 */
export { type Crossover, type CrossoverPoint, crossover } from "./crossover.ts";
export { latency, transferredBytes } from "./evaluate.ts";
export { Evaluator, type TopologyLeaf } from "./evaluator.ts";
export { transferSeconds } from "./link.ts";
export { type CostModel, loadModel, type ProfileSource, type SegmentSeconds, segmentSeconds } from "./model.ts";
export type { PredictOptions } from "./options.ts";
export { compilePipeline, type PipelineChoice } from "./pipeline.ts";
export { defaultPlacements, parsePlacement } from "./placement.ts";
export { predict } from "./predict.ts";
export { type Elapsed, elapsedBackToBack, elapsedFromIdle, type Quota } from "./quota.ts";
export { type Hop, tierIndex, waysFrom } from "./world.ts";
