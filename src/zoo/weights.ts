import type { ByteSource } from "../onnx/index.ts";

/** Mean and standard deviation of random weights. */
export interface Distribution {
  readonly mean?: number;
  readonly deviation: number;
}

/**
 * Approximately normal float32 numbers as a source of their little-endian bytes. Each number is computed from its place
 * when it is read (a counter-based generator, as Salmon et al., Parallel Random Numbers: As Easy as 1, 2, 3, SC 2011), so
 * that weights of any size take no memory and any part of them can be read first. Four uniform numbers make a normal
 * one (Irwin–Hall): within ±3.46 deviations, and without functions that platforms round differently.
 * @param name the tensor's name: tensors of one model differ
 */
export function randomWeights(seed: number, name: string, count: number, distribution: Distribution): ByteSource {
  const key = hash(textHash(name) ^ hash(seed >>> 0));
  const mean = distribution.mean ?? 0;
  // A sum of four uniform numbers on [0, 65535] has the mean 2·65535 and the variance (65536² − 1)/3.
  const scale = distribution.deviation * Math.sqrt(3 / (65536 ** 2 - 1));
  return {
    length: 4 * count,
    read(offset, length) {
      if (offset < 0 || length < 0 || offset + length > 4 * count)
        throw new RangeError(`bytes ${offset}..${offset + length} are outside the ${4 * count} bytes of ${name}`);
      const first = Math.floor(offset / 4);
      const numbers = new Float32Array(Math.ceil((offset + length) / 4) - first);
      for (let i = 0; i < numbers.length; i++) {
        const one = hash((first + i) ^ key);
        const two = hash(one ^ 0x9e3779b9);
        const sum = (one >>> 16) + (one & 0xffff) + (two >>> 16) + (two & 0xffff);
        numbers[i] = mean + (sum - 131070) * scale;
      }
      return new Uint8Array(numbers.buffer, offset - 4 * first, length);
    },
  };
}

/** A bijection of 32-bit numbers that scatters neighbours ("lowbias32", C. Wellons, Prospecting for Hash Functions, 2018). */
function hash(value: number): number {
  let x = value;
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
  return (x ^ (x >>> 16)) >>> 0;
}

/** FNV-1a (Fowler, Noll & Vo) of the text's UTF-16 units. */
function textHash(text: string): number {
  let state = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) state = Math.imul(state ^ text.charCodeAt(i), 0x01000193);
  return state >>> 0;
}
