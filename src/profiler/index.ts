/**
 * The profiler: runs models on this machine's ONNX Runtime and writes down how long each kernel takes, for the whole
 * model and for what a cut changes at its boundary. Everything that needs the runtime or a clock is here; the profile
 * that comes out is plain data, and nothing else of the house needs the runtime to answer a question.
 */
export { free, freeBuffer } from "./allocator.ts";
export { type BenchRuntime, nativeRuntime, type TracedKernel, webAssemblyRuntime } from "./benchruntime.ts";
export { type CheckedCut, checkParts, type Parts } from "./checking.ts";
export { type BenchOptions, benchDevice, DeviceBench } from "./devicebench.ts";
export { outputsOn, relativeError } from "./difference.ts";
export { inputTypes, makeFeeds, type RawInputs, type Shapes, tensorOf } from "./feeds.ts";
export { describeHost } from "./host.ts";
export { externalFolderOf, type Inspection, inspectModel, inspectWithTwin } from "./inspecting.ts";
export { kernelMeasurement, type MeasuredSegment, measureSegments } from "./measuring.ts";
export type { PlannedKernel } from "./plan.ts";
export { planSegment, type Settings, type Subject, Workspace } from "./planning.ts";
export { digest, fingerprint, type OnProgress, type ProfileOptions, planModel, profileModel } from "./profile.ts";
export { calibrate, grouped, Histogram, type MeasuredRange, measureRanges, type RangeMethod } from "./ranges.ts";
export { type Feeds, loadSession, type Optimisation, RUNTIME, reason, type Session, type Values } from "./runtime.ts";
export { generatedSample, type Samples, samplesOf, spread } from "./samples.ts";
export { Runner, sampleInterleaved } from "./sampling.ts";
export { type IntegerShare, integerShare } from "./share.ts";
export { medianInterval, relativeInterval } from "./statistics.ts";
export { NO_TRACE_COST, type TraceCost } from "./trace.ts";
export { planningTwin } from "./twin.ts";
export { isResolved, observedTypes, tensorTypes } from "./types.ts";
