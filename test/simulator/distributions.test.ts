import { fc, test } from "@fast-check/vitest";
import { mean, variance } from "simple-statistics";
import { describe, expect } from "vitest";
import { RandomStream } from "../../src/random/index.ts";
import { type Distribution, Draws, meanOf, scaled, squaredVariation } from "../../src/simulator/index.ts";
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
