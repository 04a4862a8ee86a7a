import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { FLOAT32_ROOM, writeFloat32 } from "../../src/codecs/shortest.ts";

const written = (value: number) => {
  const bytes = new Uint8Array(FLOAT32_ROOM);
  return new TextDecoder().decode(bytes.subarray(0, writeFloat32(value, bytes, 0)));
};
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
    expect(text.length).toBeLessThan(FLOAT32_ROOM);
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
