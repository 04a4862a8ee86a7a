import { fc, test as property } from "@fast-check/vitest";
import { expect, test } from "vitest";
import { transferSeconds } from "../../src/costmodel/index.ts";
import { TokenBucket } from "../../src/testbed/bucket.ts";

/** Nobody said what a byte costs. */
const FREE = { energy_j_per_byte: null, price_per_byte: null };

const pieces = fc.array(
  fc.record({ bytes: fc.integer({ min: 1, max: 5000 }), gap: fc.double({ min: 0, max: 0.5, noNaN: true }) }),
  {
    minLength: 1,
    maxLength: 60,
  },
);

property.prop({
  pieces,
  rate: fc.double({ min: 1e3, max: 1e8, noNaN: true }),
  depth: fc.integer({ min: 0, max: 20000 }),
})("no window of t seconds passes more than max(depth, largest piece) + rate · t", ({ pieces, rate, depth }) => {
  const bucket = new TokenBucket(rate, depth);
  let at = 0;
  let before = 0;
  const passed = pieces.map(({ bytes, gap }) => {
    at += gap;
    const departure = bucket.departure(bytes, at);
    expect(departure).toBeGreaterThanOrEqual(at);
    expect(departure).toBeGreaterThanOrEqual(before);
    before = departure;
    return { bytes, departure };
  });
  const most = Math.max(depth, ...passed.map(({ bytes }) => bytes));
  for (let first = 0; first < passed.length; first++) {
    let sum = 0;
    for (let last = first; last < passed.length; last++) {
      sum += passed[last]!.bytes;
      const window = passed[last]!.departure - passed[first]!.departure;
      expect(sum).toBeLessThanOrEqual(most + (rate / 8) * window + 1e-6 * (1 + sum));
    }
  }
});

property.prop({
  sizes: fc.array(fc.integer({ min: 1, max: 1500 }), { minLength: 1, maxLength: 200 }),
  bandwidth_bps: fc.double({ min: 1e4, max: 1e8, noNaN: true }),
  burst_bytes: fc.integer({ min: 0, max: 100_000 }),
})("a message that comes at once takes what the cost model says", ({ sizes, bandwidth_bps, burst_bytes }) => {
  const bucket = new TokenBucket(bandwidth_bps, burst_bytes);
  let last = 0;
  for (const size of sizes) last = bucket.departure(size, 5);
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  const link = { from: "a", to: "b", bandwidth_bps, delay_s: 0, burst_bytes, burst_s: 0, ...FREE };
  expect(last - 5).toBeCloseTo(transferSeconds(bytes, link), 6);
});

test("a bucket fills while nothing comes, up to its depth", () => {
  const bucket = new TokenBucket(8000, 1000);
  expect(bucket.departure(1000, 0)).toBe(0);
  expect(bucket.departure(500, 0.5)).toBe(0.5);
  expect(bucket.departure(2000, 100)).toBe(101);
});

test("an infinite bandwidth holds nothing up", () => {
  expect(new TokenBucket(Number.POSITIVE_INFINITY, 0).departure(1e9, 3)).toBe(3);
});
