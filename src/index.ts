/**
 * Tierwise as a library: the rooms' public faces. Pure rooms (onnx, codecs, costmodel, report, units) run anywhere;
 * the profiler and the store need Node and ONNX Runtime.
 */
export * as codecs from "./codecs/index.ts";
export * as costmodel from "./costmodel/index.ts";
export { type Prediction, predictionSchema, type Stage } from "./formats/prediction.ts";
export { Problem } from "./formats/problem.ts";
export { type Profile, profileSchema } from "./formats/profile.ts";
export { parseTopology, type Topology, topologySchema } from "./formats/topology.ts";
export * as onnx from "./onnx/index.ts";
export * as operators from "./operators/index.ts";
export * as profiler from "./profiler/index.ts";
export * as report from "./report/index.ts";
export * as store from "./store/index.ts";
export * as units from "./units/index.ts";
