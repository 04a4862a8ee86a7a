import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import type { ByteSource, Span } from "./source.ts";
import { spanOf } from "./source.ts";

/** One field of a protobuf message as it stands in the file. `[start, end)` includes the tag, `[value, end)` does not. */
export interface Field extends Span {
  readonly number: number;
  readonly wireType: WireType;
  /** Offset of the payload: behind the tag and, for length-delimited fields, behind the length. */
  readonly value: number;
}

/** The longest header of a field: a five-byte tag and a ten-byte length. */
const LONGEST_HEADER = 15;

/**
 * The fields of the message in `[start, end)` of `source`, in file order, payloads unread.
 * Protocol Buffers encoding: https://protobuf.dev/programming-guides/encoding/
 * @throws RangeError when the bytes are not a protobuf message or end early.
 */
export function* fieldsOf(source: ByteSource, start = 0, end = source.length): Generator<Field> {
  let position = start;
  while (position < end) {
    const header = new BinaryReader(source.read(position, Math.min(LONGEST_HEADER, end - position)));
    const [number, wireType] = header.tag();
    const length = payloadLength(header, wireType);
    const value = position + header.pos - (wireType === WireType.Varint ? length : 0);
    const next = value + length;
    if (next > end) throw new RangeError(`field ${number} at byte ${position} ends behind its message`);
    yield { number, wireType, source, start: position, value, end: next };
    position = next;
  }
}

function payloadLength(header: BinaryReader, wireType: WireType): number {
  if (wireType === WireType.Varint) {
    const before = header.pos;
    header.skip(WireType.Varint);
    return header.pos - before;
  }
  if (wireType === WireType.Bit64) return 8;
  if (wireType === WireType.Bit32) return 4;
  if (wireType === WireType.LengthDelimited) return header.uint32();
  throw new RangeError(`wire type ${wireType} does not occur in ONNX files`);
}

/** The payload's bytes. */
export function payload(field: Field): Uint8Array {
  return field.source.read(field.value, field.end - field.value);
}

/** The payload as UTF-8 text. */
export function text(field: Field): string {
  return new TextDecoder().decode(payload(field));
}

/** The payload as a number; for int64 beyond 2^53 the nearest double. */
export function integer(field: Field): number {
  return Number(new BinaryReader(payload(field)).int64());
}

/** The payload of a repeated int64 field, packed or not. */
export function integers(field: Field): number[] {
  if (field.wireType !== WireType.LengthDelimited) return [integer(field)];
  const reader = new BinaryReader(payload(field));
  const values: number[] = [];
  while (reader.pos < reader.len) values.push(Number(reader.int64()));
  return values;
}

/** A length-delimited field: its header, then `content` as it is. */
export function lengthDelimited(number: number, content: readonly Span[]): Span[] {
  const length = content.reduce((sum, span) => sum + span.end - span.start, 0);
  const header = new BinaryWriter().tag(number, WireType.LengthDelimited).uint32(length).finish();
  return [spanOf(header), ...content];
}
