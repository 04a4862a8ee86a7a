import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { RandomStream, shuffled } from "../../src/random/index.ts";

describe("a random stream", () => {
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

describe("a shuffle", () => {
  test.prop([fc.array(fc.integer()), fc.nat()])("keeps the items, and depends on the seed alone", (items, seed) => {
    const order = shuffled(items, new RandomStream(seed));
    expect(order.toSorted((a, b) => a - b)).toEqual(items.toSorted((a, b) => a - b));
    expect(shuffled(items, new RandomStream(seed))).toEqual(order);
  });

  test("has each of the six orders of three items as often", () => {
    const random = new RandomStream(1);
    const counts = new Map<string, number>();
    for (let i = 0; i < 6000; i++) {
      const order = shuffled([1, 2, 3], random).join();
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    const chi2 = [...counts.values()].reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0);
    expect(counts.size).toBe(6);
    // χ² with 5 degrees of freedom: one in ten thousand lies beyond 25.7.
    expect(chi2).toBeLessThan(25.7);
  });
});
