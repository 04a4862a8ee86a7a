import { Problem } from "../formats/problem.ts";
import type { TensorHeader } from "./tensor.ts";
import { type ByteWriter, utf8Length } from "./writer.ts";

// The JSON around the data of the json and base64 codecs, written in pieces so that the data can be written in place.
const OPEN = '{"tensors":[';
const CLOSE = "]}";

export function openEnvelope(writer: ByteWriter): void {
  writer.text(OPEN);
}

/** Begins the tensor with this index; its data, any JSON value, comes next. */
export function writeHeader(writer: ByteWriter, header: Omit<TensorHeader, "bytes">, index: number): void {
  writer.text(headerText(header, index));
}

export function closeEnvelope(writer: ByteWriter, tensors: number): void {
  writer.text(closing(tensors));
}

function closing(tensors: number): string {
  return tensors === 0 ? CLOSE : `}${CLOSE}`;
}

function headerText({ name, dtype, shape }: Omit<TensorHeader, "bytes">, index: number): string {
  const separator = index === 0 ? "" : "},";
  return `${separator}{"name":${JSON.stringify(name)},"dtype":"${dtype}","shape":[${shape.join(",")}],"data":`;
}

/** Bytes of a message apart from the tensors' data. */
export function envelopeBytes(headers: readonly TensorHeader[]): number {
  const around = OPEN.length + closing(headers.length).length;
  return headers.reduce((sum, header, i) => sum + utf8Length(headerText(header, i)), around);
}

/** @throws Problem when the bytes are not such JSON; the tensors' fields remain to be checked */
export function readEnvelope(message: Uint8Array): Record<string, unknown>[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(message));
  } catch (error) {
    throw new Problem(`malformed message: ${(error as Error).message}`);
  }
  const tensors = isRecord(parsed) ? parsed.tensors : undefined;
  if (!Array.isArray(tensors) || !tensors.every(isRecord)) throw new Problem("malformed message: it lists no tensors");
  return tensors;
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
