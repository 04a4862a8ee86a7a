import { fc, test as property } from "@fast-check/vitest";
import { expect, test } from "vitest";
import { bootstrap, wilson } from "../../src/accuracy/intervals.ts";

test.each([
  // Newcombe, Two-sided confidence intervals for the single proportion, Statistics in Medicine 17 (1998), table I,
  // method 3.
  [81, 263, 0.2553, 0.3662],
  [15, 148, 0.0624, 0.1605],
  [0, 20, 0, 0.1611],
  [1, 29, 0.0061, 0.1718],
])("Wilson's interval of %i in %i is the published one", (right, n, low, high) => {
  expect(wilson(right, n).low).toBeCloseTo(low, 4);
  expect(wilson(right, n).high).toBeCloseTo(high, 4);
});

property.prop([fc.integer({ min: 1, max: 10_000 }).chain((n) => fc.tuple(fc.nat(n), fc.constant(n)))])(
  "Wilson's interval holds the share, stays within 0 and 1, and is mirrored by the wrong ones",
  ([right, n]) => {
    const { low, high } = wilson(right, n);
    expect(low).toBeGreaterThanOrEqual(0);
    expect(high).toBeLessThanOrEqual(1);
    expect(low).toBeLessThanOrEqual(right / n);
    expect(high).toBeGreaterThanOrEqual(right / n);
    expect(1 - wilson(n - right, n).high).toBeCloseTo(low, 9);
  },
);

test("the bootstrap of a share comes near Wilson's interval, and is the same for the same seed", () => {
  const samples = Int32Array.from({ length: 1000 }, (_, i) => Number(i % 10 < 7));
  const share = (drawn: Int32Array) => drawn.reduce((sum, value) => sum + value, 0) / drawn.length;
  const one = bootstrap(samples, share);
  const expected = wilson(700, 1000);
  // A tenth of the interval's width.
  expect(Math.abs(one.low - expected.low)).toBeLessThan(0.1 * (expected.high - expected.low));
  expect(Math.abs(one.high - expected.high)).toBeLessThan(0.1 * (expected.high - expected.low));
  expect(bootstrap(samples, share)).toEqual(one);
  expect(bootstrap(samples, share, 2)).not.toEqual(one);
});
