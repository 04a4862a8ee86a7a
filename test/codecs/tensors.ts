import fc from "fast-check";
import type { Tensor, TensorData, WireDtype } from "../../src/codecs/index.ts";

/** Elements of each type, over its whole range and its special values. */
const ELEMENTS: Record<WireDtype, (length: number) => fc.Arbitrary<TensorData>> = {
  float32: (n) => fc.float32Array({ minLength: n, maxLength: n }),
  float64: (n) => fc.float64Array({ minLength: n, maxLength: n }),
  float16: (n) => fc.uint16Array({ minLength: n, maxLength: n }).map(withoutNanPayload(0x7c00, 0x7e00)),
  bfloat16: (n) => fc.uint16Array({ minLength: n, maxLength: n }).map(withoutNanPayload(0x7f80, 0x7fc0)),
  int8: (n) => fc.int8Array({ minLength: n, maxLength: n }),
  uint8: (n) => fc.uint8Array({ minLength: n, maxLength: n }),
  int16: (n) => fc.int16Array({ minLength: n, maxLength: n }),
  uint16: (n) => fc.uint16Array({ minLength: n, maxLength: n }),
  int32: (n) => fc.int32Array({ minLength: n, maxLength: n }),
  uint32: (n) => fc.uint32Array({ minLength: n, maxLength: n }),
  int64: (n) => fc.bigInt64Array({ minLength: n, maxLength: n }),
  uint64: (n) => fc.bigUint64Array({ minLength: n, maxLength: n }),
  bool: (n) => fc.uint8Array({ minLength: n, maxLength: n, max: 1 }),
};

/** NaN is one value, as in JSON; infinity is the least magnitude that is not finite. */
function withoutNanPayload(infinity: number, nan: number) {
  return (bits: Uint16Array) => bits.map((half) => ((half & 0x7fff) > infinity ? nan : half));
}

const shape = fc.array(fc.nat(4), { maxLength: 3 });
const name = fc.oneof(fc.string(), fc.string({ unit: "binary" }), fc.nat().map(String), fc.constant("__proto__"));

export const wireDtype = fc.constantFrom(...(Object.keys(ELEMENTS) as WireDtype[]));

export const tensor: fc.Arbitrary<Tensor> = fc
  .record({ name: name.filter((text) => text !== "__metadata__"), dtype: wireDtype, shape })
  .chain((header) =>
    ELEMENTS[header.dtype](header.shape.reduce((product, n) => product * n, 1)).map((data) => ({ ...header, data })),
  );

export const tensors = fc.uniqueArray(tensor, { maxLength: 4, selector: ({ name }) => name });

export function vector(name: string, values: readonly number[]): Tensor {
  return { name, dtype: "float32", shape: [values.length], data: Float32Array.from(values) };
}
