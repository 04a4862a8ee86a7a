import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { groupedMedianSorted, medianInterval, relativeInterval, warmUpLength } from "../../src/profiler/statistics.ts";
import { normal, uniform } from "../fixtures/random.ts";

const sorted = (values: Iterable<number>) => [...values].sort((a, b) => a - b);
/** The definition, on its own: the middle value, or the mean of the two. */
const medianOf = (values: readonly number[]) => {
  const all = sorted(values);
  return (all[(all.length - 1) >> 1]! + all[all.length >> 1]!) / 2;
};
/** A right-skewed sample, as times are: log-normal around `scale`. */
function times(seed: number, count: number, scale: number, spread = 0.3): number[] {
  const random = normal(seed);
  return Array.from({ length: count }, () => scale * Math.exp(spread * random()));
}

describe("the median of values rounded to a grid", () => {
  test.prop([fc.nat(), fc.integer({ min: 20, max: 400 }), fc.double({ min: 2, max: 50, noNaN: true })])(
    "is less than the grid's width from the median before rounding",
    (seed, count, scale) => {
      const exact = times(seed, count, scale);
      const rounded = sorted(exact.map(Math.round));
      expect(Math.abs(groupedMedianSorted(rounded, 1) - medianOf(exact))).toBeLessThanOrEqual(1);
    },
  );

  test("is closer on average than the rounded median", () => {
    let grouped = 0;
    let plain = 0;
    for (let seed = 0; seed < 200; seed++) {
      const exact = times(seed, 200, 2 + (seed % 17) / 17, 0.2);
      const rounded = sorted(exact.map(Math.round));
      grouped += Math.abs(groupedMedianSorted(rounded, 1) - medianOf(exact));
      plain += Math.abs(medianOf(rounded) - medianOf(exact));
    }
    expect(grouped).toBeLessThan(plain / 2);
    // Well below the grid itself.
    expect(grouped / 200).toBeLessThan(0.15);
  });

  test("by hand: 3 of 10 below the class [4.5, 5.5), 4 in it", () => {
    expect(groupedMedianSorted([2, 3, 4, 5, 5, 5, 5, 6, 7, 8], 1)).toBe(4.5 + (5 - 3) / 4);
    expect(groupedMedianSorted([7], 1)).toBe(7);
  });
});

describe("the median and its interval", () => {
  test.prop([fc.array(fc.double({ min: 0, max: 1e3, noNaN: true }), { minLength: 1, maxLength: 99 })])(
    "the median is the middle value and lies in the interval, which lies in the sample",
    (values) => {
      const { median_s, low_s, high_s, samples } = medianInterval(values);
      expect(median_s).toBeCloseTo(medianOf(values), 9);
      expect(samples).toBe(values.length);
      expect(low_s <= median_s && median_s <= high_s).toBe(true);
      expect(low_s >= Math.min(...values) && high_s <= Math.max(...values)).toBe(true);
    },
  );

  for (const [what, draw, truth] of [
    ["log-normal", (seed: number) => times(seed, 50, 3), 3],
    [
      "uniform",
      (seed: number) => {
        const random = uniform(seed);
        return Array.from({ length: 50 }, () => random());
      },
      0.5,
    ],
  ] as const)
    test(`holds the true median of a ${what} population in about 95 of 100 samples`, () => {
      const repeats = 400;
      let held = 0;
      for (let seed = 0; seed < repeats; seed++) {
        const { low_s, high_s } = medianInterval(draw(seed + 1000));
        if (low_s <= truth && truth <= high_s) held++;
      }
      expect(held / repeats).toBeGreaterThan(0.9);
      expect(held / repeats).toBeLessThan(0.99);
    });

  test("narrows with more samples; below six it says nothing", () => {
    const width = (count: number) => relativeInterval(medianInterval(times(4, count, 1)));
    expect(width(2500)).toBeLessThan(width(100) / 3);
    expect(width(5)).toBe(Number.POSITIVE_INFINITY);
    expect(relativeInterval(medianInterval(Array(20).fill(2)))).toBe(0);
  });
});

describe("warm-up", () => {
  test("is dropped where it is plain, to within a few values", () => {
    for (let seed = 0; seed < 50; seed++) {
      const values = times(seed, 100, 1, 0.05).map((value, index) => (index < 12 ? value * (3 - index / 12) : value));
      const length = warmUpLength(values);
      expect(length, `seed ${seed}`).toBeGreaterThanOrEqual(12);
      expect(length, `seed ${seed}`).toBeLessThanOrEqual(50);
    }
  });

  test("one slow first value is dropped", () => {
    const values = times(3, 60, 1, 0.02);
    expect(warmUpLength([9, ...values])).toBeGreaterThanOrEqual(1);
  });

  test("of stationary noise little is dropped most times", () => {
    const lengths = Array.from({ length: 200 }, (_, seed) => warmUpLength(times(seed + 7, 100, 1, 0.1)));
    expect(medianOf(lengths)).toBeLessThanOrEqual(10);
    expect(lengths.filter((length) => length <= 25).length).toBeGreaterThan(120);
  });

  test.prop([fc.array(fc.double({ min: 0, max: 10, noNaN: true }), { maxLength: 60 })])(
    "at most half is dropped",
    (values) => {
      const length = warmUpLength(values);
      expect(length).toBeGreaterThanOrEqual(0);
      expect(length).toBeLessThanOrEqual(values.length / 2);
    },
  );

  test("a late spike is no warm-up", () => {
    const values = Array.from({ length: 60 }, (_, index) => (index === 40 ? 100 : 1 + (index % 3) / 100));
    expect(warmUpLength(values)).toBeLessThan(6);
  });
});
