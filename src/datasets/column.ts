import { Problem } from "../formats/problem.ts";
import { type ByteSource, elements, memorySource } from "../onnx/index.ts";

/** How each element type that data sets store or models take is held; bool as 0 and 1. */
const ARRAYS = {
  float32: Float32Array,
  float64: Float64Array,
  int64: BigInt64Array,
  int32: Int32Array,
  uint16: Uint16Array,
  int16: Int16Array,
  uint8: Uint8Array,
  int8: Int8Array,
  bool: Uint8Array,
} as const;

export type ValueDtype = keyof typeof ARRAYS;
export type ValueArray = InstanceType<(typeof ARRAYS)[ValueDtype]>;

/** One input or the labels of every sample, read in order and in pieces. */
export interface Column {
  /** Number of samples. */
  readonly count: number;
  readonly dtype: ValueDtype;
  /** Dimensions of one sample. */
  readonly shape: readonly number[];
  /** The samples in order, `size` at a time and fewer at the end: size × elements(shape) values each, row-major. */
  chunks(size: number): AsyncGenerator<ValueArray>;
  /** Some of the samples alone, by their positions from 0 on, which ascend; the others are not decoded. */
  pick(positions: readonly number[]): Promise<Column>;
}

/**
 * Values that lie one after another in a source.
 * @param start byte at which they begin
 * @param where what holds them, for messages
 * @throws Problem when the source is shorter than `count` samples
 */
export function columnOf(
  source: ByteSource,
  start: number,
  dtype: ValueDtype,
  [count = 1, ...shape]: readonly number[],
  where: string,
): Column {
  const Values = ARRAYS[dtype];
  const bytes = elements(shape) * Values.BYTES_PER_ELEMENT;
  if (start + count * bytes > source.length)
    throw new Problem(
      `${where} is too short: ${count} samples of ${bytes} bytes each need ${count * bytes} bytes, ` +
        `and ${Math.max(0, source.length - start)} are there.`,
    );
  return {
    count,
    dtype,
    shape,
    async *chunks(size) {
      for (let from = 0; from < count; from += size) {
        const length = Math.min(size, count - from) * bytes;
        // A copy of its own begins at an address that any element type may have.
        const piece = Uint8Array.from(source.read(start + from * bytes, length));
        yield new Values(piece.buffer);
      }
    },
    async pick(positions) {
      const sampleAt = (position: number) => source.read(start + position * bytes, bytes);
      return sparse(positions, dtype, shape, sampleAt);
    },
  };
}

/** Samples that lie apart from one another, each read when its chunk is. */
function sparse(
  positions: readonly number[],
  dtype: ValueDtype,
  shape: readonly number[],
  read: (position: number) => Uint8Array,
): Column {
  const Values = ARRAYS[dtype];
  const bytes = elements(shape) * Values.BYTES_PER_ELEMENT;
  return {
    count: positions.length,
    dtype,
    shape,
    async *chunks(size) {
      for (let from = 0; from < positions.length; from += size) {
        const here = positions.slice(from, from + size);
        const piece = new Uint8Array(here.length * bytes);
        for (const [index, position] of here.entries()) piece.set(read(position), index * bytes);
        yield new Values(piece.buffer);
      }
    },
    pick: async (inner) => sparse(chosen(positions, inner), dtype, shape, read),
  };
}

/** Values that are in memory. */
export function heldColumn(values: ValueArray, dtype: ValueDtype, shape: readonly number[]): Column {
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return columnOf(memorySource(bytes), 0, dtype, [values.length / elements(shape), ...shape], "a column in memory");
}

/** The items at some positions. */
export function chosen<T>(items: readonly T[], positions: readonly number[]): T[] {
  return positions.map((position) => items[position]!);
}

/** An array for so many values of a type. */
export function allocate(dtype: ValueDtype, length: number): ValueArray {
  return new ARRAYS[dtype](length);
}
