import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { agreement, kendallTau } from "../../study/tau.ts";

const distinct = fc.uniqueArray(fc.integer({ min: -1000, max: 1000 }), { minLength: 2, maxLength: 12 });

/** Swaps of neighbours that bubble sort needs: the number of discordant pairs, counted another way. */
function swaps(values: readonly number[]): number {
  const sorted = [...values];
  let count = 0;
  for (let end = sorted.length; end > 0; end--) {
    for (let i = 1; i < end; i++) {
      if (sorted[i - 1]! > sorted[i]!) {
        [sorted[i - 1], sorted[i]] = [sorted[i]!, sorted[i - 1]!];
        count++;
      }
    }
  }
  return count;
}

describe("kendallTau", () => {
  test("of a textbook's example with ties", () => {
    // Pairs: 2 concordant and 1 discordant of 4 untied in one and 5 in the other.
    expect(kendallTau([1, 2, 2, 3], [1, 3, 2, 2])).toBeCloseTo(2 / 5, 12);
  });

  test.prop([distinct])("without ties counts the swaps that sort one order into the other", (values) => {
    const order = values.map((_, i) => i);
    const pairs = (values.length * (values.length - 1)) / 2;
    expect(kendallTau(order, values)).toBeCloseTo(1 - (2 * swaps(values)) / pairs, 12);
  });

  test.prop([fc.array(fc.tuple(fc.integer({ min: 0, max: 4 }), fc.integer({ min: 0, max: 4 })), { minLength: 2 })])(
    "is symmetric, turns its sign with an order, and keeps under monotone maps",
    (pairs) => {
      const a = pairs.map(([x]) => x);
      const b = pairs.map(([, y]) => y);
      const tau = kendallTau(a, b);
      expect(kendallTau(b, a)).toEqual(tau);
      if (Number.isNaN(tau)) return;
      expect(Math.abs(tau)).toBeLessThanOrEqual(1 + 1e-12);
      const reversed = b.map((y) => -y);
      expect(kendallTau(a, reversed)).toBeCloseTo(-tau, 12);
      const exponential = a.map(Math.exp);
      expect(kendallTau(exponential, b)).toBeCloseTo(tau, 12);
    },
  );

  test("of nothing but ties is not a number, and of different lengths an error", () => {
    expect(kendallTau([1, 1], [1, 2])).toBeNaN();
    expect(() => kendallTau([1], [1, 2])).toThrow(RangeError);
  });
});

test("an agreement's interval spans what its draws say", () => {
  const published = [
    [1, 1, 1, 1],
    [2, 2, 2, 2],
    [3, 3, 3, 3],
  ];
  const predicted = [
    [1, 1, 1, 3],
    [2, 2, 2, 2],
    [3, 3, 3, 1],
  ];
  const found = agreement(predicted, published, { predicted: [1, 2, 3], published: [1, 2, 3] });
  expect(found).toEqual({ tau: 1, low: -1, high: 1 });
});
