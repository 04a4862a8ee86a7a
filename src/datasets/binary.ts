import { gunzipSync } from "node:zlib";
import { Problem } from "../formats/problem.ts";
import { type ByteSource, elements, memorySource } from "../onnx/index.ts";
import { openFile } from "../store/index.ts";
import { type Column, columnOf, type ValueDtype } from "./column.ts";

/** Bytes of one element. */
const SIZES: Readonly<Record<ValueDtype, number>> = {
  ...{ float64: 8, int64: 8, float32: 4, int32: 4, uint16: 2, int16: 2, uint8: 1, int8: 1, bool: 1 },
};

/**
 * Opens a file, unpacking it in memory when its name ends in .gz.
 * @param closing called later to close what is open
 * @throws Problem when it cannot be read or is not a gzip file
 */
export function openBytes(file: string, closing: (() => void)[]): ByteSource {
  const source = openFile(file);
  if (!file.endsWith(".gz")) {
    closing.push(() => source.close());
    return source;
  }
  try {
    return memorySource(gunzipSync(source.read(0, source.length)));
  } catch {
    throw new Problem(`${file} is not a complete gzip file. Copy it again.`);
  } finally {
    source.close();
  }
}

/** Element types by the third byte of an idx file. Wider ones are stored big-endian and do not occur in the MNIST family. */
const IDX_DTYPES: Readonly<Record<number, ValueDtype>> = { 8: "uint8", 9: "int8" };

/** The format of the MNIST family (LeCun, Cortes & Burges, http://yann.lecun.com/exdb/mnist/, "File formats"). */
export function openIdx(source: ByteSource, where: string): Column {
  const magic = source.length >= 4 ? source.read(0, 4) : new Uint8Array(4);
  const [zero, zeroToo, code = 0, axes = 0] = magic;
  if (zero !== 0 || zeroToo !== 0 || axes === 0 || !(code >= 8 && code <= 14))
    throw new Problem(`${where} is not an idx file: it does not begin with 00 00, a type and a number of axes.`);
  const dtype = IDX_DTYPES[code];
  if (!dtype)
    throw new Problem(`${where} holds values of the idx type 0x${code.toString(16)}; only bytes (08, 09) are read.`);
  if (source.length < 4 + 4 * axes) throw new Problem(`${where} is too short to be an idx file. Copy it again.`);
  const header = source.read(4, 4 * axes);
  const view = new DataView(header.buffer, header.byteOffset, header.length);
  const shape = Array.from({ length: axes }, (_, axis) => view.getUint32(4 * axis));
  return columnOf(source, 4 + 4 * axes, dtype, shape, where);
}

/** NumPy's element types, little-endian. */
const NPY_DTYPES: Readonly<Record<string, ValueDtype>> = {
  "<f4": "float32",
  "<f8": "float64",
  "<i8": "int64",
  "<i4": "int32",
  "<i2": "int16",
  "<u2": "uint16",
  "|u1": "uint8",
  "|i1": "int8",
  "|b1": "bool",
};

/** NumPy's format, versions 1 to 3 (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html). */
export function openNpy(source: ByteSource, where: string): Column {
  const start = source.length >= 12 ? source.read(0, 12).slice() : new Uint8Array(12);
  if (new TextDecoder("latin1").decode(start.subarray(0, 6)) !== "\x93NUMPY")
    throw new Problem(`${where} is not an npy file: it does not begin with \\x93NUMPY.`);
  const view = new DataView(start.buffer);
  const [length, begin] = start[6] === 1 ? [view.getUint16(8, true), 10] : [view.getUint32(8, true), 12];
  if (begin + length > source.length) throw new Problem(`${where} ends in its header. Copy it again.`);
  const header = new TextDecoder().decode(source.read(begin, length));
  const descr = /'descr':\s*'([^']*)'/.exec(header)?.[1] ?? "";
  const dtype = NPY_DTYPES[descr];
  if (!dtype)
    throw new Problem(`${where} holds elements of type '${descr}'; known are ${Object.keys(NPY_DTYPES).join(" ")}.`);
  if (/'fortran_order':\s*True/.test(header))
    throw new Problem(`${where} is in Fortran's order; save numpy.ascontiguousarray(…) instead.`);
  const dims = /'shape':\s*\(([^)]*)\)/.exec(header)?.[1] ?? "";
  const shape = dims.split(",").filter((part) => part.trim() !== "");
  if (shape.length === 0) throw new Problem(`${where} holds a scalar; the first axis must be the sample.`);
  return columnOf(source, begin + length, dtype, shape.map(Number), where);
}

/** Values without a header: as many samples as the file is long. */
export function openRaw(
  source: ByteSource,
  stored: { readonly dtype: ValueDtype; readonly shape: readonly number[] },
  where: string,
): Column {
  const bytes = elements(stored.shape) * SIZES[stored.dtype];
  if (source.length % bytes !== 0)
    throw new Problem(
      `${where} has ${source.length} bytes, which is no multiple of the ${bytes} that one sample ` +
        `(${stored.dtype}[${stored.shape.join("x")}]) has. Check stored.dtype and stored.shape.`,
    );
  return columnOf(source, 0, stored.dtype, [source.length / bytes, ...stored.shape], where);
}

const SAFETENSORS_DTYPES: Readonly<Record<string, ValueDtype>> = {
  F32: "float32",
  F64: "float64",
  I64: "int64",
  I32: "int32",
  I16: "int16",
  U16: "uint16",
  U8: "uint8",
  I8: "int8",
  BOOL: "bool",
};

/** One tensor of a safetensors file (https://huggingface.co/docs/safetensors, "Format"), found without reading the others. */
export function openSafetensors(source: ByteSource, tensor: string, where: string): Column {
  const broken = (what: string) => new Problem(`${where} is not a safetensors file: ${what}.`);
  if (source.length < 8) throw broken("it is shorter than 8 bytes");
  const prefix = source.read(0, 8).slice();
  const length = Number(new DataView(prefix.buffer).getBigUint64(0, true));
  if (8 + length > source.length) throw broken("its header ends behind the file");
  let header: Record<string, { dtype?: unknown; shape?: unknown; data_offsets?: unknown } | undefined>;
  try {
    header = JSON.parse(new TextDecoder().decode(source.read(8, length)));
  } catch {
    throw broken("its header is not JSON");
  }
  const names = Object.keys(header).filter((name) => name !== "__metadata__");
  const entry = names.includes(tensor) ? header[tensor] : undefined;
  if (!entry) throw new Problem(`${where} has no tensor '${tensor}'. It has ${names.join(", ") || "none"}.`);
  const dtype = SAFETENSORS_DTYPES[String(entry.dtype)];
  if (!dtype) throw new Problem(`${where}: tensor '${tensor}' has the type ${entry.dtype}, which is not read.`);
  const shape = entry.shape as number[];
  const [begin, end] = Array.isArray(entry.data_offsets) ? (entry.data_offsets as number[]) : [];
  if (!Array.isArray(shape) || !shape.every(Number.isSafeInteger) || !Number.isSafeInteger(begin))
    throw broken(`tensor '${tensor}' has no shape or no place`);
  if (shape.length === 0)
    throw new Problem(`${where}: tensor '${tensor}' is a scalar; its first axis must be the sample.`);
  if (end! - begin! !== elements(shape) * SIZES[dtype])
    throw broken(`tensor '${tensor}' is not as long as its shape says`);
  return columnOf(source, 8 + length + begin!, dtype, shape, where);
}
