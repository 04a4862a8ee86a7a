import { gunzipSync } from "node:zlib";
import { Problem } from "../formats/problem.ts";
import { openFile } from "./files.ts";

/** Pictures or labels out of an idx file: one byte a value. */
export interface IdxArray {
  /** Number of items first. */
  readonly shape: readonly number[];
  readonly values: Uint8Array;
}

const UNSIGNED_BYTE = 0x08;

/**
 * Reads an array of unsigned bytes in the idx format of MNIST (LeCun, Cortes & Burges), gzipped or not.
 * @throws Problem when the file is none, is of another element type, or ends early
 */
export function readIdx(file: string): IdxArray {
  const source = openFile(file);
  const packed = source.read(0, source.length);
  source.close();
  let bytes = packed;
  try {
    if (packed[0] === 0x1f && packed[1] === 0x8b) bytes = gunzipSync(packed);
  } catch {
    throw new Problem(`${file}: its compressed content ends early or is damaged.`);
  }
  const [zero, zeroToo, type, rank = 0] = bytes;
  if (bytes.length < 4 || zero !== 0 || zeroToo !== 0)
    throw new Problem(
      `${file} is no idx file. Give one such as train-images-idx3-ubyte.gz, or raw values as NAME=FILE.`,
    );
  if (type !== UNSIGNED_BYTE) throw new Problem(`${file}: its values have idx type ${type}; only bytes (8) are read.`);
  const start = 4 + 4 * rank;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < start) throw new Problem(`${file} ends within its header.`);
  const shape = Array.from({ length: rank }, (_, axis) => view.getUint32(4 + 4 * axis));
  const length = shape.reduce((product, size) => product * size, 1);
  if (bytes.length < start + length)
    throw new Problem(
      `${file} ends early: ${length} values expected for ${shape.join("x")}, ${bytes.length - start} found.`,
    );
  return { shape, values: bytes.subarray(start, start + length) };
}
