import type { Dtype } from "../formats/common.ts";
import { type Attribute, type ByteSource, elements, GraphBuilder } from "../onnx/index.ts";

/** Version of ONNX's operators in micro-models: the first with Gelu. */
const OPSET = 20;
/** Any scale will do: how long integers take does not hang on what they stand for. */
const SCALE = 0.05;

/**
 * A model of several micro-kernels, each in a chain of its own: a small input is expanded to the size that the kernel
 * works on, and what it makes is reduced again, so that hardly anything is copied in or out. The chains run one after another,
 * and each finds the caches full of the others' data, as kernels of real models do.
 */
export class MicroGraph {
  readonly #builder = new GraphBuilder("micro-kernels", OPSET);
  readonly inputs = new Map<string, { dtype: Dtype; shape: readonly number[] }>();
  #count = 0;

  /** A tensor of the given shape that is not constant. Its second dimension is the input's, all others are expanded. */
  source(shape: readonly number[]): string {
    const name = this.#name("x");
    const small = shape.map((size, axis) => (axis === 1 && shape.length === 4 ? size : 1));
    this.inputs.set(name, { dtype: "float32", shape: small });
    this.#builder.input(name, { dtype: "float32", shape: small });
    return this.node("Expand", [name, this.#builder.integers(`${name}.shape`, shape)]);
  }

  /** An input as it is. */
  input(dtype: Dtype, shape: readonly number[]): string {
    const name = this.#name("x");
    this.inputs.set(name, { dtype, shape });
    return this.#builder.input(name, { dtype, shape });
  }

  node(op: string, inputs: readonly string[], attributes: Readonly<Record<string, Attribute>> = {}, outputs = 1) {
    const name = this.#name(op);
    const made = Array.from({ length: outputs }, (_, index) => `${name}:${index}`);
    return this.#builder.node(op, name, inputs, attributes, made);
  }

  weight(shape: readonly number[]): string {
    return this.#builder.weight(this.#name("w"), shape, new Float32Array(elements(shape)).fill(0.01));
  }

  scalar(value: number): string {
    return this.#builder.weight(this.#name("s"), [], Float32Array.of(value));
  }

  /** A constant vector. */
  vector(values: readonly number[]): string {
    return this.#builder.weight(this.#name("v"), [values.length], Float32Array.from(values));
  }

  integers(values: readonly number[]): string {
    return this.#builder.integers(this.#name("i"), values);
  }

  /** Makes a tensor an output as it is. */
  output(tensor: string, shape: readonly number[]): void {
    this.#builder.output(tensor, { dtype: "float32", shape });
  }

  /** Reduces a tensor of so many dimensions to a few numbers, and makes these an output. */
  finish(tensor: string, rank: number): void {
    const reduced =
      rank === 4
        ? this.node("GlobalAveragePool", [tensor])
        : this.node("ReduceMean", [tensor, this.integers(Array.from({ length: rank }, (_, axis) => axis))]);
    this.#builder.output(reduced, { dtype: "float32", shape: Array<null>(rank).fill(null) });
  }

  /** An 8-bit weight with a scale per output channel, dequantised. @param axis which of its dimensions has the channels */
  integerWeight(shape: readonly number[], axis: number): string {
    const name = this.#name("w8");
    const channels = shape[axis]!;
    return this.node(
      "DequantizeLinear",
      [
        this.#builder.constant(name, "int8", shape, new Uint8Array(elements(shape)).fill(3)),
        this.#builder.weight(`${name}.scale`, [channels], new Float32Array(channels).fill(SCALE)),
        this.#builder.constant(`${name}.zero`, "int8", [channels], new Uint8Array(channels)),
      ],
      { axis },
    );
  }

  /** A 32-bit bias, dequantised with the product of the scales of data and weights. */
  integerBias(channels: number): string {
    const name = this.#name("b32");
    return this.node(
      "DequantizeLinear",
      [
        this.#builder.constant(name, "int32", [channels], new Uint8Array(4 * channels)),
        this.#builder.weight(`${name}.scale`, [channels], new Float32Array(channels).fill(SCALE * SCALE)),
        this.#builder.constant(`${name}.zero`, "int32", [channels], new Uint8Array(4 * channels)),
      ],
      { axis: 0 },
    );
  }

  /** Rounds a tensor to 8 bits and back: around an operator this tells the runtime to compute it in integers. */
  rounded(tensor: string): string {
    const name = this.#name("q");
    const scale = this.#builder.weight(`${name}.scale`, [], Float32Array.of(SCALE));
    const zero = this.#builder.constant(`${name}.zero`, "uint8", [], Uint8Array.of(128));
    return this.node("DequantizeLinear", [this.node("QuantizeLinear", [tensor, scale, zero]), scale, zero]);
  }

  build(): ByteSource {
    return this.#builder.build();
  }

  #name(what: string): string {
    return `k${this.#count++}.${what}`;
  }
}
