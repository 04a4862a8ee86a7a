import { Problem } from "../formats/problem.ts";
import { type Draft, type DraftNode, type DraftWeight, elements, type TensorType } from "../onnx/index.ts";
import { checkSparsity } from "./sparsity.ts";

/** The prunable axis of a tensor: which channel each index along it is. Channels that must fall together are united. */
interface Channels {
  readonly axis: number;
  readonly ids: readonly number[];
}

/** A weight's axis whose entries belong to channels: what goes when they go. */
interface Slice {
  readonly node: DraftNode;
  readonly input: number;
  readonly axis: number;
  readonly ids: readonly number[];
}

/** Operators that compute each value from the values at its place, constants aside. */
const POINTWISE = new Set(
  "Relu Clip Sigmoid Tanh Erf HardSigmoid HardSwish Gelu LeakyRelu Elu Selu Softplus Mish Sqrt Abs Neg Exp Identity Cast Add Sub Mul Div Pow Max Min PRelu".split(
    " ",
  ),
);
/** Operators that work on each channel of [N, C, …] by itself. */
const PER_CHANNEL = new Set(["MaxPool", "AveragePool", "GlobalAveragePool", "GlobalMaxPool", "LpPool"]);

/**
 * Structured pruning: removes the output channels with the smallest weights, and with them what reads them, so that the
 * graph really shrinks. Channels that meet in sums, gates or depthwise convolutions fall together; channels that an
 * operator unknown to this module uses, or that leave the model, all stay. Li et al., Pruning Filters for Efficient
 * ConvNets (2017); dependencies as in Fang et al., DepGraph (2023).
 * @param types types of the tensors; channels are followed as far as ranks are known
 * @param sparsity share of the channels of each group that goes, in (0, 1); at least one channel stays
 * @returns notes
 * @throws Problem when the sparsity is out of range or no channel can go
 */
export function pruneChannels(draft: Draft, types: ReadonlyMap<string, TensorType>, sparsity: number): string[] {
  checkSparsity(sparsity);
  const flow = new ChannelFlow(draft, types);
  const before = parameters(draft);
  const removed = flow.choose(sparsity);
  if (removed.size === 0)
    throw new Problem(
      "no channel can be pruned: all of them leave the model or are used by operators that need them in full.",
    );
  flow.remove(removed);
  const after = parameters(draft);
  return [
    `${removed.size} of ${flow.count} groups of channels removed: ${after} of ${before} weights are left`,
    "not fine-tuned after pruning: measure the accuracy before use",
  ];
}

function parameters(draft: Draft): number {
  const used = new Set(draft.ordered().flatMap((node) => node.needs()));
  let sum = 0;
  for (const [name, weight] of draft.weights)
    if (used.has(name) && weight.dtype === "float32") sum += elements(weight.shape);
  return sum;
}

class ChannelFlow {
  readonly #channels = new Map<string, Channels>();
  readonly #slices: Slice[] = [];
  readonly #parent: number[] = [];
  readonly #pinned = new Set<number>();
  /** Magnitudes of the filters that make each channel, and the layers that do. */
  readonly #scores: number[] = [];
  readonly #layers: number[] = [];
  readonly #depthwise = new Set<DraftNode>();

  constructor(
    private readonly draft: Draft,
    private readonly types: ReadonlyMap<string, TensorType>,
  ) {
    for (const [layer, node] of draft.ordered().entries()) this.#follow(node, layer);
    for (const output of draft.outputs) this.#pin(output);
  }

  /** Number of groups of channels that fall together. */
  get count(): number {
    return new Set(this.#parent.map((_, id) => this.#root(id))).size;
  }

  /** The channels to remove: of each set of groups made by the same layers the share with the smallest weights. */
  choose(sparsity: number): Set<number> {
    const groups = new Map<number, { score: number; members: number; layers: Set<number> }>();
    const pinned = new Set([...this.#pinned].map((id) => this.#root(id)));
    this.#scores.forEach((score, id) => {
      const root = this.#root(id);
      if (pinned.has(root)) return;
      const group = groups.get(root) ?? { score: 0, members: 0, layers: new Set() };
      group.score += score;
      group.members++;
      group.layers.add(this.#layers[id]!);
      groups.set(root, group);
    });
    const bundles = new Map<string, [root: number, score: number][]>();
    for (const [root, { score, members, layers }] of groups) {
      const key = [...layers].sort((a, b) => a - b).join();
      const bundle = bundles.get(key) ?? [];
      bundle.push([root, score / members]);
      bundles.set(key, bundle);
    }
    const removed = new Set<number>();
    for (const bundle of bundles.values()) {
      const drop = Math.min(bundle.length - 1, Math.round(bundle.length * sparsity));
      for (const [root] of bundle.toSorted((a, b) => a[1] - b[1]).slice(0, drop)) removed.add(root);
    }
    return removed;
  }

  remove(removed: ReadonlySet<number>): void {
    const axes = new Map<DraftNode, Map<number, Map<number, number[]>>>();
    for (const { node, input, axis, ids } of this.#slices) {
      const kept = ids.flatMap((id, index) => (removed.has(this.#root(id)) ? [] : [index]));
      if (kept.length === ids.length) continue;
      const inputs = axes.get(node) ?? new Map<number, Map<number, number[]>>();
      axes.set(node, inputs);
      const cuts = inputs.get(input) ?? new Map<number, number[]>();
      inputs.set(input, cuts);
      cuts.set(axis, kept);
    }
    for (const [node, inputs] of axes)
      for (const [input, cuts] of inputs) {
        const name = node.inputs[input]!;
        node.inputs[input] = sliced(this.draft, name, cuts);
        if (this.#depthwise.has(node) && input === 1) node.set("group", cuts.get(0)!.length);
      }
  }

  #follow(node: DraftNode, layer: number): void {
    const { draft } = this;
    const output = node.outputs[0]!;
    const channels = this.#channels.get(node.inputs[0] ?? "");
    const standard = node.domain === "" && node.captured.length === 0 && node.outputs.filter(Boolean).length === 1;
    if (standard && (node.op === "Conv" || node.op === "ConvTranspose")) this.#convolution(node, layer);
    else if (standard && (node.op === "Gemm" || node.op === "MatMul") && draft.weights.has(node.inputs[1]!))
      this.#product(node, layer);
    else if (!node.needs().some((name) => this.#channels.has(name))) return;
    else if (standard && POINTWISE.has(node.op)) this.#pointwise(node);
    else if (standard && PER_CHANNEL.has(node.op) && channels?.axis === 1) this.#channels.set(output, channels);
    else if (standard && node.op === "BatchNormalization" && channels?.axis === 1) {
      for (const input of [1, 2, 3, 4]) this.#perChannel(node, input, channels.ids);
      this.#channels.set(output, channels);
    } else if (standard && node.op === "Resize" && channels?.axis === 1 && draft.floats(node.inputs[2])?.[1] === 1)
      this.#channels.set(output, channels);
    else if (standard && node.op === "Concat") this.#concat(node);
    else if (standard && node.op === "Flatten" && channels?.axis === 1 && node.int("axis", 1) === 1)
      this.#flatten(node, channels);
    else if (standard && node.op === "Transpose" && channels && node.ints("perm"))
      this.#channels.set(output, { axis: node.ints("perm")!.indexOf(channels.axis), ids: channels.ids });
    else if (standard && node.op === "ReduceMean" && channels && !this.#reduces(node, channels.axis))
      this.#channels.set(output, channels);
    else for (const name of node.needs()) this.#pin(name);
  }

  #convolution(node: DraftNode, layer: number): void {
    const weight = this.draft.weights.get(node.inputs[1]!);
    const input = this.#channels.get(node.inputs[0]!);
    const group = node.int("group", 1);
    const [rows = 0, columns = 0] = weight?.shape ?? [];
    if (weight?.dtype !== "float32" || (input && input.axis !== 1)) {
      for (const name of node.needs()) this.#pin(name);
      return;
    }
    const transposed = node.op === "ConvTranspose";
    if (group === rows && columns === 1 && !transposed && input?.ids.length === rows) {
      // Depthwise: each channel is made of itself.
      this.#depthwise.add(node);
      this.#slices.push({ node, input: 1, axis: 0, ids: input.ids });
      if (node.inputs[2]) this.#perChannel(node, 2, input.ids);
      this.#channels.set(node.outputs[0]!, input);
      return;
    }
    if (group !== 1) {
      for (const name of node.needs()) this.#pin(name);
      return;
    }
    const [inAxis, outAxis] = transposed ? [0, 1] : [1, 0];
    if (input) this.#slices.push({ node, input: 1, axis: inAxis, ids: input.ids });
    const ids = this.#fresh(node.inputs[1]!, weight, outAxis, layer);
    this.#slices.push({ node, input: 1, axis: outAxis, ids });
    if (node.inputs[2]) this.#perChannel(node, 2, ids);
    this.#channels.set(node.outputs[0]!, { axis: 1, ids });
  }

  /** An input with one number per channel: it loses them with the channels, which all stay where it is computed. */
  #perChannel(node: DraftNode, input: number, ids: readonly number[]): void {
    if (this.draft.weights.has(node.inputs[input]!)) this.#slices.push({ node, input, axis: 0, ids });
    else for (const id of ids) this.#pinned.add(id);
  }

  #product(node: DraftNode, layer: number): void {
    const weight = this.draft.weights.get(node.inputs[1]!)!;
    const input = this.#channels.get(node.inputs[0]!);
    const rank = this.types.get(node.outputs[0]!)?.shape.length ?? (node.op === "Gemm" ? 2 : undefined);
    const plain = weight.dtype === "float32" && weight.shape.length === 2 && rank !== undefined;
    if (!plain || node.int("transA", 0) || (input && input.axis !== rank - 1)) {
      for (const name of node.needs()) this.#pin(name);
      return;
    }
    const [inAxis, outAxis] = node.op === "Gemm" && node.int("transB", 0) ? [1, 0] : [0, 1];
    if (input) this.#slices.push({ node, input: 1, axis: inAxis, ids: input.ids });
    const ids = this.#fresh(node.inputs[1]!, weight, outAxis, layer);
    this.#slices.push({ node, input: 1, axis: outAxis, ids });
    if (node.op === "Gemm" && node.inputs[2]) {
      const bias = this.draft.weights.get(node.inputs[2]);
      const last = (bias?.shape.length ?? 0) - 1;
      if (bias?.shape[last] === ids.length) this.#slices.push({ node, input: 2, axis: last, ids });
      else if (!bias || elements(bias.shape) !== 1) for (const id of ids) this.#pinned.add(id);
    }
    this.#channels.set(node.outputs[0]!, { axis: rank - 1, ids });
  }

  #pointwise(node: DraftNode): void {
    const { draft } = this;
    const carried = node.inputs.filter((name) => name !== "" && !draft.weights.has(name));
    const rankOf = (name: string) => this.types.get(name)?.shape.length ?? draft.weights.get(name)?.shape.length;
    const [first, ...others] = carried.map((name) => this.#channels.get(name));
    const rank = rankOf(carried[0]!);
    const aligned = others.every(
      (other, index) =>
        other &&
        other.axis === first?.axis &&
        other.ids.length === first.ids.length &&
        rankOf(carried[index + 1]!) === rank,
    );
    if (!first || !aligned) {
      for (const name of carried) this.#pin(name);
      return;
    }
    for (const other of others) for (const [index, id] of other!.ids.entries()) this.#unite(first.ids[index]!, id);
    const constants = node.inputs.flatMap((name, input) => (draft.weights.has(name) ? [{ name, input }] : []));
    for (const { name, input } of constants) {
      const { shape } = draft.weights.get(name)!;
      if (elements(shape) === 1) continue;
      const axis = rank === undefined ? Number.NaN : first.axis - rank + shape.length;
      if (axis < 0 || shape[axis] === 1) continue;
      if (shape[axis] === first.ids.length) this.#slices.push({ node, input, axis, ids: first.ids });
      else for (const tensor of carried) this.#pin(tensor);
    }
    this.#channels.set(node.outputs[0]!, first);
  }

  #concat(node: DraftNode): void {
    const parts = node.inputs.map((name) => this.#channels.get(name));
    const first = parts.find((part) => part !== undefined)!;
    const rank = this.types.get(node.inputs[0]!)?.shape.length;
    const along = node.int("axis", 0);
    const axis = along < 0 ? along + (rank ?? Number.NaN) : along;
    if (Number.isNaN(axis) || !parts.every((part) => part && part.axis === first.axis)) {
      for (const name of node.needs()) this.#pin(name);
      return;
    }
    const known = parts as Channels[];
    if (axis !== first.axis) {
      for (const part of known) for (const [index, id] of part.ids.entries()) this.#unite(first.ids[index]!, id);
      this.#channels.set(node.outputs[0]!, first);
    } else this.#channels.set(node.outputs[0]!, { axis, ids: known.flatMap(({ ids }) => ids) });
  }

  /** [N, C, H, W] to [N, C·H·W]: each channel becomes a run of features. */
  #flatten(node: DraftNode, { ids }: Channels): void {
    const rest = this.types.get(node.inputs[0]!)?.shape.slice(2);
    if (!rest?.every((size) => typeof size === "number")) {
      this.#pin(node.inputs[0]!);
      return;
    }
    const size = elements(rest as number[]);
    this.#channels.set(node.outputs[0]!, { axis: 1, ids: ids.flatMap((id) => Array<number>(size).fill(id)) });
  }

  #reduces(node: DraftNode, axis: number): boolean {
    const axes = node.ints("axes") ?? this.draft.integers(node.inputs[1]);
    return !axes || node.int("keepdims", 1) !== 1 || axes.some((reduced) => reduced < 0 || reduced === axis);
  }

  #fresh(name: string, weight: DraftWeight, axis: number, layer: number): number[] {
    const values = this.draft.floats(name)!;
    const channels = weight.shape[axis]!;
    const inner = elements(weight.shape.slice(axis + 1));
    const sums = new Float64Array(channels);
    for (let index = 0; index < values.length; index++)
      sums[Math.floor(index / inner) % channels]! += Math.abs(values[index]!);
    // Relative to the layer's mean, so that layers whose channels fall together speak with one voice each.
    const mean = sums.reduce((sum, value) => sum + value, 0) / channels || 1;
    return Array.from(sums, (sum) => {
      const id = this.#parent.length;
      this.#parent.push(id);
      this.#scores.push(sum / mean);
      this.#layers.push(layer);
      return id;
    });
  }

  #pin(name: string): void {
    for (const id of this.#channels.get(name)?.ids ?? []) this.#pinned.add(id);
  }

  #unite(one: number, other: number): void {
    this.#parent[this.#root(other)] = this.#root(one);
  }

  #root(id: number): number {
    let root = id;
    while (this.#parent[root] !== root) root = this.#parent[root]!;
    this.#parent[id] = root;
    return root;
  }
}

/** A copy of a weight with only the kept entries along some axes. */
function sliced(draft: Draft, name: string, cuts: ReadonlyMap<number, readonly number[]>): string {
  let { shape } = draft.weights.get(name)!;
  let values = draft.floats(name)!;
  for (const [axis, kept] of cuts) {
    const inner = elements(shape.slice(axis + 1));
    const channels = shape[axis]!;
    const outer = values.length / (channels * inner);
    const next = new Float32Array(outer * kept.length * inner);
    for (let o = 0, to = 0; o < outer; o++)
      for (const channel of kept) {
        const from = (o * channels + channel) * inner;
        next.set(values.subarray(from, from + inner), to);
        to += inner;
      }
    values = next;
    shape = shape.map((size, index) => (index === axis ? kept.length : size));
  }
  return draft.constant(`${name}.pruned`, "float32", shape, values);
}
