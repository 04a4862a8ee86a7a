import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { fromHalf, toHalf } from "../../src/codecs/half.ts";

const half = (value: number) => {
  const bits = new Uint16Array(1);
  toHalf(Float32Array.of(value), bits);
  return bits[0]!;
};
const widened = (bits: Uint16Array) => {
  const floats = new Float32Array(bits.length);
  fromHalf(bits, floats);
  return floats;
};

describe("float16", () => {
  test("all 65536 bit patterns mean what IEEE 754 says", () => {
    const floats = widened(Uint16Array.from({ length: 65536 }, (_, bits) => bits));
    for (let bits = 0; bits < 65536; bits++) {
      const [sign, exponent, fraction] = [bits & 0x8000 ? -1 : 1, (bits >> 10) & 31, bits & 1023];
      const expected =
        exponent === 31
          ? fraction === 0
            ? sign * Number.POSITIVE_INFINITY
            : Number.NaN
          : exponent === 0
            ? sign * fraction * 2 ** -24
            : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
      if (!Object.is(floats[bits], expected)) expect([bits, floats[bits]]).toEqual([bits, expected]);
    }
  });

  test("every float16 survives the way through float32", () => {
    const numbers = Uint16Array.from({ length: 65536 }, (_, bits) => bits).filter((bits) => (bits & 0x7fff) <= 0x7c00);
    const back = new Uint16Array(numbers.length);
    toHalf(widened(numbers), back);
    expect(back).toEqual(numbers);
  });

  test.prop([fc.float({ noNaN: true, min: -65504, max: 65504 })])("rounds to a nearest, even on ties", (value) => {
    const bits = half(value);
    const at = (pattern: number) => widened(Uint16Array.of(pattern))[0]!;
    const error = Math.abs(at(bits) - value);
    for (const neighbour of [bits - 1, bits + 1]) {
      if ((neighbour & 0x7fff) >= 0x7c00 || (neighbour ^ bits) & 0x8000) continue;
      const other = Math.abs(at(neighbour) - value);
      expect(error < other || (error === other && bits % 2 === 0)).toBe(true);
    }
  });

  test.each([
    [0, 0x0000],
    [-0, 0x8000],
    [65519.99, 0x7bff],
    [65520, 0x7c00],
    [Number.NEGATIVE_INFINITY, 0xfc00],
    [Number.NaN, 0x7e00],
    [2 ** -25, 0x0000],
    [2 ** -25 * 1.001, 0x0001],
    [2 ** -14 * (1 - 2 ** -12), 0x0400],
  ])("%d is %d", (value, bits) => {
    expect(half(value)).toBe(bits);
  });
});
