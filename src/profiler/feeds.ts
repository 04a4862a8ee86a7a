import * as ort from "onnxruntime-node";
import type { Dtype } from "../formats/common.ts";
import { Problem } from "../formats/problem.ts";
import { elements, type Graph, type TensorType, tensorBytes } from "../onnx/index.ts";
import { RandomStream } from "../random/index.ts";
import type { Feeds, Values } from "./runtime.ts";

/** Shapes that the user gives for graph inputs: name → dimensions. */
export type Shapes = Readonly<Record<string, readonly number[]>>;

/**
 * The graph inputs' types with every dimension known: the user's shapes where given, else the file's.
 * @throws Problem naming the input when a shape is missing, unknown, of another rank, or contradicts a fixed dimension.
 */
export function inputTypes(graph: Graph, shapes: Shapes): Map<string, TensorType & { shape: readonly number[] }> {
  const names = graph.inputs.map((input) => input.name);
  for (const name of Object.keys(shapes))
    if (!names.includes(name))
      throw new Problem(
        `--shape: the model has no input '${name}'. Its inputs are ${names.map((n) => `'${n}'`).join(", ")}.`,
      );
  const types = new Map<string, TensorType & { shape: readonly number[] }>();
  for (const { name, dtype, shape } of graph.inputs) {
    if (!dtype) throw new Problem(`input '${name}' is not a tensor; only models with tensor inputs can be run.`);
    const given = shapes[name];
    const declared = shape?.map((size) => size ?? "?").join("x");
    if (given && shape && given.length !== shape.length)
      throw new Problem(
        `--shape ${name}=${given.join("x")} has ${given.length} dimensions, the input has ${shape.length}: ${declared}.`,
      );
    if (given?.some((size) => !Number.isInteger(size) || size < 1))
      throw new Problem(`--shape ${name}=${given.join("x")}: dimensions are whole numbers from 1 on.`);
    const known = (shape ?? given ?? []).map((size, index) => {
      const wanted = given?.[index];
      if (typeof size === "number" && size > 0) {
        if (wanted !== undefined && wanted !== size)
          throw new Problem(
            `--shape ${name}=${given!.join("x")}: dimension ${index + 1} is fixed at ${size} in the model (${declared}).`,
          );
        return size;
      }
      return wanted;
    });
    if ((!shape && !given) || known.includes(undefined)) {
      const example = (shape ?? ["?"]).map((size) => (typeof size === "number" ? size : "…")).join("x");
      throw new Problem(
        `input '${name}' has free dimensions (${declared ?? "unknown rank"}); give them with --shape ${name}=${example}.`,
      );
    }
    types.set(name, { dtype, shape: known as number[] });
  }
  return types;
}

const ARRAYS: Partial<
  Record<Dtype, (length: number, random: () => number) => ort.Tensor.DataTypeMap[keyof ort.Tensor.DataTypeMap]>
> = {
  float32: (length, random) => Float32Array.from({ length }, random),
  float64: (length, random) => Float64Array.from({ length }, random),
  // 0x3800 … 0x3bff are the halves in [0.5, 1).
  float16: (length, random) => Uint16Array.from({ length }, () => 0x3800 + Math.floor(random() * 0x400)),
  uint8: (length, random) => Uint8Array.from({ length }, () => random() * 256),
  int8: (length, random) => Int8Array.from({ length }, () => random() * 256 - 128),
  // Ones are valid as token ids, as masks and as segment ids alike, which no random whole number is.
  int64: (length) => new BigInt64Array(length).fill(1n),
  uint64: (length) => new BigUint64Array(length).fill(1n),
  int32: (length) => new Int32Array(length).fill(1),
  uint32: (length) => new Uint32Array(length).fill(1),
  int16: (length) => new Int16Array(length).fill(1),
  uint16: (length) => new Uint16Array(length).fill(1),
  bool: (length) => new Uint8Array(length).fill(1),
};

/** Values as the runtime takes them. @param dims their product is the number of values */
export function tensorOf(dtype: Dtype, dims: readonly number[], data: ArrayLike<number> | ArrayLike<bigint>): Values {
  return new ort.Tensor(dtype as "float32", data as Float32Array, [...dims]);
}

/** Raw little-endian values of some inputs, as given by the user: name → bytes. */
export type RawInputs = ReadonlyMap<string, Uint8Array>;

/**
 * Values for the graph inputs: the user's where given, else uniform in (0, 1) for floats and ones for whole numbers,
 * the same in every run.
 * @throws Problem when given bytes do not fit the input's type, or no values can be made for it.
 */
export function makeFeeds(
  types: ReadonlyMap<string, TensorType & { shape: readonly number[] }>,
  raw: RawInputs = new Map(),
): Feeds {
  for (const name of raw.keys())
    if (!types.has(name))
      throw new Problem(`--input: the model has no input '${name}'. Its inputs are ${[...types.keys()].join(", ")}.`);
  const stream = new RandomStream(1);
  const random = () => stream.uniform();
  const feeds: Record<string, Values> = {};
  for (const [name, { dtype, shape }] of types) {
    const make = ARRAYS[dtype];
    if (!make) throw new Problem(`input '${name}' has the element type ${dtype}, for which no values can be made.`);
    const values = make(elements(shape), random) as Float32Array;
    const given = raw.get(name);
    if (given) {
      const expected = tensorBytes(dtype, shape);
      if (given.length !== expected)
        throw new Problem(
          `--input ${name}: ${given.length} bytes given, ${expected} expected for ${dtype}[${shape.join("x")}].`,
        );
      new Uint8Array(values.buffer).set(given);
    }
    feeds[name] = new ort.Tensor(dtype as "float32", values, [...shape]);
  }
  return feeds;
}
