import { Problem } from "../formats/problem.ts";
import { closeEnvelope, openEnvelope, readEnvelope, writeHeader } from "./envelope.ts";
import { bytesOf, checkHeader, elementBytes, elementCount, type Tensor, viewAs } from "./tensor.ts";
import { ByteWriter } from "./writer.ts";

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const CODE_OF = Uint8Array.from(ALPHABET, (letter) => letter.charCodeAt(0));
/** A seventh bit, which marks bytes outside the alphabet. */
const FOREIGN = 64;
/** The six bits that each character stands for. */
const BITS_OF = new Uint8Array(256).fill(FOREIGN);
for (const [value, code] of CODE_OF.entries()) BITS_OF[code] = value;
const QUOTE = 34;
const PAD = 61;

/** Characters that so many bytes take (RFC 4648, section 4, with padding). */
export function base64Length(bytes: number): number {
  return 4 * Math.ceil(bytes / 3);
}

/**
 * Tensors as JSON whose data are base64 strings of the little-endian elements:
 * `{"tensors":[{"name":…,"dtype":…,"shape":[…],"data":"AACAPw=="}]}`.
 */
export function encodeBase64(tensors: readonly Tensor[]): Uint8Array<ArrayBuffer> {
  const writer = new ByteWriter(256 + tensors.reduce((sum, { data }) => sum + base64Length(data.byteLength) + 256, 0));
  openEnvelope(writer);
  for (const [i, tensor] of tensors.entries()) {
    writeHeader(writer, tensor, i);
    const source = bytesOf(tensor);
    writer.reserve(base64Length(source.length) + 2);
    writer.bytes[writer.length++] = QUOTE;
    writer.length = writeBase64(source, writer.bytes, writer.length);
    writer.bytes[writer.length++] = QUOTE;
  }
  closeEnvelope(writer, tensors.length);
  return writer.written();
}

/** @throws Problem when the bytes are not such a message */
export function decodeBase64(message: Uint8Array): Tensor[] {
  return readEnvelope(message).map((entry) => {
    const header = checkHeader(entry);
    const bytes = typeof entry.data === "string" ? readBase64(entry.data) : undefined;
    if (!bytes) throw new Problem(`malformed message: the data of tensor "${header.name}" are not base64`);
    if (bytes.length !== elementCount(header.shape) * elementBytes(header.dtype)) {
      throw new Problem(`malformed message: the data of tensor "${header.name}" do not fill its shape`);
    }
    return { ...header, data: viewAs(header.dtype, bytes) };
  });
}

function writeBase64(source: Uint8Array, target: Uint8Array, position: number): number {
  let at = position;
  const whole = source.length - (source.length % 3);
  for (let i = 0; i < whole; i += 3) {
    const group = (source[i]! << 16) | (source[i + 1]! << 8) | source[i + 2]!;
    target[at] = CODE_OF[group >> 18]!;
    target[at + 1] = CODE_OF[(group >> 12) & 63]!;
    target[at + 2] = CODE_OF[(group >> 6) & 63]!;
    target[at + 3] = CODE_OF[group & 63]!;
    at += 4;
  }
  const left = source.length - whole;
  if (left > 0) {
    const group = (source[whole]! << 16) | ((source[whole + 1] ?? 0) << 8);
    target[at++] = CODE_OF[group >> 18]!;
    target[at++] = CODE_OF[(group >> 12) & 63]!;
    target[at++] = left === 2 ? CODE_OF[(group >> 6) & 63]! : PAD;
    target[at++] = PAD;
  }
  return at;
}

/** The bytes, or undefined where the text is not canonical base64. */
function readBase64(text: string): Uint8Array | undefined {
  const codes = new TextEncoder().encode(text);
  if (codes.length % 4 !== 0) return undefined;
  const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
  const bytes = new Uint8Array((codes.length / 4) * 3 - padding);
  const whole = codes.length - (padding > 0 ? 4 : 0);
  let at = 0;
  // The mark of foreign characters gathers in one word, so that the loop has no branch.
  let seen = 0;
  for (let i = 0; i < whole; i += 4) {
    const a = BITS_OF[codes[i]!]!;
    const b = BITS_OF[codes[i + 1]!]!;
    const c = BITS_OF[codes[i + 2]!]!;
    const d = BITS_OF[codes[i + 3]!]!;
    seen |= a | b | c | d;
    const group = (a << 18) | (b << 12) | (c << 6) | d;
    bytes[at] = group >> 16;
    bytes[at + 1] = group >> 8;
    bytes[at + 2] = group;
    at += 3;
  }
  if (padding > 0) {
    const a = BITS_OF[codes[whole]!]!;
    const b = BITS_OF[codes[whole + 1]!]!;
    const c = padding === 1 ? BITS_OF[codes[whole + 2]!]! : 0;
    seen |= a | b | c;
    const group = (a << 18) | (b << 12) | (c << 6);
    bytes[at] = group >> 16;
    if (padding === 1) bytes[at + 1] = group >> 8;
    // Bits below the last byte must be zero, or two texts would mean the same bytes.
    if ((group & (padding === 1 ? 0xff : 0xffff)) !== 0) return undefined;
  }
  return seen & FOREIGN ? undefined : bytes;
}
