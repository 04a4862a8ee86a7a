import { fromBinary } from "@bufbuild/protobuf";
import { type TensorProto, TensorProtoSchema } from "onnx-buf";
import type { Dtype } from "../formats/common.ts";
import { Problem } from "../formats/problem.ts";
import { dtypeOfCode, elements, tensorBytes } from "./dtype.ts";
import { GRAPH, type Initializer } from "./model.ts";
import { payload } from "./wire.ts";

/**
 * The values of a weight as raw little-endian bytes, read from the source now.
 * @throws Problem when they lie in another file, or are sparse
 */
export function valuesOf(weight: Initializer): Uint8Array {
  if (weight.external)
    throw new Problem(`initializer '${weight.name}' keeps its values in another file; embed them first.`);
  if (weight.field.number === GRAPH.sparseInitializer)
    throw new Problem(
      `initializer '${weight.name}' is sparse; its values cannot be changed. Export it as a dense one.`,
    );
  if (weight.raw) return payload(weight.raw);
  return rawValues(fromBinary(TensorProtoSchema, payload(weight.field)), weight.name);
}

/**
 * The values of a tensor as raw little-endian bytes, whichever of ONNX's fields holds them.
 * @param name how messages call the tensor
 */
export function rawValues(tensor: TensorProto, name: string): Uint8Array {
  const dtype = dtypeOfCode(tensor.dataType);
  if (!dtype) throw new Problem(`tensor '${name}' has the element type ${tensor.dataType}, which is unknown.`);
  if (tensor.rawData.length > 0) return tensor.rawData;
  const count = elements(tensor.dims.map(Number));
  const values = typedValues(tensor, dtype);
  if (!values) throw new Problem(`tensor '${name}' has the element type ${dtype}, whose values cannot be read.`);
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  if (values.length !== count || bytes.length !== tensorBytes(dtype, tensor.dims.map(Number)))
    throw new Problem(`tensor '${name}' has ${values.length} values, its shape asks for ${count}.`);
  return bytes;
}

function typedValues(tensor: TensorProto, dtype: Dtype) {
  switch (dtype) {
    case "float32":
      return Float32Array.from(tensor.floatData);
    case "float64":
      return Float64Array.from(tensor.doubleData);
    case "int64":
      return BigInt64Array.from(tensor.int64Data);
    case "uint64":
      return BigUint64Array.from(tensor.uint64Data);
    case "int32":
      return Int32Array.from(tensor.int32Data);
    case "int16":
      return Int16Array.from(tensor.int32Data);
    case "int8":
      return Int8Array.from(tensor.int32Data);
    case "uint8":
    case "bool":
      return Uint8Array.from(tensor.int32Data);
    case "uint16":
    case "float16":
    case "bfloat16":
      return Uint16Array.from(tensor.int32Data);
    default:
      return undefined;
  }
}

/** Raw little-endian bytes as float32 numbers: a view where the bytes are aligned, else a copy. Not to be written to. */
export function asFloats(bytes: Uint8Array): Float32Array {
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
  return new Float32Array(aligned.buffer, aligned.byteOffset, aligned.byteLength / 4);
}

/** Raw little-endian bytes of int64 or int32 numbers as plain numbers. */
export function asIntegers(bytes: Uint8Array, dtype: Dtype): number[] {
  const copy = bytes.slice().buffer;
  if (dtype === "int64") return Array.from(new BigInt64Array(copy), Number);
  if (dtype === "int32") return Array.from(new Int32Array(copy));
  throw new Problem(`whole numbers expected, ${dtype} found.`);
}
