import { type Draft, type DraftNode, elements, type TensorType } from "../onnx/index.ts";

/**
 * Folds what scales and shifts each channel of a convolution's result (BatchNormalization, Mul and Add with constants)
 * into its weights, as the runtime does for float models: quantisation between them would keep it from doing so.
 * Jacob et al., Quantization and Training of Neural Networks (2018), 3.2.
 * @returns a note where something was folded
 */
export function foldIntoConvolutions(draft: Draft): string[] {
  let folded = 0;
  const users = draft.users();
  for (const start of draft.nodes) {
    if (!channelAxis(start)) continue;
    for (;;) {
      const output = start.outputs[0]!;
      const next = users.get(output);
      if (next?.length !== 1 || draft.isOutput(output)) break;
      const affine = channelAffine(
        draft,
        next[0]!,
        output,
        draft.weights.get(start.inputs[1]!)?.shape ?? [],
        channelAxis(start)!.axis,
      );
      if (!affine || !scaleConvolution(draft, start, affine)) break;
      start.outputs = [next[0]!.outputs[0]!];
      next[0]!.outputs = [];
      draft.nodes.splice(draft.nodes.indexOf(next[0]!), 1);
      folded++;
    }
  }
  return folded > 0 ? [`${folded} nodes that scale or shift channels folded into convolutions`] : [];
}

/** Where a convolution's weight has its output channels; undefined for other nodes and grouped transposed ones. */
function channelAxis(node: DraftNode): { axis: 0 | 1 } | undefined {
  if (node.domain !== "") return undefined;
  if (node.op === "Conv") return { axis: 0 };
  return node.op === "ConvTranspose" && node.int("group", 1) === 1 ? { axis: 1 } : undefined;
}

interface Affine {
  readonly scale: Float32Array;
  readonly shift: Float32Array;
}

/**
 * What a node does to its input as a scale and a shift per channel, or undefined if it does something else.
 * @param weight shape of the weight of the convolution that makes the input; its rank is the input's
 * @param axis the weight's axis of the output channels
 */
function channelAffine(
  draft: Draft,
  node: DraftNode,
  input: string,
  weight: readonly number[],
  axis: 0 | 1,
): Affine | undefined {
  const channels = weight[axis] ?? 0;
  if (node.domain !== "" || node.outputs.length !== 1) return undefined;
  if (node.op === "BatchNormalization") {
    const [gamma, beta, mean, variance] = node.inputs.slice(1).map((name) => draft.floats(name));
    if (!gamma || !beta || !mean || !variance || gamma.length !== channels) return undefined;
    const epsilon = node.float("epsilon", 1e-5);
    const scale = gamma.map((value, index) => value / Math.sqrt(variance[index]! + epsilon));
    return { scale, shift: beta.map((value, index) => value - mean[index]! * scale[index]!) };
  }
  if (node.op !== "Mul" && node.op !== "Add") return undefined;
  const other = node.inputs[0] === input ? node.inputs[1]! : node.inputs[0]!;
  const values = perChannel(draft, other, channels, weight.length);
  if (!values) return undefined;
  return node.op === "Mul"
    ? { scale: values, shift: new Float32Array(channels) }
    : { scale: new Float32Array(channels).fill(1), shift: values };
}

/** A constant that broadcasts over [N, channels, …] of some rank with one value per channel, spread out; undefined for others. */
function perChannel(draft: Draft, name: string, channels: number, rank: number): Float32Array | undefined {
  const values = draft.floats(name);
  const shape = draft.weights.get(name)?.shape;
  if (!values || !shape) return undefined;
  if (values.length === 1 && shape.length <= rank) return new Float32Array(channels).fill(values[0]!);
  // Shapes line up from the last axis on: a shorter one would line up with the picture's axes.
  const along = shape.length === rank ? 1 : shape.length === rank - 1 ? 0 : -1;
  return shape[along] === channels && values.length === channels ? values : undefined;
}

function scaleConvolution(draft: Draft, node: DraftNode, { scale, shift }: Affine): boolean {
  const [, weightName, biasName] = node.inputs;
  const { axis } = channelAxis(node)!;
  const weight = draft.weights.get(weightName!);
  const values = draft.floats(weightName);
  const bias = biasName ? draft.floats(biasName) : new Float32Array(scale.length);
  if (!weight || !values || !bias || scale.length !== weight.shape[axis]) return false;
  const size = elements(weight.shape.slice(axis + 1));
  if (scale.some((factor) => factor !== 1)) {
    const scaled = values.map((value, index) => value * scale[Math.floor(index / size) % scale.length]!);
    node.inputs[1] = draft.constant(`${weightName}.folded`, "float32", weight.shape, scaled);
  }
  const moved = bias.map((value, index) => value * scale[index]! + shift[index]!);
  node.inputs[2] = draft.constant(`${biasName || weightName}.bias`, "float32", [scale.length], moved);
  return true;
}

/**
 * Writes a transposed convolution whose kernel is its stride (an upsampling without overlap) as a 1×1 convolution and a
 * DepthToSpace, which compute the same and which the runtime has integer kernels for.
 * @param excluded names of nodes that stay as they are
 * @returns a note where something was rewritten
 */
export function rewriteUpsampling(draft: Draft, excluded: ReadonlySet<string>): string[] {
  let rewritten = 0;
  for (const node of [...draft.nodes]) {
    if (node.op !== "ConvTranspose" || node.domain !== "" || excluded.has(node.name)) continue;
    const weight = draft.weights.get(node.inputs[1]!);
    const values = draft.floats(node.inputs[1]);
    const bias = node.inputs[2] ? draft.floats(node.inputs[2]) : undefined;
    const [inside, outside, height, width] = weight?.shape ?? [];
    const plain = (name: string, value: number) => (node.ints(name) ?? []).every((entry) => entry === value);
    if (!values || !weight || weight.shape.length !== 4 || (node.inputs[2] && !bias)) continue;
    if (height !== width || node.int("group", 1) !== 1 || node.has("output_shape")) continue;
    if (!(node.ints("strides") ?? [1]).every((stride) => stride === height)) continue;
    if (!plain("pads", 0) || !plain("output_padding", 0) || !plain("dilations", 1)) continue;
    if (node.text("auto_pad", "NOTSET") !== "NOTSET") continue;
    const area = height! * width!;
    // [in, out, h, w] becomes [out·h·w, in, 1, 1]: DepthToSpace in its CRD mode takes depth apart as out, h, w.
    const turned = new Float32Array(values.length);
    const rows = outside! * area;
    for (let i = 0; i < inside!; i++)
      for (let row = 0; row < rows; row++) turned[row * inside! + i] = values[i * rows + row]!;
    const inputs = [
      node.inputs[0]!,
      draft.constant(`${node.inputs[1]}.pointwise`, "float32", [rows, inside!, 1, 1], turned),
    ];
    if (bias)
      inputs.push(
        draft.constant(
          `${node.inputs[2]}.repeated`,
          "float32",
          [rows],
          Float32Array.from({ length: rows }, (_, row) => bias[Math.floor(row / area)]!),
        ),
      );
    const spread = draft.add("Conv", `${node.name}/pointwise`, inputs, { kernel_shape: [1, 1], group: 1 });
    draft.add("DepthToSpace", `${node.name}/spread`, [spread], { blocksize: height!, mode: "CRD" });
    draft.nodes.at(-1)!.outputs = [node.outputs[0]!];
    draft.nodes.splice(draft.nodes.indexOf(node), 1);
    rewritten++;
  }
  return rewritten > 0
    ? [`${rewritten} transposed convolutions without overlap written as 1×1 convolution and DepthToSpace`]
    : [];
}

/**
 * Prepares biases that are added behind matrix products: of products of matrices they become a Gemm's bias, which has an
 * integer kernel; of products of higher rank they get leading dimensions of 1, because the runtime would else fuse them
 * into a Gemm of float bias, for which it has none.
 * @param types types of the tensors; products of unknown rank are left as they are
 * @param excluded names of nodes that stay as they are
 */
export function prepareBiases(
  draft: Draft,
  types: ReadonlyMap<string, TensorType>,
  excluded: ReadonlySet<string>,
): void {
  const users = draft.users();
  for (const product of draft.nodes) {
    const weight = draft.weights.get(product.inputs[1] ?? "");
    if (product.op !== "MatMul" || product.domain !== "" || weight?.shape.length !== 2) continue;
    if (excluded.has(product.name)) continue;
    const output = product.outputs[0]!;
    const [sum, ...others] = users.get(output) ?? [];
    if (!sum || others.length > 0 || sum.op !== "Add" || draft.isOutput(output)) continue;
    const at = sum.inputs[0] === output ? 1 : 0;
    const bias = sum.inputs[at]!;
    const values = draft.floats(bias);
    const rank = types.get(output)?.shape.length ?? 0;
    if (!values || draft.weights.get(bias)!.shape.length !== 1 || values.length !== weight.shape[1]) continue;
    if (rank === 2) {
      product.op = "Gemm";
      product.inputs.push(bias);
      product.outputs = sum.outputs;
      draft.nodes.splice(draft.nodes.indexOf(sum), 1);
    } else if (rank > 2)
      sum.inputs[at] = draft.constant(`${bias}.raised`, "float32", [...Array(rank - 1).fill(1), values.length], values);
  }
}
