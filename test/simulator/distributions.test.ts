import { fc, test } from "@fast-check/vitest";
import { mean, variance } from "simple-statistics";
import { describe, expect } from "vitest";
import { type Distribution, Draws, meanOf, RandomStream, scaled, squaredVariation } from "../../src/simulator/index.ts";
import { anyWork } from "./networks.ts";

const N = 40_000;
const sample = (distribution: Distribution, seed: number) => {
  const draws = new Draws(distribution, new RandomStream(seed));
  return Array.from({ length: N }, () => draws.next());
};

describe("a distribution", () => {
  test.prop([anyWork, fc.integer({ min: 0, max: 1e9 })], { numRuns: 60 })(
    "has the mean and the variation that it says",
    (distribution, seed) => {
      const values = sample(distribution, seed);
      const expected = meanOf(distribution);
      const cv2 = squaredVariation(distribution);
      // Six standard errors.
      expect(Math.abs(mean(values) - expected)).toBeLessThanOrEqual(6 * expected * Math.sqrt(cv2 / N) + 1e-12);
      if (cv2 < 1) expect(variance(values) / expected ** 2).toBeCloseTo(cv2, 0.5);
      expect(Math.min(...values)).toBeGreaterThanOrEqual(0);
    },
  );

  test.prop([anyWork, fc.double({ min: 0.1, max: 10, noNaN: true })])("scales", (distribution, factor) => {
    const [plain, larger] = [sample(distribution, 3), sample(scaled(distribution, factor), 3)];
    for (let i = 0; i < 200; i++) expect(larger[i]! / (plain[i]! * factor)).toBeCloseTo(1, 9);
  });
});

describe("random streams", () => {
  test("exponential values are exponential: the share beyond each multiple of the mean", () => {
    const values = new Float64Array(1 << 20);
    new RandomStream(1).fillExponential(values);
    for (const x of [0.01, 0.1, 0.5, 1, 2, 4, 7.7, 8, 10]) {
      const share = values.filter((value) => value > x).length / values.length;
      const expected = Math.exp(-x);
      const error = Math.sqrt((expected * (1 - expected)) / values.length);
      expect(Math.abs(share - expected)).toBeLessThan(5 * error + 1e-9);
    }
  });

  test("uniform numbers fill their bins evenly, and neighbours do not hang together", () => {
    const stream = new RandomStream(2);
    const values = Array.from({ length: 100_000 }, () => stream.uniform());
    const bins = new Array(100).fill(0);
    for (const value of values) bins[Math.floor(value * 100)]++;
    const chi2 = bins.reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0);
    // χ² with 99 degrees of freedom: one in ten thousand lies beyond 161 or below 55.
    expect(chi2).toBeGreaterThan(55);
    expect(chi2).toBeLessThan(161);
    let product = 0;
    for (let i = 1; i < values.length; i++) product += (values[i]! - 0.5) * (values[i - 1]! - 0.5);
    expect(Math.abs((product / values.length) * 12)).toBeLessThan(0.015);
  });

  test.prop([fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }), fc.string(), fc.string()])(
    "split by label: the same label is the same stream, another is another",
    (seed, a, b) => {
      const first = (label: string) => new RandomStream(seed).split(label).uniform();
      expect(first(a)).toBe(first(a));
      if (a !== b) expect(first(a)).not.toBe(first(b));
    },
  );

  test("the numbers of a seed are those that they have always been", () => {
    const stream = new RandomStream(42).split("service");
    const values = new Float64Array(3);
    stream.fillExponential(values);
    expect([stream.bits(), ...values].map((value) => value.toPrecision(12))).toMatchInlineSnapshot(`
      [
        "336151573.000",
        "1.23079136078",
        "0.235083170932",
        "0.358203288165",
      ]
    `);
  });
});
