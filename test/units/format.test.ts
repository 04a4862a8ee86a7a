import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { formatBandwidth, formatDuration, formatSize, parseQuantity } from "../../src/units/index.ts";

describe("a quantity for people", () => {
  test.each([
    [0, "0 s"],
    [0.0123, "12.3 ms"],
    [0.05, "50 ms"],
    [0.9999, "1 s"],
    [59.96, "60 s"],
    [1234.5, "1235 s"],
    [3e-6, "3 µs"],
    [1.5e-9, "1.5 ns"],
    [-0.05, "-50 ms"],
  ])("%d seconds read %s", (seconds, text) => {
    expect(formatDuration(seconds)).toBe(text);
  });

  test.each([
    [0, "0 B"],
    [999, "999 B"],
    [999_900, "1 MB"],
    [4_700_000, "4.7 MB"],
    [5e16, "50000 TB"],
  ])("%d bytes read %s", (bytes, text) => {
    expect(formatSize(bytes)).toBe(text);
  });

  test("bandwidths are in bits", () => {
    expect([50e6, 1.25e9, 300].map(formatBandwidth)).toEqual(["50 Mbit/s", "1.25 Gbit/s", "300 bit/s"]);
  });

  test.prop([fc.double({ min: 1e-9, max: 1e15, noNaN: true })])("reads back within its three digits", (amount) => {
    expect(Math.abs(parseQuantity(formatDuration(amount), "duration") / amount - 1)).toBeLessThanOrEqual(0.005);
    expect(Math.abs(parseQuantity(formatSize(amount + 1), "size") / (amount + 1) - 1)).toBeLessThanOrEqual(0.005);
    const rate = parseQuantity(formatBandwidth(amount + 1), "bandwidth");
    expect(Math.abs(rate / (amount + 1) - 1)).toBeLessThanOrEqual(0.005);
  });
});
