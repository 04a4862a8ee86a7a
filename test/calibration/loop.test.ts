import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { type Channel, closedLoop } from "../../src/calibration/loop.ts";

const channel = fc.record({
  rate: fc.double({ min: 1e5, max: 1e9, noNaN: true }),
  depth: fc.double({ min: 0, max: 1e9, noNaN: true }),
  handling: fc.double({ min: 1e7, max: 1e10, noNaN: true }),
});
const bits = fc.double({ min: 1e3, max: 1e9, noNaN: true });
const seconds = fc.double({ min: 1e-3, max: 20, noNaN: true });

/** One message on one channel, which leaves no other share of the handling. */
const loop = (base: number, size: number, one: Channel, gap: number, requests: number) =>
  closedLoop(base + size / one.handling, 0, [{ channel: 0, bits: size }], [one], gap, requests);

describe("a closed loop over a token bucket", () => {
  test.prop([seconds, bits, channel])(
    "lets its first request pass as the formula for a full bucket says",
    (base, size, one) => {
      const expected = base + Math.max(size / one.handling, (size - one.depth) / one.rate);
      expect(loop(base, size, one, 0.1, 1)[0]).toBeCloseTo(expected, 6);
    },
  );

  test.prop([seconds, bits, channel, seconds])(
    "sends no more than the bucket held and the rate brought",
    (base, size, one, gap) => {
      const latencies = loop(base, size, one, gap, 50);
      const elapsed = latencies.reduce((sum, latency) => sum + latency + gap, 0);
      expect(50 * size).toBeLessThanOrEqual((one.depth + one.rate * elapsed) * (1 + 1e-9));
    },
  );

  test.prop([seconds, bits, channel, seconds])(
    "ends in a steady state that the rate or the computing limits",
    (base, size, one, gap) => {
      // Enough requests for the bucket to run dry if it ever does.
      const last = loop(base, size, one, gap, 4000).at(-1)!;
      const unlimited = base + size / one.handling;
      const refill = Math.min(one.depth, one.rate * (base + gap));
      const limited = base + (size - refill) / one.rate;
      const drained = 4000 * (size - one.rate * (unlimited + gap)) > 2 * one.depth + size;
      if (drained || refill === one.depth) expect(last / Math.max(unlimited, limited)).toBeCloseTo(1, 4);
      else expect(last).toBeGreaterThanOrEqual(unlimited * (1 - 1e-9));
    },
  );

  test.prop([seconds, bits, channel, seconds, fc.double({ min: 1, max: 10, noNaN: true })])(
    "is never slower on a faster link with as deep a bucket",
    (base, size, one, gap, factor) => {
      const slow = loop(base, size, one, gap, 20);
      const fast = loop(base, size, { ...one, rate: one.rate * factor }, gap, 20);
      const total = (latencies: readonly number[]) => latencies.reduce((sum, latency) => sum + latency, 0);
      expect(total(fast)).toBeLessThanOrEqual(total(slow) * (1 + 1e-9));
    },
  );
});
