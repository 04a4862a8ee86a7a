/**
 * How tensors travel: each codec turns named tensors into one self-describing message and back, for every element type
 * that a runtime hands over. The profiler times these very functions, the test bed sends their messages, and the cost
 * model predicts their bytes, so that all three mean the same. Runs in browsers unchanged.
 */
export { base64Length } from "./base64.ts";
export { CODECS, decode, encode, frameBytes } from "./codec.ts";
export { jsonDataBytes } from "./json.ts";
export type { Tensor, TensorData, TensorHeader, WireDtype } from "./tensor.ts";
