/** Bins per factor of two: each is at most 1.6 % wide. */
const PER_OCTAVE = 64;
const LOWEST_EXPONENT = -34;
const OCTAVES = 58;
/** Bins of a histogram, without the one for zero. */
export const BINS = PER_OCTAVE * OCTAVES;

const bits = new Float64Array(1);
const words = new Uint32Array(bits.buffer);
const LOW_FIRST = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;
const HIGH = LOW_FIRST ? 1 : 0;
/** The top 18 bits of a double are sign, exponent and the first six of the mantissa: a log-linear bin. */
const OFFSET = (1023 + LOWEST_EXPONENT) * PER_OCTAVE;

/**
 * Counts values into log-linear bins (as HdrHistogram does, Tene 2012): from 2⁻³⁴ to 2²⁴, which in seconds is from 60
 * picoseconds to half a year. What lies outside counts in the outermost bin.
 *
 * @param counts at least {@link BINS} long from `offset` on
 */
export function countInto(counts: Uint32Array, offset: number, values: Float64Array, from: number, to: number): void {
  for (let i = from; i < to; i++) {
    bits[0] = values[i]!;
    let bin = (words[HIGH]! >>> 14) - OFFSET;
    if (bin < 0) bin = 0;
    else if (bin >= BINS) bin = BINS - 1;
    counts[offset + bin]!++;
  }
}

/** The value at which a bin begins. */
function lowerEdge(bin: number): number {
  return 2 ** (LOWEST_EXPONENT + Math.floor(bin / PER_OCTAVE)) * (1 + (bin % PER_OCTAVE) / PER_OCTAVE);
}

/**
 * The value below which a share p of what was counted lies, interpolated within its bin.
 *
 * @param p between 0 and 1
 * @param min the least and the greatest value counted, which bound the answer
 */
export function quantileOf(counts: Float64Array, p: number, min: number, max: number): number {
  let total = 0;
  for (let bin = 0; bin < BINS; bin++) total += counts[bin]!;
  const rank = p * total;
  let below = 0;
  for (let bin = 0; bin < BINS; bin++) {
    const inside = counts[bin]!;
    if (inside > 0 && below + inside >= rank) {
      const low = lowerEdge(bin);
      const value = low + ((rank - below) / inside) * (lowerEdge(bin + 1) - low);
      return Math.min(max, Math.max(min, value));
    }
    below += inside;
  }
  return max;
}
