/**
 * Random numbers: xoshiro128** 1.1 (Blackman and Vigna, Scrambled linear pseudorandom number generators, 2021), which
 * needs 32-bit integers only, so that a seed gives the same numbers on every machine.
 */

/** Values that a stream makes at a time. */
export const BLOCK = 256;

const TO_UNIT = 2 ** -53;

/** Layers of the exponential density (Marsaglia and Tsang, The ziggurat method, 2000), 256 of equal area. */
const LAST_EDGE = 7.69711747013105;
const AREA = 0.003949659822581557;
const edge = new Float64Array(257);
const density = new Float64Array(257);
edge[0] = AREA / Math.exp(-LAST_EDGE);
edge[1] = LAST_EDGE;
for (let i = 2; i < 256; i++) edge[i] = -Math.log(Math.exp(-edge[i - 1]!) + AREA / edge[i - 1]!);
for (let i = 0; i < 257; i++) density[i] = Math.exp(-edge[i]!);

/**
 * A stream of random numbers. Streams are split by label: `new RandomStream(7).split("arrivals")` depends on the seed
 * and the label alone, so that two simulations that differ in one station share the numbers of all others (common
 * random numbers). States of 128 bits are hashed from seed and labels; that two of a million streams of 10¹² numbers
 * overlap has a probability below 10⁻¹⁴.
 */
export class RandomStream {
  readonly #state = new Int32Array(4);
  readonly #key: Int32Array;

  /** @param seed a whole number; all its 53 bits count */
  constructor(seed: number | Int32Array) {
    this.#key = typeof seed === "number" ? Int32Array.of(seed | 0, Math.floor(seed / 2 ** 32) | 0, 0, 0) : seed;
    let z = 0;
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < 4; i++) {
        z = mix((z + 0x9e3779b9) ^ this.#key[i]!);
        this.#state[i] = this.#state[i]! ^ z;
      }
    }
    // The one state from which the generator never moves.
    if (this.#state.every((word) => word === 0)) this.#state[0] = 1;
  }

  /** A stream of its own for what the label names. */
  split(label: string | number): RandomStream {
    const key = this.#key.slice();
    const text = `${typeof label}:${label}`;
    for (let i = 0; i < text.length; i++) {
      for (let word = 0; word < 4; word++)
        key[word] = mix(Math.imul(key[word]! ^ text.charCodeAt(i), 0x01000193) + word);
    }
    return new RandomStream(key);
  }

  /** 32 random bits as a signed integer. */
  bits(): number {
    const s = this.#state;
    let r = Math.imul(s[1]!, 5);
    r = Math.imul((r << 7) | (r >>> 25), 9);
    const t = s[1]! << 9;
    s[2]! ^= s[0]!;
    s[3]! ^= s[1]!;
    s[1]! ^= s[2]!;
    s[0]! ^= s[3]!;
    s[2]! ^= t;
    s[3] = (s[3]! << 11) | (s[3]! >>> 21);
    return r;
  }

  /** Uniform on (0, 1), in steps of 2⁻⁵³; neither end occurs. */
  uniform(): number {
    const high = this.bits() >>> 6;
    const low = this.bits() >>> 6;
    return (high * 2 ** 26 + low + 0.5) * (TO_UNIT * 2);
  }

  /** Uniform whole number from 0 to n − 1, without bias. */
  below(n: number): number {
    const limit = 2 ** 32 - (2 ** 32 % n);
    for (;;) {
      const r = this.bits() >>> 0;
      if (r < limit) return r % n;
    }
  }

  /** Standard normal (Marsaglia and Bray, A convenient method for generating normal variables, 1964). */
  normal(): number {
    for (;;) {
      const u = 2 * this.uniform() - 1;
      const v = 2 * this.uniform() - 1;
      const s = u * u + v * v;
      if (s < 1 && s > 0) return u * Math.sqrt((-2 * Math.log(s)) / s);
    }
  }

  /** One exponential value of mean 1. */
  exponential(): number {
    this.fillExponential(single);
    return single[0]!;
  }

  /**
   * Fills the array with exponential values of this mean. Eight bits choose the layer, 53 others the abscissa, so that
   * values are as fine as doubles are.
   */
  fillExponential(values: Float64Array, mean = 1): void {
    // The generator is written out twice: as a call it would cost a third of the simulator's speed.
    const s = this.#state;
    let a = s[0]!;
    let b = s[1]!;
    let c = s[2]!;
    let d = s[3]!;
    for (let k = 0; k < values.length; k++) {
      let offset = 0;
      for (;;) {
        let r = Math.imul(b, 5);
        r = Math.imul((r << 7) | (r >>> 25), 9);
        let t = b << 9;
        c ^= a;
        d ^= b;
        b ^= c;
        a ^= d;
        c ^= t;
        d = (d << 11) | (d >>> 21);
        const layer = r & 255;
        const high = r >>> 8;
        r = Math.imul(b, 5);
        r = Math.imul((r << 7) | (r >>> 25), 9);
        t = b << 9;
        c ^= a;
        d ^= b;
        b ^= c;
        a ^= d;
        c ^= t;
        d = (d << 11) | (d >>> 21);
        const x = (high * 2 ** 29 + (r >>> 3)) * TO_UNIT * edge[layer]!;
        if (x < edge[layer + 1]!) {
          values[k] = (offset + x) * mean;
          break;
        }
        if (layer === 0) {
          // Beyond the last edge the density is the same again.
          offset += LAST_EDGE;
          continue;
        }
        s[0] = a;
        s[1] = b;
        s[2] = c;
        s[3] = d;
        const height = density[layer]! + (density[layer + 1]! - density[layer]!) * this.uniform();
        a = s[0]!;
        b = s[1]!;
        c = s[2]!;
        d = s[3]!;
        if (height < Math.exp(-x)) {
          values[k] = (offset + x) * mean;
          break;
        }
      }
    }
    s[0] = a;
    s[1] = b;
    s[2] = c;
    s[3] = d;
  }
}

const single = new Float64Array(1);

/** Spreads each bit over the whole word (Mulvey, Hash function prospector: lowbias32). */
function mix(x: number): number {
  let z = x | 0;
  z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
  z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
  return z ^ (z >>> 15);
}
