import type { Dtype } from "../formats/common.ts";
import { Problem } from "../formats/problem.ts";

/** How each element type that can travel is held: float16 and bfloat16 as their bits, bool as 0 and 1. */
const ARRAYS = {
  float32: Float32Array,
  float64: Float64Array,
  float16: Uint16Array,
  bfloat16: Uint16Array,
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
  bool: Uint8Array,
} as const;

/** The element types that codecs carry. */
export type WireDtype = keyof typeof ARRAYS;

/** Elements of a tensor in row-major order. */
export type TensorData =
  | Float32Array
  | Float64Array
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array;

/** A tensor as codecs see it. `data` is of the array type of `dtype`, with as many elements as `shape` says. */
export interface Tensor {
  readonly name: string;
  readonly dtype: WireDtype;
  readonly shape: readonly number[];
  readonly data: TensorData;
}

/** What a message says about a tensor besides its elements. `bytes` is the size in memory. */
export interface TensorHeader {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly bytes: number;
}

export function isWireDtype(dtype: unknown): dtype is WireDtype {
  return typeof dtype === "string" && Object.hasOwn(ARRAYS, dtype);
}

export function elementBytes(dtype: WireDtype): number {
  return ARRAYS[dtype].BYTES_PER_ELEMENT;
}

export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, dimension) => product * dimension, 1);
}

export function headerOf({ name, dtype, shape, data }: Tensor): TensorHeader {
  return { name, dtype, shape, bytes: data.byteLength };
}

/** A new array of the type's elements, all zero. */
export function allocate(dtype: WireDtype, elements: number): TensorData {
  return new ARRAYS[dtype](elements);
}

/** The elements in little-endian bytes: a view where alignment allows it, or else a copy. */
export function viewAs(dtype: WireDtype, bytes: Uint8Array): TensorData {
  const aligned = bytes.byteOffset % elementBytes(dtype) === 0 ? bytes : bytes.slice();
  return new ARRAYS[dtype](aligned.buffer as ArrayBuffer, aligned.byteOffset, bytes.length / elementBytes(dtype));
}

/** The elements' bytes, shared with the tensor. Little-endian, as every platform that runs JavaScript is today. */
export function bytesOf({ data }: Tensor): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/**
 * Checks what types cannot: that names are unique and that each tensor's data is what its dtype and shape say.
 *
 * @throws Problem naming the tensor
 */
export function checkTensors(tensors: readonly Tensor[]): void {
  const names = new Set<string>();
  for (const { name, dtype, shape, data } of tensors) {
    if (names.has(name)) throw new Problem(`two tensors of one message are called "${name}"`);
    names.add(name);
    if (!isWireDtype(dtype)) throw new Problem(`tensor "${name}": elements of type ${dtype as string} cannot travel`);
    if (!(data instanceof ARRAYS[dtype])) {
      throw new Problem(`tensor "${name}": ${dtype} elements travel in a ${ARRAYS[dtype].name}`);
    }
    if (data.length !== elementCount(shape)) {
      throw new Problem(`tensor "${name}": ${data.length} elements do not fill the shape [${shape.join(", ")}]`);
    }
  }
}

/**
 * Checks a tensor's description as it came over the wire.
 *
 * @throws Problem saying what is wrong with it
 */
export function checkHeader(header: Partial<Record<"name" | "dtype" | "shape", unknown>>): Omit<Tensor, "data"> {
  const { name, dtype, shape } = header;
  if (typeof name !== "string") throw new Problem("malformed message: a tensor has no name");
  if (!isWireDtype(dtype)) throw new Problem(`malformed message: tensor "${name}" has no known dtype`);
  if (!Array.isArray(shape) || !shape.every((n) => Number.isSafeInteger(n) && n >= 0)) {
    throw new Problem(`malformed message: tensor "${name}" has no shape`);
  }
  if (!Number.isSafeInteger(elementCount(shape) * elementBytes(dtype))) {
    throw new Problem(`malformed message: tensor "${name}" is too large to exist`);
  }
  return { name, dtype, shape };
}
