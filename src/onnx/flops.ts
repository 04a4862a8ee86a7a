import { elements, isWeightType, tensorBytes } from "./dtype.ts";
import { constantType, type Model, type Node } from "./model.ts";
import type { TensorType } from "./segment.ts";

/** What one node computes and moves for one request. */
export interface NodeCost {
  /** Floating-point (or integer) operations; a multiply-add counts as two, as in Williams et al., Roofline (2009). */
  readonly flops: number;
  /** Bytes of all inputs read and all outputs written once, weights included; 0 for nodes that only rename. */
  readonly bytes: number;
  /** Weights that the node reads: elements of constant float or 8-bit-and-narrower inputs. */
  readonly parameters: number;
}

/** Nodes that give a tensor another shape without touching its values. */
const VIEWS = new Set(["Reshape", "Squeeze", "Unsqueeze", "Flatten", "Identity", "Dropout", "Shape", "Size"]);

/** Nodes that move values and compute none. */
const MOVES = new Set([
  "Cast",
  "Concat",
  "ConstantOfShape",
  "DepthToSpace",
  "Expand",
  "Gather",
  "GatherElements",
  "GatherND",
  "Pad",
  "Scatter",
  "ScatterElements",
  "ScatterND",
  "Slice",
  "SpaceToDepth",
  "Split",
  "Tile",
  "Transpose",
  "Where",
]);

/** Operations per element of the output or, for reductions, of the input. One per arithmetic step, as onnx-tool counts. */
const PER_ELEMENT: Readonly<Record<string, number>> = {
  BatchNormalization: 2,
  Elu: 3,
  Erf: 8,
  Gelu: 10,
  HardSigmoid: 4,
  HardSwish: 5,
  InstanceNormalization: 5,
  LayerNormalization: 5,
  GroupNormalization: 5,
  LogSoftmax: 5,
  Mish: 10,
  QuantizeLinear: 3,
  DequantizeLinear: 2,
  Sigmoid: 4,
  Softmax: 5,
  Tanh: 6,
};

/**
 * The cost of a node, given the types of its tensors with all dimensions known.
 * Shapes: Conv counts 2·|output|·C_in/groups·kernel (+ bias), MatMul 2·|output|·K, Gemm likewise, recurrent nodes
 * 2·T·N·gates·H·(I + H) per direction; pooling one operation per window element; all else per element.
 */
export function nodeCost(model: Model, node: Node, types: ReadonlyMap<string, TensorType>): NodeCost {
  const shapeOf = (name: string | undefined): number[] | undefined =>
    name ? types.get(name)?.shape.map((size) => (typeof size === "number" ? size : 1)) : undefined;
  const sizeOf = (name: string | undefined) => {
    const shape = shapeOf(name);
    return shape ? elements(shape) : 0;
  };
  const bytesOf = (name: string) => {
    const type = types.get(name);
    return type ? tensorBytes(type.dtype, shapeOf(name)!) : 0;
  };
  const tensors = [...node.inputs, ...node.outputs].filter((name) => name !== "");
  const parameters = node.inputs.reduce((sum, name) => {
    const weight = model.initializers.get(name);
    return sum + (weight && isWeightType(weight.dtype) ? elements(weight.shape) : 0);
  }, 0);
  const bytes = VIEWS.has(node.op) ? 0 : tensors.reduce((sum, name) => sum + bytesOf(name), 0);
  return { flops: flops(node, shapeOf, sizeOf), bytes, parameters };
}

function flops(
  node: Node,
  shapeOf: (name: string | undefined) => number[] | undefined,
  sizeOf: (name: string | undefined) => number,
): number {
  const [x, w, b] = node.inputs;
  const output = sizeOf(node.outputs[0]);
  const weight = shapeOf(w) ?? [];
  const ints = (name: string) => node.proto.attribute.find((attribute) => attribute.name === name)?.ints.map(Number);
  const int = (name: string, otherwise: number) =>
    Number(node.proto.attribute.find((attribute) => attribute.name === name)?.i ?? otherwise);
  switch (node.op) {
    case "Conv":
    case "ConvInteger":
      return output * (2 * elements(weight.slice(1)) + (b && node.op === "Conv" ? 1 : 0));
    case "QLinearConv":
      return output * 2 * elements((shapeOf(node.inputs[3]) ?? []).slice(1));
    case "ConvTranspose":
      return sizeOf(x) * 2 * elements(weight.slice(1)) + (b ? output : 0);
    case "MatMul":
    case "MatMulInteger":
      return 2 * output * ((shapeOf(x) ?? [1]).at(-1) ?? 1);
    case "QLinearMatMul":
      return 2 * output * ((shapeOf(x) ?? [1]).at(-1) ?? 1);
    case "Gemm": {
      const shape = shapeOf(x) ?? [1, 1];
      const inner = (int("transA", 0) ? shape[0] : shape[1]) ?? 1;
      return 2 * output * inner + (b ? output : 0);
    }
    case "LSTM":
    case "GRU":
    case "RNN": {
      const [steps = 1, batch = 1, inputs = 1] = shapeOf(x) ?? [];
      const [directions = 1, gatesTimesHidden = 1] = weight;
      const hidden = int("hidden_size", gatesTimesHidden);
      return 2 * steps * batch * directions * gatesTimesHidden * (inputs + hidden);
    }
    case "Einsum":
      return 2 * Math.sqrt(sizeOf(x) * sizeOf(w) * output);
    case "MaxPool":
    case "AveragePool":
    case "LpPool":
      return output * elements(ints("kernel_shape") ?? []);
    case "Resize":
    case "Upsample":
      return output * (node.proto.attribute.some((attribute) => spells(attribute.s, "linear")) ? 8 : 0);
    default:
      if (VIEWS.has(node.op) || MOVES.has(node.op)) return 0;
      if (node.op.startsWith("Reduce") || node.op.startsWith("Global")) return sizeOf(x);
      return Math.max(output, 0) * (PER_ELEMENT[node.op] ?? 1);
  }
}

function spells(bytes: Uint8Array, word: string): boolean {
  return new TextDecoder().decode(bytes) === word;
}

/** All weights of a model, each counted once: initializers and the values of Constant nodes, as {@link NodeCost} counts. */
export function parameterCount(model: Model): number {
  const constants = model.nodes.flatMap((node) => constantType(node) ?? []);
  return [...model.initializers.values(), ...constants]
    .filter((tensor) => isWeightType(tensor.dtype))
    .reduce((sum, tensor) => sum + elements(tensor.shape), 0);
}
