/** Powers of ten that a double holds exactly. */
const POWERS = Float64Array.from({ length: 23 }, (_, exponent) => 10 ** exponent);

/** Room that an element needs at most, in quotes or not, and a separator: -1.2345678901234567e-308 has 24 characters. */
export const NUMBER_ROOM = 28;

/** The integer whose magnitude has no digits in 31 bits. */
const LEAST = -(2 ** 31);
const ZERO = 48;
const MINUS = 45;
const POINT = 46;

/**
 * Writes the decimal of fewest digits that restores a float32, in the form of JavaScript's own numbers, and returns the
 * position after it. NaN and the infinities, which JSON has no numbers for, are written by name in quotes. At most nine digits are needed (IEEE 754-2019, 5.12.2).
 *
 * An n-digit decimal n·10^-s with s ≤ 22 divides to the very double that a reader of the text gets (Clinger, How to read
 * floating point numbers accurately, 1990), so that comparing its float32 with the value tests the text itself.
 */
export function writeFloat32(value: number, bytes: Uint8Array, position: number): number {
  let at = position;
  if (!Number.isFinite(value)) return writeText(`"${value}"`, bytes, at);
  if (value < 0 || Object.is(value, -0)) bytes[at++] = MINUS;
  const magnitude = Math.abs(value);
  if (magnitude < 1e7 && magnitude === Math.trunc(magnitude)) return writeDigits(magnitude, bytes, at);
  if (magnitude < 1e-13 || magnitude >= 1e7) return writeText(shortestText(magnitude), bytes, at);

  // Place of the first digit: 0 for units, -1 for tenths.
  let place = 0;
  while (magnitude >= POWERS[place + 1]!) place++;
  if (magnitude < 1) {
    do place--;
    while (magnitude * POWERS[-place]! < 1);
  }

  // Most values need seven to nine digits. Every precision above a sufficient one suffices, too.
  let decimals = 6 - place;
  let digits = Math.round(magnitude * POWERS[decimals]!);
  if (Math.fround(digits / POWERS[decimals]!) === magnitude) {
    while (decimals > 0) {
      const shorter = Math.round(magnitude * POWERS[decimals - 1]!);
      if (Math.fround(shorter / POWERS[decimals - 1]!) !== magnitude) break;
      digits = shorter;
      decimals--;
    }
  } else {
    do {
      decimals++;
      digits = Math.round(magnitude * POWERS[decimals]!);
    } while (Math.fround(digits / POWERS[decimals]!) !== magnitude);
  }

  const small = digits / POWERS[decimals]! < 1e-6;
  return small ? writeScientific(digits, decimals, bytes, at) : writeFixed(digits, decimals, bytes, at);
}

/**
 * Writes a double as JavaScript writes it, but minus zero with its sign, and returns the position after it. NaN and the infinities are
 * written by name in quotes. Whole numbers, as tensors of integers hold, are written without a string.
 */
export function writeDouble(value: number, bytes: Uint8Array, position: number): number {
  const whole = value | 0;
  if (whole === value && whole !== LEAST) {
    let at = position;
    if (whole < 0 || Object.is(value, -0)) bytes[at++] = MINUS;
    return writeDigits(Math.abs(whole), bytes, at);
  }
  return writeText(Number.isFinite(value) ? `${value}` : `"${value}"`, bytes, position);
}

/** Writes an integer, in quotes where it is beyond what JSON's readers keep exactly, 2^53. @returns the position after it */
export function writeInteger64(value: bigint, bytes: Uint8Array, position: number): number {
  const number = Number(value);
  if (Number.isSafeInteger(number)) return writeDouble(number, bytes, position);
  return writeText(`"${value}"`, bytes, position);
}

/** For the ends of the range, which tensors rarely visit. */
function shortestText(magnitude: number): string {
  for (let precision = 1; precision < 9; precision++) {
    const decimal = Number(magnitude.toPrecision(precision));
    if (Math.fround(decimal) === magnitude) return String(decimal);
  }
  return String(Number(magnitude.toPrecision(9)));
}

function writeText(ascii: string, bytes: Uint8Array, position: number): number {
  for (let i = 0; i < ascii.length; i++) bytes[position + i] = ascii.charCodeAt(i);
  return position + ascii.length;
}

function countDigits(whole: number): number {
  let count = 1;
  while (count < 10 && whole >= POWERS[count]!) count++;
  return count;
}

/** A non-negative integer below 2^31. */
export function writeDigits(whole: number, bytes: Uint8Array, position: number): number {
  const end = position + countDigits(whole);
  let rest = whole | 0;
  for (let at = end - 1; at >= position; at--) {
    const quotient = (rest / 10) | 0;
    bytes[at] = ZERO + rest - quotient * 10;
    rest = quotient;
  }
  return end;
}

/** digits·10^-decimals with a decimal point; decimals ≥ 1. */
function writeFixed(digits: number, decimals: number, bytes: Uint8Array, position: number): number {
  const end = position + Math.max(countDigits(digits), decimals + 1) + 1;
  const point = end - 1 - decimals;
  let rest = digits | 0;
  for (let at = end - 1; at >= position; at--) {
    if (at === point) {
      bytes[at] = POINT;
      continue;
    }
    const quotient = (rest / 10) | 0;
    bytes[at] = ZERO + rest - quotient * 10;
    rest = quotient;
  }
  return end;
}

/** digits·10^-decimals as d.ddde-x. */
function writeScientific(digits: number, decimals: number, bytes: Uint8Array, position: number): number {
  const count = countDigits(digits);
  let at = count === 1 ? writeDigits(digits, bytes, position) : writeFixed(digits, count - 1, bytes, position);
  bytes[at++] = 101; // e
  bytes[at++] = MINUS;
  return writeDigits(decimals - count + 1, bytes, at);
}
