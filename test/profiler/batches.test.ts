import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { type BatchEntry, boundaryMeasurements, finishedBatch, groupBySize } from "../../src/profiler/batches.ts";

const whole = (sums: number[]): BatchEntry["whole"] => ({
  kernels: [],
  bytes: [],
  sums,
  requests: sums,
  warmUpRuns: 0,
});
const batch = (index: number, sums: number[], seconds: number): BatchEntry => ({
  kind: "batch",
  index,
  windows: [],
  whole: whole(sums),
  boundary: [
    { index, bytes: 8, measured: { median_s: seconds, low_s: 0.9 * seconds, high_s: 1.2 * seconds, samples: 9 } },
  ],
  points: [],
  anchors: [],
});

describe("windows measured in batches", () => {
  test.prop([fc.array(fc.integer({ min: 0, max: 100 })), fc.integer({ min: 1, max: 150 })])(
    "come in order, within the bound or alone, and no sooner in the next batch than needed",
    (sizes, most) => {
      const groups = groupBySize(sizes, (size) => size, most);
      const held = groups.map((group) => group.reduce((sum, size) => sum + size, 0));
      expect(groups.flat()).toEqual(sizes);
      groups.forEach((group, i) => {
        expect(held[i]! <= most || group.length === 1).toBe(true);
        if (i > 0) expect(held[i - 1]! + group[0]!).toBeGreaterThan(most);
      });
    },
  );

  test("are measured again where a journal grouped others, or none that it named", () => {
    const windows = [
      { from: 3, to: 5 },
      { from: 4, to: 9 },
    ];
    const { windows: _, ...unnamed } = batch(0, [1], 1);
    const kept: BatchEntry = {
      ...batch(0, [1], 1),
      windows: [
        [3, 5],
        [4, 9],
      ],
    };
    expect(finishedBatch([unnamed as BatchEntry], 0, windows)).toBeUndefined();
    expect(finishedBatch([kept], 0, windows.slice(0, 1))).toBeUndefined();
    expect(finishedBatch([kept], 1, windows)).toBeUndefined();
    expect(finishedBatch([kept], 0, windows)).toBe(kept);
  });

  test("are one empty batch when there are none: the whole is measured all the same", () => {
    expect(groupBySize([], () => 1, 10)).toEqual([[]]);
  });

  const slowdown = fc.double({ min: 0.5, max: 2, noNaN: true });
  test.prop([slowdown, slowdown])("show a kernel as long as while the whole took its usual time", (first, second) => {
    const times = (factor: number) => [0.9, 1, 1, 1, 1.3].map((seconds) => factor * seconds);
    const found = boundaryMeasurements([batch(0, times(first), 0.1 * first), batch(1, times(second), 0.2 * second)]);
    const ratio = found.get(1)!.measured.median_s / found.get(0)!.measured.median_s;
    expect(ratio).toBeCloseTo(2, 9);
    expect(found.get(0)!.measured.high_s / found.get(0)!.measured.low_s).toBeCloseTo(1.2 / 0.9, 9);
  });

  test("keep their times when there is one batch, or when nothing was timed", () => {
    expect(boundaryMeasurements([batch(0, [1, 1, 4], 0.3)]).get(0)!.measured.median_s).toBeCloseTo(0.3, 12);
    expect(boundaryMeasurements([batch(0, [0], 0)]).get(0)!.measured.median_s).toBe(0);
  });
});
