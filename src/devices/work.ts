import type { ProfileNode } from "../formats/profile.ts";

/**
 * What a kernel does, in the terms in which devices are compared: its class, and the few sizes that decide its time
 * within the class (as nn-Meter sorts kernels; Zhang et al., MobiSys 2021).
 */
export interface Work {
  readonly kind: string;
  readonly dims: Readonly<Record<string, number>>;
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
const INTEGER = /^(QLinear|QGemm|MatMulInteger|ConvInteger|DynamicQuantize|QuantizeLinear|DequantizeLinear)/;
const VIEWS = new Set(["Reshape", "Squeeze", "Unsqueeze", "Flatten", "Identity", "Shape", "Size", "Dropout"]);
const BINARY = new Set(["Add", "Sub", "Mul", "Div", "Max", "Min", "Pow", "PRelu"]);
const MOVES = new Set([
  ...["Concat", "Split", "Slice", "Pad", "Expand", "Gather", "Tile", "Cast", "Where", "ConstantOfShape"],
  ...["DepthToSpace", "SpaceToDepth"],
]);

/**
 * Describes a kernel.
 * @returns undefined where the profile does not hold the shapes that the description needs
 */
export function workOf(kernel: Executed): Work | undefined {
  const op = kernel.op.replace(/^.*\./, "");
  const { flops, bytes } = kernel;
  const dtype = INTEGER.test(op) ? ("int8" as const) : ("float32" as const);
  const work = (kind: string, dims: Record<string, number>): Work => ({ kind, dims, dtype, flops, bytes });
  // Layout changes cover no node, or one that they were taken for a part of.
  const layout = kernel.nodes.length === 0 || (op === "Transpose" && kernel.nodes.every((node) => node.op !== op));
  if (layout) return work(`reorder:${op}`, { bytes });
  const node = mainNode(op, kernel.nodes);
  if (!node.shapes) return undefined;
  const q = dtype === "int8" ? "q" : "";
  const output = node.shapes.output;
  const elements = product(output);
  if (node.op === "Conv" || node.op === "ConvInteger") return work(...convolution(node, kernel.nodes, q));
  if (node.op === "ConvTranspose") return work(...transposedConvolution(node, q));
  if (PRODUCTS.has(node.op)) return work(q ? `qmatmul:${op}` : "matmul", matrices(node));
  if (QUANTISING.has(node.op)) return work(node.op, { elements });
  if (VIEWS.has(node.op)) return work("view", { rank: output.length });
  if (BINARY.has(node.op)) {
    const family = /^(Add|Sub|Mul|Max|Min)$/.test(node.op) ? "Add" : node.op;
    return work(`${q}binary:${family}`, { elements, ...broadcast(node) });
  }
  switch (node.op) {
    case "MaxPool":
    case "AveragePool":
      return work(`${q}pool:${node.op}`, {
        channels: output[1] ?? 1,
        kernel: product(ints(node, "kernel_shape") ?? []),
        stride: product(ints(node, "strides") ?? [1]),
        pixels: product(output.slice(2)),
      });
    case "GlobalAveragePool":
    case "GlobalMaxPool":
      return work(`${q}globalpool`, { channels: output[1] ?? 1, pixels: product((inputs(node)[0] ?? []).slice(2)) });
    case "Softmax":
    case "LogSoftmax":
      return work(`${q}softmax`, rows(node, Number(node.attributes?.axis ?? -1)));
    case "LayerNormalization":
    case "SimplifiedLayerNormalization":
      return work("layernorm", rows(node, -1));
    case "Resize":
    case "Upsample":
      return work(`${q}resize:${node.attributes?.mode ?? "nearest"}`, { elements });
    case "Transpose":
      return work("move:Transpose", { bytes, inner: contiguous(node) });
  }
  if (MOVES.has(node.op)) return work(`move:${node.op}`, { bytes });
  if (node.op.startsWith("Reduce")) return work("reduce", { elements: product(inputs(node)[0] ?? []), kept: elements });
  return work(`${q}unary:${node.op}`, { elements });
}

/** Key by which the same micro-kernel is found on two devices. */
export function keyOf({ kind, dims }: Pick<Work, "kind" | "dims">): string {
  return `${kind} ${Object.entries(dims)
    .map(([name, size]) => `${name}=${size}`)
    .join(" ")}`;
}

/** The covered node that is most of the kernel's work: a product; else what the kernel is called after; else the last. */
export function mainNode(op: string, nodes: readonly ProfileNode[]): ProfileNode {
  const products = nodes.filter((node) => PRODUCTS.has(node.op));
  const largest = products.toSorted((a, b) => b.flops - a.flops)[0];
  const named = nodes.find((node) => op === node.op || op === `QLinear${node.op}` || op.endsWith(node.op));
  const computing = nodes.findLast((node) => !QUANTISING.has(node.op));
  return largest ?? named ?? computing ?? nodes.at(-1)!;
}

function convolution(node: ProfileNode, nodes: readonly ProfileNode[], q: string): [string, Record<string, number>] {
  const output = node.shapes!.output;
  const channels = inputs(node)[0]?.[1] ?? 1;
  const out = output[1] ?? 1;
  const groups = Number(node.attributes?.group ?? 1);
  const sizes = {
    kernel: product(ints(node, "kernel_shape") ?? inputs(node)[1]?.slice(2) ?? []),
    stride: product(ints(node, "strides") ?? [1]),
    pixels: product(output.slice(2)),
  };
  if (groups > 1 && groups === channels && groups === out) return [`${q}depthwise`, { channels, ...sizes }];
  if (groups > 1) return [`${q}grouped`, { groups, in: channels / groups, out: out / groups, ...sizes }];
  // A fused addition reads another tensor.
  const sum = nodes.some((other) => other.op === "Add" || other.op === "Sum") ? 1 : 0;
  return [`${q}conv`, { in: channels, out, ...sizes, sum }];
}

function transposedConvolution(node: ProfileNode, q: string): [string, Record<string, number>] {
  const input = inputs(node)[0] ?? [];
  return [
    `${q}deconv`,
    {
      in: input[1] ?? 1,
      out: node.shapes!.output[1] ?? 1,
      kernel: product(ints(node, "kernel_shape") ?? inputs(node)[1]?.slice(2) ?? []),
      stride: product(ints(node, "strides") ?? [1]),
      pixels: product(input.slice(2)),
    },
  ];
}

function matrices(node: ProfileNode): Record<string, number> {
  const [a = [], b = []] = inputs(node).map((shape) => shape ?? []);
  const output = node.shapes!.output;
  const k = (node.attributes?.transA === 1 ? a[0] : a.at(-1)) ?? 1;
  const n = output.at(-1) ?? 1;
  const batch = b.length > 2 ? product(b.slice(0, -2)) : 1;
  return { m: Math.max(1, product(output) / n / batch), k, n, batch, constant: b.length > 2 ? 0 : 1 };
}

/** How the smaller operand is spread over the larger: its elements, and how far it runs, or stands still, at a time. */
function broadcast(node: ProfileNode): { other: number; inner: number } {
  const output = node.shapes!.output;
  const elements = product(output);
  const smallest = inputs(node)
    .filter((shape) => shape !== null)
    .toSorted((a, b) => product(a) - product(b))[0];
  const other = smallest ? product(smallest) : 1;
  if (!smallest || other === elements || other === 1) return { other, inner: elements };
  const padded = [...Array<number>(Math.max(0, output.length - smallest.length)).fill(1), ...smallest];
  const still = padded.at(-1) === 1;
  let inner = 1;
  for (let axis = output.length - 1; axis >= 0 && (padded[axis] === 1) === still; axis--) inner *= output[axis]!;
  return { other, inner };
}

function rows(node: ProfileNode, axis: number): { rows: number; columns: number } {
  const output = node.shapes!.output;
  const columns = output.at(axis) ?? 1;
  return { rows: product(output) / Math.max(1, columns), columns };
}

/** Elements that a transposition moves in one piece. */
function contiguous(node: ProfileNode): number {
  const shape = inputs(node)[0] ?? [];
  const perm = ints(node, "perm") ?? shape.map((_, axis) => shape.length - 1 - axis);
  let inner = 1;
  for (let axis = perm.length - 1; axis >= 0 && perm[axis] === axis; axis--) inner *= shape[axis] ?? 1;
  return inner;
}

function inputs(node: ProfileNode): readonly (readonly number[] | null)[] {
  return node.shapes?.inputs ?? [];
}

function ints(node: ProfileNode, name: string): readonly number[] | undefined {
  const value = node.attributes?.[name];
  return Array.isArray(value) ? value : undefined;
}

function product(sizes: readonly number[]): number {
  return sizes.reduce((total, size) => total * size, 1);
}
