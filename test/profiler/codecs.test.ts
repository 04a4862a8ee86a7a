import * as ort from "onnxruntime-node";
import { expect, test } from "vitest";
import { encode, jsonDataBytes } from "../../src/codecs/index.ts";
import { measureCodecs } from "../../src/profiler/codecs.ts";

test("codecs are timed on a model's floats, json on its bytes, too", () => {
  const floats = Float32Array.from({ length: 1000 }, (_, i) => i / 7);
  const bytes = Uint8Array.from({ length: 500 }, (_, i) => (i % 3 === 0 ? 0 : i));
  const costs = measureCodecs([new ort.Tensor("float32", floats, [1000]), new ort.Tensor("uint8", bytes, [500])]);
  expect(costs.map(({ codec }) => codec).sort()).toEqual(["base64", "float16", "json", "raw"]);
  for (const { codec, encode_s_per_element, decode_s_per_element, integers } of costs) {
    expect(encode_s_per_element).toBeGreaterThanOrEqual(0);
    expect(decode_s_per_element).toBeGreaterThanOrEqual(0);
    expect(integers !== undefined).toBe(codec === "json");
  }
  const json = costs.find(({ codec }) => codec === "json")!;
  expect(json.integers!.encode_s_per_byte).toBeGreaterThan(0);
  expect(json.integers!.decode_s_per_byte).toBeGreaterThan(0);
  const tensor = { name: "t", dtype: "float32" as const, shape: [1000], data: floats };
  expect(json.bytes_per_element).toBeCloseTo(jsonDataBytes(tensor) / 1000, 0);
  expect(encode("json", [tensor]).length).toBeGreaterThan(1000);
});
