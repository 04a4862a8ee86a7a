import { DTYPES, type Dtype } from "../formats/common.ts";

/**
 * Bits per element by ONNX data type; strings have no fixed size and count as 0.
 * Source: TensorProto.DataType in onnx.proto (ONNX 1.20).
 */
const BITS: Record<Dtype, number> = {
  float32: 32,
  uint8: 8,
  int8: 8,
  uint16: 16,
  int16: 16,
  int32: 32,
  int64: 64,
  string: 0,
  bool: 8,
  float16: 16,
  float64: 64,
  uint32: 32,
  uint64: 64,
  complex64: 64,
  complex128: 128,
  bfloat16: 16,
  float8e4m3fn: 8,
  float8e4m3fnuz: 8,
  float8e5m2: 8,
  float8e5m2fnuz: 8,
  uint4: 4,
  int4: 4,
  float4e2m1: 4,
  float8e8m0: 8,
  uint2: 2,
  int2: 2,
};

/** The dtype with ONNX's code (1 = float32 … 26), or undefined for a code this version does not know. */
export function dtypeOfCode(code: number): Dtype | undefined {
  return code < 1 ? undefined : DTYPES[code - 1];
}

/** ONNX's code of a dtype: the inverse of {@link dtypeOfCode}. */
export function codeOfDtype(dtype: Dtype): number {
  return DTYPES.indexOf(dtype) + 1;
}

/** Bytes of a tensor: elements × element size, sub-byte types packed. */
export function tensorBytes(dtype: Dtype, shape: readonly number[]): number {
  return Math.ceil((elements(shape) * BITS[dtype]) / 8);
}

/** Number of elements; a scalar has one. */
export function elements(shape: readonly number[]): number {
  return shape.reduce((product, dimension) => product * dimension, 1);
}

/** Whether numbers of this type are model parameters when they are constants: floats of any width, and int8/int4. */
export function isWeightType(dtype: Dtype): boolean {
  return /float|^u?int[248]$/.test(dtype);
}
