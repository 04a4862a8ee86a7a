/**
 * The ONNX room: reads and writes models, orders their graphs, finds every cut, and cuts them. It runs nothing and
 * touches no file: bytes come in through a {@link ByteSource} and leave as one, so that weights are never copied and
 * the room works in a browser as it does on disk.
 */
export { type Attribute, GraphBuilder, type SmallTensor } from "./build.ts";
export { cutAt } from "./closure.ts";
export { type Cut, cutsOf, findCut } from "./cuts.ts";
export { Draft, DraftNode, type DraftWeight, withEmbeddedWeights } from "./draft.ts";
export { codeOfDtype, dtypeOfCode, elements, isWeightType, tensorBytes } from "./dtype.ts";
export { type Edge, edgesOf } from "./edges.ts";
export { type NodeCost, nodeCost, parameterCount } from "./flops.ts";
export { analyse, type Graph } from "./graph.ts";
export { constantType, type Initializer, type Model, type Node, readModel, type ValueInfo } from "./model.ts";
export {
  extractSegment,
  replaceFields,
  type Segment,
  type TensorType,
  typedValueInfo,
  valueInfoOf,
  withOutputs,
} from "./segment.ts";
export { type ByteSource, memorySource, ropeSource, type Span, spanOf } from "./source.ts";
export { asFloats, asIntegers, valuesOf } from "./values.ts";
