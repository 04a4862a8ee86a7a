import { z } from "zod";

/** A non-negative finite number: seconds, bytes or a count, as its field's name says. */
export const quantity = z.number().finite().nonnegative();

/** A count or an index: a non-negative whole number. */
export const count = z.number().int().nonnegative();

/**
 * A measured duration. `median_s` is the median of `samples` repetitions after warm-up; `low_s` and `high_s` bound
 * its 95 % confidence interval (binomial order statistics; Conover, Practical Nonparametric Statistics, 3.2).
 */
export const measurementSchema = z.object({
  median_s: quantity.describe("median, seconds"),
  low_s: quantity.describe("lower end of the median's 95 % confidence interval, seconds"),
  high_s: quantity.describe("upper end of the median's 95 % confidence interval, seconds"),
  samples: count.describe("repetitions kept after warm-up"),
});
export type Measurement = z.infer<typeof measurementSchema>;

/** The ONNX element types that Tierwise knows the size of, by their ONNX names in lower case. */
export const DTYPES = [
  "float32",
  "uint8",
  "int8",
  "uint16",
  "int16",
  "int32",
  "int64",
  "string",
  "bool",
  "float16",
  "float64",
  "uint32",
  "uint64",
  "complex64",
  "complex128",
  "bfloat16",
  "float8e4m3fn",
  "float8e4m3fnuz",
  "float8e5m2",
  "float8e5m2fnuz",
  "uint4",
  "int4",
  "float4e2m1",
  "float8e8m0",
  "uint2",
  "int2",
] as const;
export const dtypeSchema = z.enum(DTYPES);
export type Dtype = z.infer<typeof dtypeSchema>;

/** A tensor as it crosses a cut: its name in the source graph, element type, shape and size. */
export const tensorSchema = z.object({
  name: z.string().min(1),
  dtype: dtypeSchema,
  shape: z.array(count).describe("dimensions; [] is a scalar"),
  bytes: count.describe("size in memory: elements × element size"),
  json_bytes: quantity
    .optional()
    .describe("length of the values as JSON text, measured on a sample of the values that the profile's input gives"),
});
export type TensorInfo = z.infer<typeof tensorSchema>;
