import type { ProfileNode } from "../formats/profile.ts";

/** Sizes read off a node's shapes and attributes: those that decide how long its kernel takes. */
export type Sizes = Readonly<Record<string, number>>;

/** What ONNX Runtime makes part of the convolution before it. */
export const ACTIVATIONS: ReadonlySet<string> = new Set([
  "Relu",
  "Clip",
  "LeakyRelu",
  "Sigmoid",
  "Tanh",
  "HardSigmoid",
]);

/**
 * Class of a convolution, without what it computes in, and its sizes.
 * @param integers whether it computes in integers: these are rounded and cut off in any case, with an activation or without
 */
export function convolution(
  node: ProfileNode,
  fused: readonly ProfileNode[],
  integers: boolean,
): [kind: string, Sizes] {
  const output = outputOf(node);
  const channels = inputsOf(node)[0]?.[1] ?? 1;
  const out = output[1] ?? 1;
  const groups = Number(node.attributes?.group ?? 1);
  const sizes = {
    kernel: product(ints(node, "kernel_shape") ?? inputsOf(node)[1]?.slice(2) ?? []),
    stride: product(ints(node, "strides") ?? [1]),
    pixels: product(output.slice(2)),
    // A plain layout gathers what a window covers row by row: a few long rows take less than many short ones.
    width: output.slice(2).at(-1) ?? 1,
    // It passes over the result once more for an activation.
    ...(integers ? {} : { activation: fused.some(({ op }) => ACTIVATIONS.has(op)) ? 1 : 0 }),
  };
  if (groups > 1 && groups === channels && groups === out) return ["depthwise", { channels, ...sizes }];
  if (groups > 1) return ["grouped", { groups, in: channels / groups, out: out / groups, ...sizes }];
  // A fused addition reads another tensor.
  const sum = fused.some(({ op }) => op === "Add" || op === "Sum") ? 1 : 0;
  return ["conv", { in: channels, out, ...sizes, sum }];
}

export function transposedConvolution(node: ProfileNode): Sizes {
  const input = inputsOf(node)[0] ?? [];
  return {
    in: input[1] ?? 1,
    out: outputOf(node)[1] ?? 1,
    kernel: product(ints(node, "kernel_shape") ?? inputsOf(node)[1]?.slice(2) ?? []),
    stride: product(ints(node, "strides") ?? [1]),
    pixels: product(input.slice(2)),
  };
}

export function matrices(node: ProfileNode): Sizes {
  const [a = [], b = []] = inputsOf(node).map((shape) => shape ?? []);
  const output = outputOf(node);
  const k = (node.attributes?.transA === 1 ? a[0] : a.at(-1)) ?? 1;
  const n = output.at(-1) ?? 1;
  const batch = b.length > 2 ? product(b.slice(0, -2)) : 1;
  return { m: Math.max(1, product(output) / n / batch), k, n, batch, constant: b.length > 2 ? 0 : 1 };
}

export function pool(node: ProfileNode): Sizes {
  const output = outputOf(node);
  return {
    channels: output[1] ?? 1,
    kernel: product(ints(node, "kernel_shape") ?? []),
    stride: product(ints(node, "strides") ?? [1]),
    pixels: product(output.slice(2)),
  };
}

/** How the smaller operand is spread over the larger: its elements, and how far it runs, or stands still, at a time. */
export function broadcast(node: ProfileNode): Sizes {
  const output = outputOf(node);
  const elements = product(output);
  const smallest = inputsOf(node)
    .filter((shape) => shape !== null)
    .toSorted((a, b) => product(a) - product(b))[0];
  const other = smallest ? product(smallest) : 1;
  if (!smallest || other === elements || other === 1) return { elements, other, inner: elements };
  const padded = [...Array<number>(Math.max(0, output.length - smallest.length)).fill(1), ...smallest];
  const still = padded.at(-1) === 1;
  let inner = 1;
  for (let axis = output.length - 1; axis >= 0 && (padded[axis] === 1) === still; axis--) inner *= output[axis]!;
  return { elements, other, inner };
}

export function rows(node: ProfileNode, axis: number): Sizes {
  const output = outputOf(node);
  const columns = output.at(axis) ?? 1;
  return { rows: product(output) / Math.max(1, columns), columns };
}

/** Elements that a transposition moves in one piece. */
export function contiguous(node: ProfileNode): number {
  const shape = inputsOf(node)[0] ?? [];
  const perm = ints(node, "perm") ?? shape.map((_, axis) => shape.length - 1 - axis);
  let inner = 1;
  for (let axis = perm.length - 1; axis >= 0 && perm[axis] === axis; axis--) inner *= shape[axis] ?? 1;
  return inner;
}

/** Elements that a node reads and writes. */
export function touched(node: ProfileNode): number {
  return inputsOf(node).reduce((sum, shape) => sum + (shape ? product(shape) : 0), product(outputOf(node)));
}

export function inputsOf(node: ProfileNode): readonly (readonly number[] | null)[] {
  return node.shapes?.inputs ?? [];
}

export function outputOf(node: ProfileNode): readonly number[] {
  return node.shapes?.output ?? [];
}

export function product(sizes: readonly number[]): number {
  return sizes.reduce((total, size) => total * size, 1);
}

function ints(node: ProfileNode, name: string): readonly number[] | undefined {
  const value = node.attributes?.[name];
  return Array.isArray(value) ? value : undefined;
}
