import { Problem } from "../formats/problem.ts";
import type { Sweep } from "../formats/sweep.ts";
import { RandomStream } from "../random/index.ts";
import { type Axis, between } from "./axes.ts";
import { MOST_DIMENSIONS, SobolSequence } from "./sobol.ts";

/** The points of a sweep: any of them can be had by itself, so that pieces can be worked on in any order, anywhere. */
export interface Sampling {
  readonly count: number;
  /** Writes a point: of each axis the index into its values, or the number where it is a range. */
  at(index: number, point: Float64Array): void;
}

/** Row numbers are 32-bit integers in the results. */
const MOST_POINTS = 2 ** 31 - 1;

/** @throws Problem when there are too many points or axes */
export function samplingOf(axes: readonly Axis[], sampling: Sweep["sampling"]): Sampling {
  if (sampling === "grid" || sampling.method === "grid") return grid(axes);
  const { method, n, seed } = sampling;
  if (n > MOST_POINTS) throw new Problem(`a sweep has at most ${MOST_POINTS} scenarios`);
  if (method === "latin-hypercube") return latinHypercube(axes, n, seed);
  if (axes.length > MOST_DIMENSIONS)
    throw new Problem(`sampling: sobol takes at most ${MOST_DIMENSIONS} axes; latin-hypercube takes more`);
  const sequence = new SobolSequence(axes.length, seed);
  return {
    count: n,
    at(index, point) {
      sequence.at(index, point);
      for (let d = 0; d < axes.length; d++) point[d] = valueAt(axes[d]!, point[d]!);
    },
  };
}

/** Every combination; the last axis changes fastest. */
function grid(axes: readonly Axis[]): Sampling {
  const count = axes.reduce((product, { steps }) => product * steps, 1);
  if (count > MOST_POINTS)
    throw new Problem(`the grid has ${count} scenarios, more than the ${MOST_POINTS} of a sweep`);
  const numbers = axes.map(({ values, from, to, scale, steps }) =>
    Float64Array.from({ length: steps }, (_, k) => (values ? k : between(from, to, scale, k / (steps - 1)))),
  );
  return {
    count,
    at(index, point) {
      let rest = index;
      for (let d = axes.length - 1; d >= 0; d--) {
        const own = numbers[d]!;
        const k = rest % own.length;
        point[d] = own[k]!;
        rest = (rest - k) / own.length;
      }
    },
  };
}

/**
 * Latin hypercube: along each axis every one of n equal strata holds one point (McKay, Beckman and Conover, A comparison
 * of three methods for selecting values of input variables, 1979).
 */
function latinHypercube(axes: readonly Axis[], n: number, seed: number): Sampling {
  const orders = axes.map(({ path }, d) => {
    const random = new RandomStream(seed).split("latin-hypercube").split(d).split(path);
    return new Permutation(n, random);
  });
  return {
    count: n,
    at(index, point) {
      for (let d = 0; d < axes.length; d++) {
        const order = orders[d]!;
        const stratum = order.at(index);
        point[d] = valueAt(axes[d]!, (stratum + order.jitter(index)) / n);
      }
    },
  };
}

function valueAt({ values, from, to, scale }: Axis, share: number): number {
  return values ? Math.min(values.length - 1, Math.floor(share * values.length)) : between(from, to, scale, share);
}

/**
 * A random order of 0 … n − 1 of which any element can be had by itself: four Feistel rounds permute the next power of
 * four, and what falls outside goes round again (cycle walking; Black and Rogaway, Ciphers with arbitrary finite
 * domains, 2002).
 */
class Permutation {
  readonly #n: number;
  readonly #half: number;
  readonly #keys: Int32Array;

  constructor(n: number, random: RandomStream) {
    this.#n = n;
    this.#half = Math.max(1, Math.ceil(Math.log2(Math.max(2, n)) / 2));
    this.#keys = Int32Array.from({ length: 5 }, () => random.bits());
  }

  at(index: number): number {
    const mask = 2 ** this.#half - 1;
    let x = index;
    do {
      let left = Math.floor(x / (mask + 1));
      let right = x & mask;
      for (let round = 0; round < 4; round++) {
        const next = left ^ (mixed(right ^ this.#keys[round]!) & mask);
        left = right;
        right = next;
      }
      x = left * (mask + 1) + right;
    } while (x >= this.#n);
    return x;
  }

  /** Where in its stratum a point is, in [0, 1). */
  jitter(index: number): number {
    return (mixed(mixed(index ^ this.#keys[4]!) + this.#keys[0]!) >>> 0) / 2 ** 32;
  }
}

/** Each bit of the result depends on each of the argument (Mulvey, Hash function prospector: lowbias32). */
function mixed(x: number): number {
  let z = x | 0;
  z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
  z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
  return z ^ (z >>> 15);
}
