import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { affineOf, quantiseWeight } from "../../src/operators/index.ts";

const finite = fc.float({ min: -1e6, max: 1e6, noNaN: true, noDefaultInfinity: true });

describe("the affine map of a range", () => {
  test.prop([finite, finite, fc.constantFrom("uint8", "int8")])(
    "0 is exact, both ends are at most half a step off, nothing lies above the range when it begins at 0",
    (a, b, type) => {
      const [min, max] = [Math.min(a, b), Math.max(a, b)];
      const { scale, zeroPoint } = affineOf({ min, max }, type);
      const [lowest, highest] = type === "uint8" ? [0, 255] : [-128, 127];
      expect(Number.isInteger(zeroPoint)).toBe(true);
      expect(zeroPoint).toBeGreaterThanOrEqual(lowest);
      expect(zeroPoint).toBeLessThanOrEqual(highest);
      expect(scale).toBeGreaterThan(0);
      const real = (quantised: number) => Math.fround(scale * (quantised - zeroPoint));
      const slack = scale * 0.51 + (max - min) * 1e-6;
      if (Math.max(max, 0) - Math.min(min, 0) > 1e-30) {
        expect(real(lowest)).toBeLessThanOrEqual(Math.min(0, min) + slack);
        expect(real(highest)).toBeGreaterThanOrEqual(Math.max(0, max) - slack);
      }
      if (min >= 0 && max > 1e-30) {
        expect(zeroPoint).toBe(lowest);
        expect(real(highest)).toBeLessThanOrEqual(max);
      }
    },
  );
});

describe("quantised weights", () => {
  const tensors = fc
    .tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 3 }))
    .chain(([a, b, c]) =>
      fc.record({
        shape: fc.constant([a, b, c]),
        axis: fc.constantFrom(undefined, 0, 1, 2),
        bits: fc.constantFrom(7 as const, 8 as const),
        values: fc.array(fc.float({ min: -100, max: 100, noNaN: true }), {
          minLength: a * b * c,
          maxLength: a * b * c,
        }),
      }),
    );

  test.prop([tensors])(
    "each lies within half a step of its value, and each slice uses its levels to the full",
    (drawn) => {
      const { shape, axis, bits } = drawn;
      const values = Float32Array.from(drawn.values);
      const limit = bits === 8 ? 127 : 63;
      const { values: quantised, scales } = quantiseWeight(values, shape, axis, bits);
      expect(scales).toHaveLength(axis === undefined ? 1 : shape[axis]!);
      const largest = new Map<number, number>();
      const [, b = 1, c = 1] = shape;
      values.forEach((value, index) => {
        const place = [Math.floor(index / (b * c)), Math.floor(index / c) % b, index % c];
        const slice = axis === undefined ? 0 : place[axis]!;
        expect(Math.abs(quantised[index]! * scales[slice]! - value)).toBeLessThanOrEqual(scales[slice]! * 0.5001);
        expect(Math.abs(quantised[index]!)).toBeLessThanOrEqual(limit);
        if (Math.abs(value) > 1e-20) largest.set(slice, Math.max(largest.get(slice) ?? 0, Math.abs(quantised[index]!)));
      });
      for (const size of largest.values()) expect(size).toBe(limit);
    },
  );
});
