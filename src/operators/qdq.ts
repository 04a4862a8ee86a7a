import { type Draft, type DraftNode, elements } from "../onnx/index.ts";
import { type ActivationType, type Affine, affineOf, quantiseWeight, type Range, roundHalfEven } from "./affine.ts";
import type { QdqPlan } from "./qdqplan.ts";

export interface QdqOptions {
  readonly activations: ActivationType;
  /** 7 keeps pairs of products from saturating on processors without dot-product instructions. */
  readonly weightBits: 7 | 8;
  /** Called now and then with the share of weights that are done, in [0, 1]. */
  readonly onProgress?: (share: number) => void;
}

/**
 * Writes a plan into the draft: QuantizeLinear behind what makes a quantised tensor, DequantizeLinear before each of its
 * users, weights as int8 with a DequantizeLinear, biases as int32 of scale input × weight. The result is what the runtime
 * recognises as integer kernels, and what travels between QuantizeLinear and DequantizeLinear is one byte an element.
 * @param ranges smallest and largest value of each tensor in `plan.rangeOf`'s values
 */
export function writeQdq(draft: Draft, plan: QdqPlan, ranges: ReadonlyMap<string, Range>, options: QdqOptions): void {
  const writer = new Writer(draft, plan, ranges, options);
  dropAbsorbed(draft, plan);
  writer.weights();
  writer.tensors();
}

/** Takes out rectifiers before quantisation: its saturation at the zero point and at the range's end does the same. */
function dropAbsorbed(draft: Draft, { absorbed }: QdqPlan): void {
  const makers = draft.producers();
  for (const node of absorbed) {
    const maker = makers.get(node.inputs[0]!)!;
    maker.outputs = maker.outputs.map((name) => (name === node.inputs[0] ? node.outputs[0]! : name));
    makers.set(node.outputs[0]!, maker);
  }
  draft.nodes.splice(0, draft.nodes.length, ...draft.nodes.filter((node) => !absorbed.has(node)));
}

class Writer {
  readonly #affine = new Map<string, { scale: string; zeroPoint: string; value: number }>();

  constructor(
    private readonly draft: Draft,
    private readonly plan: QdqPlan,
    private readonly ranges: ReadonlyMap<string, Range>,
    private readonly options: QdqOptions,
  ) {}

  weights(): void {
    const { nodes } = this.plan;
    let done = 0;
    for (const [node, kind] of nodes) {
      if (kind === "weighted") this.#weight(node);
      if (kind === "elementwise") this.#constants(node);
      this.options.onProgress?.(++done / nodes.size);
    }
  }

  tensors(): void {
    const { draft, plan } = this;
    const bytes = new Map<string, string>();
    const makers = draft.producers();
    const usersOf = draft.users();
    // Products with a number live on in the scale alone.
    draft.nodes.splice(0, draft.nodes.length, ...draft.nodes.filter((node) => plan.nodes.get(node) !== "rescale"));
    for (const tensor of [...plan.fed, ...plan.made]) {
      const maker = makers.get(tensor);
      const users = usersOf.get(tensor) ?? [];
      const made = plan.made.has(tensor);
      let source = tensor;
      if (made && draft.isOutput(tensor)) {
        source = draft.fresh(`${tensor}.float`);
        maker!.outputs = maker!.outputs.map((name) => (name === tensor ? source : name));
      }
      const parameters = this.#parameters(plan.rangeOf.get(tensor)!);
      const scaled = plan.scaledFrom.get(tensor);
      const quantised = scaled
        ? bytes.get(scaled.tensor)!
        : draft.add("QuantizeLinear", `${maker?.name ?? tensor}/Q`, [source, ...parameters]);
      bytes.set(tensor, quantised);
      const dequantise = (wish: string) => draft.add("DequantizeLinear", wish, [quantised, ...parameters]);
      for (const user of users) {
        if (plan.nodes.get(user) === "rescale") continue;
        if (!made && !plan.nodes.has(user)) continue;
        // What asks for a shape needs no values.
        const given =
          user.op === "Shape"
            ? quantised
            : (this.#perChannel(user, tensor, quantised) ?? dequantise(`${user.name}/DQ`));
        user.inputs = user.inputs.map((name) => (name === tensor ? given : name));
      }
      if (source !== tensor) {
        dequantise(`${maker!.name}/DQ`);
        draft.nodes.at(-1)!.outputs = [tensor];
      }
    }
  }

  /**
   * Dequantises with one and the same scale for each channel, for nodes with weights that are to stay float: with a single
   * scale the runtime would take the pattern for a quantised node whose weights were forgotten, and quantise them itself
   * (its WeightBiasQuantization). Undefined where a single scale does no harm.
   */
  #perChannel(user: DraftNode, tensor: string, quantised: string): string | undefined {
    const { draft, plan, options } = this;
    if (plan.nodes.has(user) || user.inputs[0] !== tensor || !["Conv", "ConvTranspose", "Gemm"].includes(user.op))
      return undefined;
    if (user.op === "Gemm" && user.int("transA", 0) !== 0) return undefined;
    const [rows = 1, columns = 1] = draft.weights.get(user.inputs[1]!)?.shape ?? [];
    const transposed = user.op === "Gemm" ? user.int("transB", 0) === 0 : user.op === "ConvTranspose";
    const channels = transposed ? rows : columns * user.int("group", 1);
    const { scale, zeroPoint } = this.#affineOf(plan.rangeOf.get(tensor)!);
    return draft.add(
      "DequantizeLinear",
      `${user.name}/DQ`,
      [
        quantised,
        draft.constant(`${tensor}.scales`, "float32", [channels], new Float32Array(channels).fill(scale)),
        draft.constant(
          `${tensor}.zero_points`,
          options.activations,
          [channels],
          this.#bytes(Array<number>(channels).fill(zeroPoint)),
        ),
      ],
      { axis: 1 },
    );
  }

  #affineOf(key: string): Affine {
    const scaled = this.plan.scaledFrom.get(key);
    if (scaled) {
      const { scale, zeroPoint } = this.#affineOf(this.plan.rangeOf.get(scaled.tensor)!);
      return { scale: Math.fround(scale * scaled.factor), zeroPoint };
    }
    const range = this.ranges.get(key);
    if (!range) throw new Error(`no range was measured for tensor '${key}'`);
    const floor = this.plan.floorOf.get(key) ?? Number.NEGATIVE_INFINITY;
    return affineOf({ min: Math.max(range.min, floor), max: range.max }, this.options.activations);
  }

  /** Names of scale and zero point for a range. */
  #parameters(key: string): [string, string] {
    const { draft, options } = this;
    let found = this.#affine.get(key);
    if (!found) {
      const { scale, zeroPoint } = this.#affineOf(key);
      found = {
        scale: draft.constant(`${key}.scale`, "float32", [], Float32Array.of(scale)),
        zeroPoint: draft.constant(`${key}.zero_point`, options.activations, [], this.#bytes([zeroPoint])),
        value: scale,
      };
      this.#affine.set(key, found);
    }
    return [found.scale, found.zeroPoint];
  }

  #bytes(values: readonly number[]): Uint8Array | Int8Array {
    return this.options.activations === "uint8" ? Uint8Array.from(values) : Int8Array.from(values);
  }

  #weight(node: DraftNode): void {
    const { draft, plan, options } = this;
    const [data, name, bias] = node.inputs;
    const { shape } = draft.weights.get(name!)!;
    const axis = node.op === "Conv" || (node.op === "Gemm" && node.int("transB", 0) === 1) ? 0 : 1;
    const key = plan.rangeOf.get(data!)!;
    this.#parameters(key);
    const inputScale = this.#affine.get(key)!.value;
    const biases = bias && node.op !== "MatMul" ? draft.floats(bias) : undefined;
    const { values, scales } = quantiseWeight(draft.floats(name)!, shape, axis, options.weightBits, (channel) =>
      // A bias beside tiny weights would not fit 32 bits.
      biases ? Math.abs(biases[channel]!) / (inputScale * 2 ** 30) : 0,
    );
    const channels = scales.length;
    const scale = draft.constant(`${name}.scale`, "float32", [channels], scales);
    node.inputs[1] = this.#dequantised(
      node,
      "weight",
      [
        draft.constant(`${name}.int8`, "int8", shape, values),
        scale,
        draft.constant(`${name}.zero_point`, "int8", [channels], new Int8Array(channels)),
      ],
      axis,
    );
    if (!biases) return;
    const steps = scales.map((weightScale) => Math.fround(weightScale * inputScale));
    const whole = Int32Array.from(biases, (value, channel) => roundHalfEven(value / steps[channel]!));
    node.inputs[2] = this.#dequantised(
      node,
      "bias",
      [
        draft.constant(`${bias}.int32`, "int32", [channels], whole),
        draft.constant(`${bias}.scale`, "float32", [channels], steps),
        draft.constant(`${bias}.zero_point`, "int32", [channels], new Int32Array(channels)),
      ],
      0,
    );
  }

  #dequantised(node: DraftNode, what: string, inputs: string[], axis?: number): string {
    return this.draft.add("DequantizeLinear", `${node.name}/${what}/DQ`, inputs, axis === undefined ? {} : { axis });
  }

  /** Constant operands of elementwise nodes: one scale for all, in the activations' own type. */
  #constants(node: DraftNode): void {
    const { draft, options } = this;
    node.inputs = node.inputs.map((name) => {
      const weight = draft.weights.get(name);
      if (weight?.dtype !== "float32" || elements(weight.shape) === 0) return name;
      const values = draft.floats(name)!;
      const range = values.reduce(({ min, max }, value) => ({ min: Math.min(min, value), max: Math.max(max, value) }), {
        min: 0,
        max: 0,
      });
      const { scale, zeroPoint } = affineOf(range, options.activations);
      const steps = Array.from(values, (value) => roundHalfEven(value / scale) + zeroPoint);
      return this.#dequantised(node, "constant", [
        draft.constant(`${name}.${options.activations}`, options.activations, weight.shape, this.#bytes(steps)),
        draft.constant(`${name}.scale`, "float32", [], Float32Array.of(scale)),
        draft.constant(`${name}.zero_point`, options.activations, [], this.#bytes([zeroPoint])),
      ]);
    });
  }
}
