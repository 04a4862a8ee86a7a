import fc from "fast-check";
import { expect, test } from "vitest";
import { MOST_DIMENSIONS, SobolSequence, sobolIndices } from "../../src/whatif/index.ts";

const points = (sequence: SobolSequence, n: number): number[][] =>
  Array.from({ length: n }, (_, i) => {
    const point = new Float64Array(sequence.dimensions);
    sequence.at(i, point);
    return [...point];
  });

test("the sequence begins as published", () => {
  // Joe and Kuo's example, which is Bratley and Fox's order with the origin.
  expect(points(new SobolSequence(3), 8)).toEqual([
    [0, 0, 0],
    [0.5, 0.5, 0.5],
    [0.75, 0.25, 0.25],
    [0.25, 0.75, 0.75],
    [0.375, 0.375, 0.625],
    [0.875, 0.875, 0.125],
    [0.625, 0.125, 0.875],
    [0.125, 0.625, 0.375],
  ]);
});

test("every 2^k strata of every dimension hold one of 2^k points, shifted or not", () => {
  for (const seed of [undefined, 1, 99]) {
    const found = points(new SobolSequence(MOST_DIMENSIONS, seed), 256);
    for (let d = 0; d < MOST_DIMENSIONS; d++)
      expect(new Set(found.map((point) => Math.floor(point[d]! * 256))).size).toBe(256);
  }
});

test("two dimensions fill every elementary rectangle", () => {
  const found = points(new SobolSequence(2, 7), 64);
  for (let k = 0; k <= 6; k++) {
    const cells = found.map(([x, y]) => `${Math.floor(x! * 2 ** k)},${Math.floor(y! * 2 ** (6 - k))}`);
    expect(new Set(cells).size).toBe(64);
  }
});

test("a point does not depend on which was asked for before", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 2 ** 32 - 1 }), { minLength: 1 }), (indices) => {
      const walked = new SobolSequence(5, 3);
      for (const index of indices.flatMap((i) => [i, Math.min(i + 1, 2 ** 32 - 1)])) {
        const [a, b] = [new Float64Array(5), new Float64Array(5)];
        walked.at(index, a);
        new SobolSequence(5, 3).at(index, b);
        expect(a).toEqual(b);
      }
    }),
  );
});

/** Ishigami and Homma, 1990; its indices are known in closed form. */
const [A, B] = [7, 0.1];
const ishigami = (point: Float64Array) => {
  const [x, y, z] = Array.from(point, (u) => Math.PI * (2 * u - 1)) as [number, number, number];
  return Math.sin(x) + A * Math.sin(y) ** 2 + B * z ** 4 * Math.sin(x);
};
const PI4 = Math.PI ** 4;
const V1 = 0.5 * (1 + (B * PI4) / 5) ** 2;
const V2 = A ** 2 / 8;
const V13 = B ** 2 * PI4 ** 2 * (1 / 18 - 1 / 50);
const V = V1 + V2 + V13;

test("indices of the Ishigami function", () => {
  const { mean, variance, indices } = sobolIndices(3, ishigami, { samples: 8192 });
  expect(mean).toBeCloseTo(A / 2, 2);
  expect(variance / V).toBeCloseTo(1, 2);
  const first = [V1 / V, V2 / V, 0];
  const total = [(V1 + V13) / V, V2 / V, V13 / V];
  for (const [i, index] of indices.entries()) {
    expect(index.first.value).toBeCloseTo(first[i]!, 2);
    expect(index.total.value).toBeCloseTo(total[i]!, 2);
    for (const [interval, truth] of [
      [index.first, first[i]!],
      [index.total, total[i]!],
    ] as const) {
      expect(interval.low).toBeLessThan(truth + 1e-6);
      expect(interval.high).toBeGreaterThan(truth - 1e-6);
    }
  }
});

test("of a sum, what is alone is all, and the shares are those of the variances", () => {
  const { indices } = sobolIndices(3, ([a, b]) => 1000 + 3 * a! + b!, { samples: 1024 });
  expect(indices.map(({ first }) => first.value)).toEqual([
    expect.closeTo(0.9, 2),
    expect.closeTo(0.1, 2),
    expect.closeTo(0, 6),
  ]);
  expect(indices.map(({ total }) => total.value)).toEqual([expect.closeTo(0.9, 2), expect.closeTo(0.1, 2), 0]);
});
