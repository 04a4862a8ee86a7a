import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { NUMBER_ROOM, writeDouble, writeFloat32, writeInteger64 } from "../../src/codecs/shortest.ts";

function writtenBy<Value>(
  write: (value: Value, bytes: Uint8Array, position: number) => number,
): (value: Value) => string {
  return (value) => {
    const bytes = new Uint8Array(NUMBER_ROOM);
    return new TextDecoder().decode(bytes.subarray(0, write(value, bytes, 0)));
  };
}
const written = writtenBy(writeFloat32);
const significand = (text: string) => text.replace(/e.*|[-.]/g, "").replace(/^0+|0+$/g, "").length;
/** Dense where activations are, and everywhere else too. */
const float32 = fc.oneof(
  fc.float({ noNaN: true, noDefaultInfinity: true }),
  fc.float({ noNaN: true, min: -32, max: 32 }),
  fc.double({ noNaN: true, min: -1e8, max: 1e8 }).map(Math.fround),
);

describe("the text of a float32", () => {
  test.prop([float32], { numRuns: 2000 })("restores it", (value) => {
    const text = written(value);
    expect(Math.fround(JSON.parse(text))).toBe(value);
    expect(text).toBe(String(JSON.parse(text) === 0 ? text : JSON.parse(text)));
    expect(text.length).toBeLessThan(NUMBER_ROOM);
  });

  test.prop([float32], { numRuns: 2000 })("has the fewest digits that do", (value) => {
    const digits = significand(written(value));
    for (let precision = 1; precision < digits; precision++) {
      expect(Math.fround(Number(value.toPrecision(precision)))).not.toBe(value);
    }
  });

  test.each([
    [0, "0"],
    [-0, "-0"],
    [Math.fround(0.1), "0.1"],
    [Math.fround(-1 / 3), "-0.33333334"],
    [1234567, "1234567"],
    [9999999, "9999999"],
    [16777216, "16777216"],
    [2 ** -149, "1e-45"],
    [Math.fround(1e-6), "0.000001"],
    [Math.fround(1.5e-7), "1.5e-7"],
    [Math.fround(1e-13), "1e-13"],
    [Math.fround(3.4028234663852886e38), "3.4028235e+38"],
  ])("%d reads %s", (value, text) => {
    expect(written(value)).toBe(text);
  });
});

describe("the text of a double", () => {
  const double = writtenBy(writeDouble);
  const values = fc.oneof(
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.integer(),
    fc.integer({ min: 0, max: 2 ** 32 - 1 }),
    fc.constantFrom(-0, -(2 ** 31), 2 ** 31, Number.MIN_VALUE, -Number.MAX_VALUE, -2.2250738585072014e-308),
  );

  test.prop([values], { numRuns: 2000 })("is JavaScript's, but for minus zero", (value) => {
    expect(double(value)).toBe(Object.is(value, -0) ? "-0" : `${value}`);
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])("%d is a name", (value) => {
    expect(double(value)).toBe(`"${value}"`);
  });
});

describe("the text of a 64-bit integer", () => {
  const integer = writtenBy(writeInteger64);

  test.prop([fc.oneof(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }), fc.maxSafeInteger().map(BigInt))])(
    "restores it, as a number where readers keep it",
    (value) => {
      const parsed = JSON.parse(integer(value));
      expect(typeof parsed).toBe(value > -(2n ** 53n) && value < 2n ** 53n ? "number" : "string");
      expect(BigInt(parsed)).toBe(value);
    },
  );
});
