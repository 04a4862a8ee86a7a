/**
 * The cost model: a compiler from profile × placement × cut × codec × topology to a pipeline, and the closed form that
 * evaluates it without load. `loadModel` takes the sums of a profile once; `predict` then answers in microseconds per
 * cut, `compilePipeline` hands one pipeline to any other executor, and `crossover` follows the answer over a bandwidth; an `Evaluator`
 * asks one question again while numbers change.
 * One description of a request's stages (request.ts) drives both the search and the compiler. Pure: the room reads no
 * file and no clock, and runs in browsers unchanged.
 */
export { type AtomFlow, type AtomGraph, atomGraph } from "./atoms.ts";
export { type CutLatency, latencyByCut } from "./bycut.ts";
export { type ChainChoice, type ChainCosts, type ChainLimit, chainCost, cheapest } from "./chain.ts";
export { crossing, frontier, type Partition, partitionModel, partitionSegments } from "./closure.ts";
export { type Crossover, type CrossoverPoint, crossover } from "./crossover.ts";
export { type Environment, environmentOf, type Hop, type Place, tierIndex, waysFrom } from "./environment.ts";
export { latency, transferredBytes } from "./evaluate.ts";
export { Evaluator, type TopologyLeaf } from "./evaluator.ts";
export { transferSeconds } from "./link.ts";
export { type MessageCosts, messageCosts } from "./messages.ts";
export {
  boundariesOf,
  type CostModel,
  cutId,
  loadModel,
  type ProfileSource,
  type SegmentSeconds,
  segmentSeconds,
} from "./model.ts";
export type { PredictOptions } from "./options.ts";
export { compilePipeline, type PipelineChoice } from "./pipeline.ts";
export { defaultPlacements, parsePlacement, placementName } from "./placement.ts";
export { LATENCY, PlacementCosts, type Pricing } from "./placementcosts.ts";
export { predict } from "./predict.ts";
export {
  type Elapsed,
  elapsedBackToBack,
  elapsedFromIdle,
  elapsedFromIdleAt,
  meanFromIdle,
  type Quota,
} from "./quota.ts";
export { HIGH, LOW, MEDIAN, STATISTICS } from "./segments.ts";
