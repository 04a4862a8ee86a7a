import { Problem } from "../formats/problem.ts";
import { isRecord } from "./envelope.ts";
import { fromHalf, toHalf } from "./half.ts";
import {
  bytesOf,
  checkHeader,
  elementBytes,
  elementCount,
  type Tensor,
  type TensorHeader,
  viewAs,
  type WireDtype,
} from "./tensor.ts";
import { utf8Length } from "./writer.ts";

/** Names of element types in the safetensors format. */
const TYPE_NAMES: Record<WireDtype, string> = {
  float32: "F32",
  float64: "F64",
  float16: "F16",
  bfloat16: "BF16",
  int8: "I8",
  uint8: "U8",
  int16: "I16",
  uint16: "U16",
  int32: "I32",
  uint32: "U32",
  int64: "I64",
  uint64: "U64",
  bool: "BOOL",
};
const DTYPES = new Map(Object.entries(TYPE_NAMES).map(([dtype, type]) => [type, dtype as WireDtype]));
const METADATA = "__metadata__";
/** Bytes before the header: its length, as a 64-bit integer. */
const PREFIX = 8;

/**
 * Tensors as one safetensors file (https://huggingface.co/docs/safetensors, "Format"): the header's length, a JSON
 * header, then the little-endian elements. With `halve`, float32 tensors travel as F16, and the header's metadata name
 * them under "float32", as a JSON list, so that the receiver widens these and no others.
 *
 * @throws Problem when a tensor bears the one name that the format reserves
 */
export function encodeSafetensors(tensors: readonly Tensor[], halve: boolean): Uint8Array<ArrayBuffer> {
  if (tensors.some(({ name }) => name === METADATA)) {
    throw new Problem(`a tensor called "${METADATA}" cannot travel: the safetensors format reserves the name`);
  }
  const headers = tensors.map(({ name, dtype, shape, data }) => ({ name, dtype, shape, bytes: data.byteLength }));
  const text = headerText(headers, halve);
  const start = PREFIX + text.length;
  const total = headers.reduce((sum, header) => sum + wireBytes(header, halve), start);
  const message = new Uint8Array(total);
  new DataView(message.buffer).setBigUint64(0, BigInt(text.length), true);
  message.set(text, PREFIX);
  let at = start;
  for (const [i, tensor] of tensors.entries()) {
    const size = wireBytes(headers[i]!, halve);
    if (halve && tensor.dtype === "float32") {
      // A message of mixed types may put this tensor at an odd byte, where no Uint16Array can be.
      const halves = at % 2 === 0 ? new Uint16Array(message.buffer, at, size / 2) : new Uint16Array(size / 2);
      toHalf(tensor.data as Float32Array, halves);
      if (halves.buffer !== message.buffer) message.set(new Uint8Array(halves.buffer), at);
    } else {
      message.set(bytesOf(tensor), at);
    }
    at += size;
  }
  return message;
}

/**
 * Reads what {@link encodeSafetensors} writes, and any other safetensors file. Where alignment allows it the tensors
 * share memory with the message.
 *
 * @throws Problem when the bytes are not such a message
 */
export function decodeSafetensors(message: Uint8Array): Tensor[] {
  const { header, start } = readHeader(message);
  const widened = halvedNames(header[METADATA]);
  const entries = Object.entries(header).filter(([name]) => name !== METADATA);
  const placed = entries.map(([name, value]) => ({ name, entry: checkEntry(name, value) }));
  placed.sort((a, b) => a.entry.begin - b.entry.begin || a.entry.end - b.entry.end);
  let expected = 0;
  const tensors = placed.map(({ name, entry: { dtype, shape, begin, end } }): Tensor => {
    if (begin !== expected || end - begin !== elementCount(shape) * elementBytes(dtype)) {
      throw new Problem(`malformed message: the data of tensor "${name}" are not where or as long as they should be`);
    }
    expected = end;
    if (start + end > message.length) throw new Problem("malformed message: it ends early");
    const data = viewAs(dtype, message.subarray(start + begin, start + end));
    if (dtype !== "float16" || !widened.has(name)) return { name, dtype, shape, data };
    const wide = new Float32Array(data.length);
    fromHalf(data as Uint16Array, wide);
    return { name, dtype: "float32", shape, data: wide };
  });
  if (start + expected !== message.length) throw new Problem("malformed message: it goes on after its last tensor");
  return tensors;
}

/** Bytes of a message apart from the tensors' data. */
export function safetensorsFrameBytes(headers: readonly TensorHeader[], halve: boolean): number {
  return PREFIX + paddedLength(utf8Length(headerJson(headers, halve)));
}

/** Bytes of one tensor's data. */
export function wireBytes({ dtype, bytes }: TensorHeader, halve: boolean): number {
  return halve && dtype === "float32" ? bytes / 2 : bytes;
}

// Spaces after the header let the data begin at a multiple of eight, so that most tensors can be viewed in place.
function paddedLength(length: number): number {
  return Math.ceil(length / 8) * 8;
}

function headerText(headers: readonly TensorHeader[], halve: boolean): Uint8Array {
  const text = new TextEncoder().encode(headerJson(headers, halve));
  const padded = new Uint8Array(paddedLength(text.length)).fill(32);
  padded.set(text);
  return padded;
}

/** Written out rather than stringified from an object, which would put names that look like numbers first. */
function headerJson(headers: readonly TensorHeader[], halve: boolean): string {
  const halved = headers.filter(({ dtype }) => halve && dtype === "float32").map(({ name }) => name);
  const fields: string[] = [];
  if (halved.length > 0) fields.push(`"${METADATA}":{"float32":${JSON.stringify(JSON.stringify(halved))}}`);
  let begin = 0;
  for (const header of headers) {
    const end = begin + wireBytes(header, halve);
    const known = TYPE_NAMES[header.dtype as WireDtype] ?? header.dtype;
    const type = halve && header.dtype === "float32" ? TYPE_NAMES.float16 : known;
    const description = `{"dtype":"${type}","shape":[${header.shape.join(",")}],"data_offsets":[${begin},${end}]}`;
    fields.push(`${JSON.stringify(header.name)}:${description}`);
    begin = end;
  }
  return `{${fields.join(",")}}`;
}

function readHeader(message: Uint8Array): { header: Record<string, unknown>; start: number } {
  if (message.length < PREFIX) throw new Problem("malformed message: it ends early");
  const length = Number(new DataView(message.buffer, message.byteOffset).getBigUint64(0, true));
  const start = PREFIX + length;
  if (start > message.length) throw new Problem("malformed message: its header ends early");
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(message.subarray(PREFIX, start));
    const header: unknown = JSON.parse(text);
    if (isRecord(header)) return { header, start };
  } catch (error) {
    throw new Problem(`malformed message: ${(error as Error).message}`);
  }
  throw new Problem("malformed message: its header lists no tensors");
}

function checkEntry(
  name: string,
  entry: unknown,
): { dtype: WireDtype; shape: readonly number[]; begin: number; end: number } {
  const fields = isRecord(entry) ? entry : {};
  const { dtype, shape } = checkHeader({ name, dtype: DTYPES.get(fields.dtype as string), shape: fields.shape });
  const offsets = Array.isArray(fields.data_offsets) ? fields.data_offsets : [];
  const [begin, end] = offsets as unknown[];
  if (!Number.isSafeInteger(begin) || !Number.isSafeInteger(end)) {
    throw new Problem(`malformed message: tensor "${name}" has no data offsets`);
  }
  return { dtype, shape, begin: begin as number, end: end as number };
}

function halvedNames(metadata: unknown): Set<unknown> {
  const list = isRecord(metadata) ? metadata.float32 : undefined;
  if (typeof list !== "string") return new Set();
  try {
    const names: unknown = JSON.parse(list);
    if (Array.isArray(names)) return new Set(names);
  } catch {
    // Falls through to the same words as for a list of another type.
  }
  throw new Problem("malformed message: its metadata do not list tensor names");
}
