import { fc, test } from "@fast-check/vitest";
import { expect } from "vitest";
import { crossings, envelope } from "../../src/report/index.ts";

const sweep = fc
  .tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 12 }))
  .chain(([placements, bandwidths]) =>
    fc
      .array(fc.double({ min: 1e-3, max: 10, noNaN: true }), {
        minLength: placements * bandwidths,
        maxLength: placements * bandwidths,
      })
      .map((latencies) =>
        latencies.map((latency_s, index) => ({
          bandwidth_bps: 1e6 * 2 ** (index % bandwidths),
          placement: `tier${Math.floor(index / bandwidths)}`,
          cut: null,
          latency_s,
        })),
      ),
  );

test.prop([sweep])(
  "there is a crossing wherever the fastest placement changes, and between its neighbours",
  (points) => {
    const fastest = envelope(points);
    const changes = fastest.slice(1).flatMap((right, index) => {
      const left = fastest[index]!;
      return left.placement === right.placement ? [] : [{ left, right }];
    });
    const found = crossings(points);
    expect(found).toHaveLength(changes.length);
    for (const [index, crossing] of found.entries()) {
      const { left, right } = changes[index]!;
      expect([crossing.below, crossing.above]).toEqual([left.placement, right.placement]);
      expect(crossing.bandwidth_bps).toBeGreaterThanOrEqual(left.bandwidth_bps * (1 - 1e-9));
      expect(crossing.bandwidth_bps).toBeLessThanOrEqual(right.bandwidth_bps * (1 + 1e-9));
    }
  },
);

test("latencies that are straight on logarithmic axes cross where they are equal", () => {
  const points = [1e6, 1e8].flatMap((bandwidth_bps) => [
    { bandwidth_bps, placement: "mobile", cut: null, latency_s: 0.05 },
    { bandwidth_bps, placement: "edge", cut: null, latency_s: 1e6 / bandwidth_bps },
  ]);
  const [crossing] = crossings(points);
  expect(crossing?.bandwidth_bps).toBeCloseTo(2e7, 3);
  expect(crossing?.latency_s).toBeCloseTo(0.05, 9);
});
