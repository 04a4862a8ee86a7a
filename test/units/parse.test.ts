import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { Problem } from "../../src/formats/problem.ts";
import { parseQuantity, type QuantityKind, readQuantity } from "../../src/units/index.ts";

describe("a quantity", () => {
  test.each<[string | number, QuantityKind, number]>([
    ["50 Mbit/s", "bandwidth", 50e6],
    ["50Mbit/s", "bandwidth", 50e6],
    ["50 Mbps", "bandwidth", 50e6],
    ["50 Mb/s", "bandwidth", 50e6],
    ["5 MB/s", "bandwidth", 40e6],
    ["1.5 Gbit/s", "bandwidth", 1.5e9],
    ["20 ms", "duration", 0.02],
    ["3 µs", "duration", 3e-6],
    ["2 s", "duration", 2],
    ["5 min", "duration", 300],
    ["0 s", "duration", 0],
    ["4 GiB", "size", 4 * 2 ** 30],
    ["200 kB", "size", 200e3],
    ["50 Mbit", "size", 50e6 / 8],
    ["0.25", "duration", 0.25],
    [" 1e3 ", "size", 1000],
    [0.02, "duration", 0.02],
  ])("%s is a %s of %d", (text, kind, amount) => {
    expect(parseQuantity(text, kind) / (amount || 1)).toBeCloseTo(amount === 0 ? 0 : 1, 12);
  });

  test.prop([fc.double({ min: 0, noNaN: true, noDefaultInfinity: true })])("in plain numbers is SI", (amount) => {
    expect(parseQuantity(amount, "size")).toBe(amount);
    expect(parseQuantity(String(amount), "size")).toBe(amount);
  });

  test("of one of several kinds says which", () => {
    expect(readQuantity("1 s", ["size", "duration"])).toEqual({ kind: "duration", amount: 1 });
    expect(readQuantity("1 kB", ["size", "duration"])).toEqual({ kind: "size", amount: 1000 });
    expect(readQuantity("1 Mbit/s", ["size", "duration"])).toEqual({
      fault: "'1 Mbit/s' is not a size or duration; write e.g. 4 GiB or e.g. 20 ms",
    });
  });
});

describe("what is no such quantity", () => {
  test.each<[string | number, QuantityKind, string]>([
    ["fast", "bandwidth", "bandwidth: 'fast' is not a quantity; write e.g. 50 Mbit/s"],
    ["20 ms", "bandwidth", "bandwidth: '20 ms' is not a bandwidth; write e.g. 50 Mbit/s"],
    [
      "5 mbit/s",
      "bandwidth",
      "bandwidth: '5 mbit/s' is not a quantity: no unit is called 'mbit'; write e.g. 50 Mbit/s",
    ],
    ["200 KB", "size", "size: '200 KB' is not a quantity: no unit is called 'KB'; write e.g. 4 GiB"],
    ["-3 ms", "duration", "duration: '-3 ms' is negative; write e.g. 20 ms"],
    ["ms", "duration", "duration: 'ms' has no number; write e.g. 20 ms"],
    ["", "duration", "duration: '' has no number; write e.g. 20 ms"],
    ["NaN", "duration", "duration: 'NaN' is not a quantity; write e.g. 20 ms"],
    ["Infinity", "duration", "duration: 'Infinity' is not finite; write e.g. 20 ms"],
    ["1e999 s", "duration", "duration: '1e999 s' is not finite; write e.g. 20 ms"],
    ["2 s + 3", "duration", "duration: '2 s + 3' is not a quantity; write e.g. 20 ms"],
    [Number.NaN, "size", "size: 'NaN' is not finite; write e.g. 4 GiB"],
    [-1, "size", "size: '-1' is negative; write e.g. 4 GiB"],
  ])("%s", (text, kind, message) => {
    expect(() => parseQuantity(text, kind)).toThrow(new Problem(message));
  });

  test("is reported under the name of its field", () => {
    expect(() => parseQuantity("x", "size", "--memory")).toThrow(/^--memory: 'x' is not a quantity/);
  });

  test.prop([fc.string()])("whatever it is, is a Problem", (text) => {
    try {
      expect(parseQuantity(text, "duration")).toBeGreaterThanOrEqual(0);
    } catch (error) {
      expect(error).toBeInstanceOf(Problem);
    }
  });
});
