/**
 * Tierwise as a library: the rooms' public faces. Pure rooms (onnx, codecs, costmodel, simulator, planner, whatif, report,
 * units, random, zoo, accuracy, devices, calibration) run anywhere; the profiler, the testbed, sweeps, the store and the data sets need Node and ONNX
 * Runtime.
 */
export * as accuracy from "./accuracy/index.ts";
export * as calibration from "./calibration/index.ts";
export * as codecs from "./codecs/index.ts";
export * as costmodel from "./costmodel/index.ts";
export * as datasets from "./datasets/index.ts";
export * as devices from "./devices/index.ts";
export { type DatasetDocument, datasetSchema, parseDataset } from "./formats/dataset.ts";
export { type Device, deviceSchema, parseDevice } from "./formats/device.ts";
export { type Plan, planSchema } from "./formats/plan.ts";
export { type PlanResult, planResultSchema } from "./formats/planresult.ts";
export { type Prediction, predictionSchema, type Stage } from "./formats/prediction.ts";
export { Problem } from "./formats/problem.ts";
export { type Profile, profileSchema } from "./formats/profile.ts";
export { parseScenario, type Scenario, scenarioSchema } from "./formats/scenario.ts";
export { parseSweep, type Sweep, sweepSchema } from "./formats/sweep.ts";
export { parseTopology, type Topology, topologySchema } from "./formats/topology.ts";
export { type Accuracy, parseVariants, type Variant, type Variants, variantsSchema } from "./formats/variants.ts";
export * as onnx from "./onnx/index.ts";
export * as operators from "./operators/index.ts";
export * as planner from "./planner/index.ts";
export * as profiler from "./profiler/index.ts";
export * as random from "./random/index.ts";
export * as report from "./report/index.ts";
export * as simulator from "./simulator/index.ts";
export * as store from "./store/index.ts";
export * as sweeps from "./sweeps/index.ts";
export * as testbed from "./testbed/index.ts";
export * as units from "./units/index.ts";
export * as whatif from "./whatif/index.ts";
export * as zoo from "./zoo/index.ts";
