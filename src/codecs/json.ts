import { Problem } from "../formats/problem.ts";
import { closeEnvelope, openEnvelope, readEnvelope, writeHeader } from "./envelope.ts";
import { fromHalf, toHalf } from "./half.ts";
import { NUMBER_ROOM, writeDouble, writeFloat32, writeInteger64 } from "./shortest.ts";
import { allocate, checkHeader, elementCount, type Tensor, type TensorData, type WireDtype } from "./tensor.ts";
import { ByteWriter } from "./writer.ts";

const COMMA = 44;
/** Elements for which room is made at a time. */
const BLOCK = 256;

/**
 * Tensors as JSON text: `{"tensors":[{"name":…,"dtype":…,"shape":[…],"data":[…]}]}`, elements in row-major order. Floats
 * carry the fewest digits that restore them; what JSON has no number for (NaN, the infinities, integers beyond 2^53)
 * travels as a string. Float16 and bfloat16 travel as the numbers they stand for; a NaN loses its payload.
 */
export function encodeJson(tensors: readonly Tensor[]): Uint8Array<ArrayBuffer> {
  const writer = new ByteWriter(256 + tensors.reduce((sum, { data }) => sum + data.length * 11, 0));
  openEnvelope(writer);
  for (const [i, tensor] of tensors.entries()) {
    writeHeader(writer, tensor, i);
    writeValues(writer, tensor);
  }
  closeEnvelope(writer, tensors.length);
  return writer.written();
}

/** @throws Problem when the bytes are not such a message */
export function decodeJson(message: Uint8Array): Tensor[] {
  return readEnvelope(message).map((entry) => {
    const header = checkHeader(entry);
    if (!Array.isArray(entry.data)) throw new Problem(`malformed message: tensor "${header.name}" has no data`);
    if (entry.data.length !== elementCount(header.shape)) {
      throw new Problem(`malformed message: the data of tensor "${header.name}" do not fill its shape`);
    }
    return { ...header, data: readValues(entry.data, header) };
  });
}

/** Length of a tensor's elements as JSON text, brackets included. */
export function jsonDataBytes(tensor: Tensor): number {
  const writer = new ByteWriter(tensor.data.length * 11 + 2);
  writeValues(writer, tensor);
  return writer.length;
}

function writeValues(writer: ByteWriter, { dtype, data }: Tensor): void {
  writer.text("[");
  if (dtype === "float32") writeAll(writer, data as Float32Array, writeFloat32);
  else if (dtype === "float16" || dtype === "bfloat16")
    writeAll(writer, widen(dtype, data as Uint16Array), writeFloat32);
  else if (typeof data[0] === "bigint") writeAll(writer, data as BigInt64Array, writeInteger64);
  else writeAll(writer, data as Float64Array, writeDouble);
  writer.text("]");
}

/** @param write writes one element, and returns the position after it */
function writeAll<Value>(
  writer: ByteWriter,
  values: ArrayLike<Value>,
  write: (value: Value, bytes: Uint8Array, position: number) => number,
): void {
  for (let start = 0; start < values.length; start += BLOCK) {
    writer.reserve(BLOCK * NUMBER_ROOM);
    const { bytes } = writer;
    const end = Math.min(start + BLOCK, values.length);
    let at = writer.length;
    for (let i = start; i < end; i++) {
      if (i > 0) bytes[at++] = COMMA;
      at = write(values[i]!, bytes, at);
    }
    writer.length = at;
  }
}

function readValues(values: readonly unknown[], { name, dtype }: Omit<Tensor, "data">): TensorData {
  const malformed = (value: unknown) =>
    new Problem(`malformed message: tensor "${name}" holds ${JSON.stringify(value)}, which is not of type ${dtype}`);
  const data = allocate(dtype, values.length);
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) {
    for (let i = 0; i < values.length; i++) {
      const value = values[i];
      if (!Number.isSafeInteger(value) && !(typeof value === "string" && /^-?\d+$/.test(value))) throw malformed(value);
      const integer = BigInt(value as number | string);
      data[i] = integer;
      if (data[i] !== integer) throw malformed(value);
    }
    return data;
  }
  if (dtype === "float16" || dtype === "bfloat16") {
    const wide = new Float32Array(values.length);
    for (let i = 0; i < values.length; i++) wide[i] = readFloat(values[i]) ?? fail(malformed(values[i]));
    return narrow(dtype, wide);
  }
  if (dtype === "float32" || dtype === "float64") {
    for (let i = 0; i < values.length; i++) data[i] = readFloat(values[i]) ?? fail(malformed(values[i]));
    return data;
  }
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    data[i] = value;
    if (data[i] !== value) throw malformed(value);
  }
  return data;
}

function readFloat(value: unknown): number | undefined {
  if (typeof value === "number") return value;
  if (value === "NaN") return Number.NaN;
  if (value === "Infinity") return Number.POSITIVE_INFINITY;
  if (value === "-Infinity") return Number.NEGATIVE_INFINITY;
  return undefined;
}

function fail(problem: Problem): never {
  throw problem;
}

/** A bfloat16 is the upper half of a float32. */
function widen(dtype: WireDtype, halves: Uint16Array): Float32Array {
  if (dtype === "bfloat16") return new Float32Array(Uint32Array.from(halves, (half) => half << 16).buffer);
  const floats = new Float32Array(halves.length);
  fromHalf(halves, floats);
  return floats;
}

function narrow(dtype: WireDtype, floats: Float32Array): Uint16Array<ArrayBuffer> {
  if (dtype === "bfloat16") return Uint16Array.from(new Uint32Array(floats.buffer), (word) => word >>> 16);
  const halves = new Uint16Array(floats.length);
  toHalf(floats, halves);
  return halves;
}
