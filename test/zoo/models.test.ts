import { fc, test as property } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import { type ByteSource, readModel } from "../../src/onnx/index.ts";
import { architecture, randomWeightsOf, ZOO } from "../../src/zoo/index.ts";
import { randomWeights } from "../../src/zoo/weights.ts";
import { randomFeeds, runWhole, withSubject } from "../fixtures/running.ts";

const bytesOf = (source: ByteSource) => Buffer.from(source.read(0, source.length));

describe("small ones run, and neither vanish nor explode", () => {
  test.each([
    ["resnet18", { input: [2, 3, 224, 224] }],
    ["mobilenet_v2", { input: [2, 3, 224, 224] }],
    ["bert_small", { input_ids: [2, 20], attention_mask: [2, 20], token_type_ids: [2, 20] }],
    ["roberta_tiny", { input_ids: [1, 512], attention_mask: [1, 512] }],
  ])("%s", (name, shapes) => {
    const model = readModel(architecture(name).build(1), name);
    return withSubject(model, { shapes }, async (subject) => {
      const raw = randomFeeds(subject, 1);
      if (raw.token_type_ids) (raw.token_type_ids.data as BigInt64Array).fill(0n);
      const [output] = Object.values(await runWhole(subject, raw));
      const values = [...(output!.data as Float32Array)];
      expect(output!.dims[0]).toBe(Object.values(shapes)[0]![0]);
      const spread = Math.sqrt(values.reduce((sum, value) => sum + value ** 2, 0) / values.length);
      expect(spread).toBeGreaterThan(0.01);
      expect(spread).toBeLessThan(100);
    });
  });
});

test("a seed gives the same bytes, another seed other weights", () => {
  const { build } = architecture("mobilenet_v2");
  const [one, again, other] = [build(1), build(1), build(2)].map(bytesOf);
  expect(one!.equals(again!)).toBe(true);
  expect(one!.equals(other!)).toBe(false);
});

test("every model says that its weights are random", () => {
  for (const { name, build } of ZOO) expect(randomWeightsOf(readModel(build(7), name))).toMatch(/random, seed 7/);
});

test("an unknown name is a Problem that offers the nearest", () => {
  expect(() => architecture("resnet_50")).toThrow(/unknown model "resnet_50"; did you mean "resnet50"/);
});

describe("random weights", () => {
  property.prop([fc.nat(), fc.nat({ max: 400 }), fc.nat({ max: 400 })])(
    "read in any parts, are the same",
    (seed, a, b) => {
      const source = randomWeights(seed, "w", 100, { deviation: 1 });
      const [from, to] = a < b ? [a, b] : [b, a];
      expect(Buffer.from(source.read(from, to - from))).toEqual(bytesOf(source).subarray(from, to));
    },
  );

  test("have the mean and the deviation that were asked for, and no memory of their neighbours", () => {
    const count = 1 << 18;
    const numbers = new Float32Array(bytesOf(randomWeights(3, "w", count, { mean: 2, deviation: 0.5 })).buffer);
    const centred = numbers.map((value) => (value - 2) / 0.5);
    const mean = centred.reduce((sum, value) => sum + value, 0) / count;
    const variance = centred.reduce((sum, value) => sum + value ** 2, 0) / count;
    const neighbours = centred.reduce((sum, value, i) => sum + value * (centred[i + 1] ?? 0), 0) / count;
    // Five standard errors.
    expect(Math.abs(mean)).toBeLessThan(5 / Math.sqrt(count));
    expect(Math.abs(variance - 1)).toBeLessThan(5 * Math.sqrt(2 / count));
    expect(Math.abs(neighbours)).toBeLessThan(5 / Math.sqrt(count));
  });
});
