import fc from "fast-check";
import { expect, test } from "vitest";
import { axesOf, samplingOf } from "../../src/whatif/index.ts";
import { TILL } from "./worlds.ts";

const PATHS = ["topology.devices.phone.speed", "topology.devices.edge-box.speed", "topology.links.mobile>edge.delay"];
const all = (sampling: ReturnType<typeof samplingOf>, axes: number): number[][] =>
  Array.from({ length: sampling.count }, (_, i) => {
    const point = new Float64Array(axes);
    sampling.at(i, point);
    return [...point];
  });

test("a grid is every combination once, the last axis fastest", () => {
  const axes = axesOf(
    TILL,
    {
      "topology.devices.phone.speed": [0.1, 0.2],
      "topology.links.mobile>edge.delay": { from: "1 ms", to: "100 ms", steps: 3, scale: "log" },
    },
    "sweep",
  );
  const points = all(samplingOf(axes, "grid"), 2);
  expect(points.map(([a]) => a)).toEqual([0, 0, 0, 1, 1, 1]);
  expect(points.slice(0, 3).map(([, b]) => b)).toEqual([0.001, expect.closeTo(0.01, 12), 0.1]);
});

test("a latin hypercube has one point in each stratum of each axis", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 500 }), fc.nat({ max: 2 ** 32 - 1 }), (n, seed) => {
      const axes = axesOf(
        TILL,
        Object.fromEntries(PATHS.map((path) => [path, { from: 1, to: 2, scale: "linear" as const }])),
        "sweep",
      );
      const points = all(samplingOf(axes, { method: "latin-hypercube", n, seed }), 3);
      for (let d = 0; d < 3; d++) {
        const strata = points.map((point) => Math.floor((point[d]! - 1) * n * (1 + 1e-12)));
        expect(new Set(strata).size).toBe(n);
      }
    }),
  );
});

test("the axes of a latin hypercube are in orders of their own", () => {
  const axes = axesOf(
    TILL,
    Object.fromEntries(PATHS.map((path) => [path, { from: 1, to: 2, scale: "linear" as const }])),
    "sweep",
  );
  const points = all(samplingOf(axes, { method: "latin-hypercube", n: 2000, seed: 4 }), 3);
  const correlation = (i: number, j: number) =>
    points.reduce((sum, point) => sum + (point[i]! - 1.5) * (point[j]! - 1.5), 0) / points.length / (1 / 12);
  for (const [i, j] of [
    [0, 1],
    [0, 2],
    [1, 2],
  ] as const)
    expect(Math.abs(correlation(i, j))).toBeLessThan(0.08);
});

test("whole numbers are taken as they are", () => {
  const [axis] = axesOf(TILL, { "tiers.edge.replicas": { from: 1, to: 4, scale: "linear" } }, "sweep");
  expect(axis!.values).toEqual([1, 2, 3, 4]);
  const counts = [0, 0, 0, 0];
  for (const [k] of all(samplingOf([axis!], { method: "sobol", n: 64, seed: 2 }), 1)) counts[k!]!++;
  expect(counts).toEqual([16, 16, 16, 16]);
});
