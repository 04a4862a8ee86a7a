import type { ProfileNode } from "../formats/profile.ts";
import {
  broadcast,
  contiguous,
  convolution,
  inputsOf,
  matrices,
  outputOf,
  pool,
  product,
  rows,
  type Sizes,
  touched,
  transposedConvolution,
} from "./sizes.ts";

/**
 * What a kernel does, in the terms in which devices are compared: its class, and the few sizes that decide its time
 * within the class (as nn-Meter sorts kernels; Zhang et al., MobiSys 2021).
 */
export interface Work {
  readonly kind: string;
  readonly dims: Sizes;
  readonly dtype: "float32" | "int8";
  readonly flops: number;
  readonly bytes: number;
}

/** A kernel as profiles and plans list it, with the nodes that it covers. */
export interface Executed {
  readonly op: string;
  readonly nodes: readonly ProfileNode[];
  readonly flops: number;
  readonly bytes: number;
}

const PRODUCTS = new Set(["Conv", "ConvTranspose", "MatMul", "Gemm", "ConvInteger", "MatMulInteger"]);
const QUANTISING = new Set(["QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLinear"]);
const INTEGER =
  /^(QLinear|QGemm|MatMulInteger|ConvInteger|DynamicQuantize|QuantizeLinear|DequantizeLinear|NhwcMaxPool)/;
const VIEWS = new Set(["Reshape", "Squeeze", "Unsqueeze", "Flatten", "Identity", "Shape", "Size", "Dropout"]);
const BINARY = new Set(["Add", "Sub", "Mul", "Div", "Max", "Min", "Pow", "PRelu"]);
const MOVES = new Set([
  ...["Concat", "Split", "Slice", "Pad", "Expand", "Gather", "Tile", "Cast", "Where", "ConstantOfShape"],
  ...["DepthToSpace", "SpaceToDepth"],
]);
/** Kernels that stand for several nodes, none of which bears their name. */
const SKIPPING_NORM = /^Skip(Simplified)?LayerNormalization$/;
const NORM = /^(Simplified)?LayerNormalization$/;
const GELU = /^(Gelu|BiasGelu|FastGelu|QuickGelu)$/;

/**
 * Describes a kernel.
 * @returns undefined where the profile does not hold the shapes that the description needs
 */
export function workOf(kernel: Executed): Work | undefined {
  const op = kernel.op.replace(/^.*\./, "");
  const { nodes, flops, bytes } = kernel;
  const integers = INTEGER.test(op);
  const work = (kind: string, dims: Sizes): Work => ({
    kind,
    dims,
    dtype: integers ? "int8" : "float32",
    flops,
    bytes,
  });
  if (QUANTISING.has(op)) return work(op, { elements: quantised(kernel) });
  // What is covered beside a view is what left nothing else to cover it: a sum fused into the product before it.
  if (VIEWS.has(op)) return work("view", { rank: nodes.length > 0 ? outputOf(nodes.at(-1)!).length : 0 });
  // Layout changes cover no node, or one that they were taken for a part of.
  if (nodes.length === 0 || (op === "Transpose" && nodes.every((node) => node.op !== op)))
    return work(`reorder:${op}`, { bytes });
  if (nodes.every(({ shapes }) => !shapes)) return undefined;
  if (SKIPPING_NORM.test(op)) return work("skiplayernorm", rows(largest(nodes), -1));
  if (NORM.test(op)) return work("layernorm", rows(largest(nodes), -1));
  if (GELU.test(op)) return work("unary:Gelu", { elements: product(outputOf(largest(nodes))) });
  const node = mainNode(op, nodes);
  if (!node.shapes) return undefined;
  // Moves of 8-bit integers are called as those of floats are.
  const q = integers || bytes < NARROW * touched(node) ? "q" : "";
  const elements = product(outputOf(node));
  const source = product(inputsOf(node)[0] ?? []) || elements;
  if (node.op === "Conv" || node.op === "ConvInteger") {
    const [kind, dims] = convolution(node, nodes, integers);
    return work(integers ? `q${kind}` : kind, dims);
  }
  if (node.op === "ConvTranspose") return work(integers ? "qdeconv" : "deconv", transposedConvolution(node));
  if (PRODUCTS.has(node.op)) return work(integers ? `qmatmul:${op}` : "matmul", matrices(node));
  if (BINARY.has(node.op)) {
    const family = /^(Add|Sub|Mul|Max|Min)$/.test(node.op) ? "Add" : node.op;
    return work(`${q}binary:${family}`, broadcast(node));
  }
  switch (node.op) {
    case "MaxPool":
    case "AveragePool":
      return work(`${q}pool:${node.op}`, pool(node));
    case "GlobalAveragePool":
    case "GlobalMaxPool": {
      const [channels = 1, ...map] = (inputsOf(node)[0] ?? []).slice(1);
      return work(`${q}globalpool`, { channels, pixels: product(map) });
    }
    case "Softmax":
    case "LogSoftmax":
      return work(`${q}softmax`, rows(node, Number(node.attributes?.axis ?? -1)));
    case "Resize":
    case "Upsample":
      return work(`${q}resize:${node.attributes?.mode ?? "nearest"}`, { elements, times: elements / source });
    case "Transpose":
      return work(`${q}move:Transpose`, { bytes, inner: contiguous(node) });
  }
  if (MOVES.has(node.op)) return work(`${q}move:${node.op}`, { bytes });
  if (node.op.startsWith("Reduce"))
    return work("reduce", { elements: product(inputsOf(node)[0] ?? []), kept: elements });
  return work(`${q}unary:${node.op}`, { elements });
}

/** What a runtime that does not fuse them executes in place of a kernel; undefined for kernels that are one piece anyway. */
export function partsOf(work: Work): Work[] | undefined {
  if (work.kind !== "skiplayernorm") return undefined;
  const elements = (work.dims.rows ?? 1) * (work.dims.columns ?? 1);
  const sum = { elements, other: elements, inner: elements };
  return [
    { ...work, kind: "layernorm" },
    { ...work, kind: "binary:Add", dims: sum, flops: elements, bytes: 12 * elements },
  ];
}

/** Bytes per element below which most of what a kernel touches is integers of 8 bits. */
const NARROW = 2;

/** Key by which the same micro-kernel is found on two devices. */
export function keyOf({ kind, dims }: Pick<Work, "kind" | "dims">): string {
  return `${kind} ${Object.entries(dims)
    .map(([name, size]) => `${name}=${size}`)
    .join(" ")}`;
}

/** The covered node that is most of the kernel's work: a product; else what the kernel is called after; else the last. */
function mainNode(op: string, nodes: readonly ProfileNode[]): ProfileNode {
  const products = nodes.filter((node) => PRODUCTS.has(node.op));
  const largest = products.toSorted((a, b) => b.flops - a.flops)[0];
  const named = nodes.find((node) => op === node.op || op === `QLinear${node.op}` || op.endsWith(node.op));
  const computing = nodes.findLast((node) => !QUANTISING.has(node.op));
  return largest ?? named ?? computing ?? nodes.at(-1)!;
}

/** The node that makes most. */
function largest(nodes: readonly ProfileNode[]): ProfileNode {
  return nodes.toSorted((a, b) => product(outputOf(b)) - product(outputOf(a)))[0]!;
}

/** Elements between floats and integers: four bytes on one side, one on the other; five more for scale and zero point. */
function quantised({ nodes, bytes }: Executed): number {
  const own = nodes.find((node) => QUANTISING.has(node.op) && node.shapes);
  return own ? product(outputOf(own)) : Math.max(1, Math.round(bytes / 5) - 1);
}
