import { expect, test } from "vitest";
import { bitRate, byteSize, duration, factor, interval, percent } from "../../src/report/format.ts";

test.each([
  [0, "0 ms"],
  [1.23456, "1.23 s"],
  [0.9999, "1.00 s"],
  [0.0614, "61.4 ms"],
  [0.2, "200 ms"],
  [0.0009999, "1.00 ms"],
  [0.00042, "420 µs"],
  [125, "125 s"],
])("%d s reads %s", (seconds, text) => {
  expect(duration(seconds)).toBe(text);
});

test("an interval has one unit", () => {
  expect(interval(0.0009, 0.0011)).toBe("0.900–1.10 ms");
  expect(interval(0, 0)).toBe("0–0 ms");
});

test("sizes and rates have decimal prefixes", () => {
  expect(byteSize(602_112)).toBe("602 kB");
  expect(byteSize(999_999)).toBe("1 MB");
  expect(bitRate(50e6)).toBe("50 Mbit/s");
});

test("ratios are no finer than is useful", () => {
  expect(factor(2.345)).toBe("2.3×");
  expect(factor(17.4)).toBe("17×");
  expect(percent(0.031)).toBe("3.1 %");
  expect(percent(-0.42)).toBe("-42 %");
});
