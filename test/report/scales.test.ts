import { fc, test } from "@fast-check/vitest";
import { expect } from "vitest";
import { scaleOf } from "../../src/report/scales.ts";

const milliseconds = fc.double({ min: 1e-3, max: 1e5, noNaN: true });
/** One value, and others that differ from it by a rounding error, a little or a lot. */
const values = fc
  .tuple(milliseconds, fc.array(fc.constantFrom(1, 1 + Number.EPSILON, 1.0001, 1.01, 1.5, 20), { maxLength: 5 }))
  .map(([first, factors]) => [first, ...factors.map((factor) => first * factor)]);

test.prop([values, fc.boolean(), fc.constantFrom(1, 6, Number.POSITIVE_INFINITY)])(
  "an axis has room for all its values, inside its ends",
  (all, fromZero, linearUpTo) => {
    const scale = scaleOf(all, { title: "latency, ms", length: 500, ticks: 5, linearUpTo, fromZero });
    const [low, high] = (scale.position.scale as { domain: [number, number] }).domain;
    expect(low).toBeLessThan(high);
    for (const value of all) {
      expect(scale.at(value)).toBeGreaterThanOrEqual(0);
      expect(scale.at(value)).toBeLessThanOrEqual(500);
    }
  },
);
