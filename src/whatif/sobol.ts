import { RandomStream } from "../random/index.ts";
import { DIRECTIONS } from "./directions.ts";

/** How many inputs a sequence can have. */
export const MOST_DIMENSIONS = DIRECTIONS.length + 1;

const BITS = 32;

/**
 * The Sobol sequence: points that fill the unit cube more evenly than random ones (Sobol, On the distribution of points
 * in a cube, 1967; direction numbers of Joe and Kuo, 2008). With a seed, all points are shifted by the same random bits,
 * which keeps them as even and makes them unbiased (random digital shift; L'Ecuyer and Lemieux, Recent advances in
 * randomized quasi-Monte Carlo methods, 2002). Any point can be had by itself.
 */
export class SobolSequence {
  readonly dimensions: number;
  /** v[dimension · 32 + bit], as fractions of 2³². */
  readonly #directions: Uint32Array;
  readonly #shift: Uint32Array;
  /** The last point, and its index. */
  readonly #state: Uint32Array;
  #last = 0;

  /**
   * @param dimensions from 1 to {@link MOST_DIMENSIONS}
   * @param seed of the shift; left out: the sequence itself, which begins at the origin
   */
  constructor(dimensions: number, seed?: number) {
    if (!Number.isInteger(dimensions) || dimensions < 1 || dimensions > MOST_DIMENSIONS)
      throw new RangeError(`a Sobol sequence has 1 to ${MOST_DIMENSIONS} dimensions, not ${dimensions}`);
    this.dimensions = dimensions;
    this.#directions = new Uint32Array(dimensions * BITS);
    for (let d = 0; d < dimensions; d++) this.#directions.set(directionsOf(d), d * BITS);
    this.#shift = new Uint32Array(dimensions);
    if (seed !== undefined) {
      const random = new RandomStream(seed).split("sobol");
      for (let d = 0; d < dimensions; d++) this.#shift[d] = random.bits();
    }
    this.#state = this.#shift.slice();
  }

  /**
   * Writes a point.
   * @param index from 0 to 2³² − 1
   * @param point as long as there are dimensions; gets numbers in [0, 1)
   */
  at(index: number, point: Float64Array): void {
    // In the order of Gray's code (Antonov and Saleev, 1979), which permutes the points of each block of 2ᵏ, a point
    // differs from the one before by a single direction.
    if (index === this.#last + 1) this.#turn(31 - Math.clz32(index & -index));
    else if (index !== this.#last) {
      this.#state.set(this.#shift);
      for (let bits = (index ^ (index >>> 1)) >>> 0, k = 0; bits !== 0; bits >>>= 1, k++) if (bits & 1) this.#turn(k);
    }
    this.#last = index;
    for (let d = 0; d < this.dimensions; d++) point[d] = this.#state[d]! / 2 ** BITS;
  }

  #turn(bit: number): void {
    for (let d = 0; d < this.dimensions; d++) this.#state[d]! ^= this.#directions[d * BITS + bit]!;
  }
}

/** v₁ … v₃₂ of a dimension, by the recurrence that its polynomial gives. */
function directionsOf(dimension: number): Uint32Array {
  const v = new Uint32Array(BITS);
  if (dimension === 0) {
    for (let k = 0; k < BITS; k++) v[k] = 2 ** (BITS - 1 - k);
    return v;
  }
  const [coefficients, ...m] = DIRECTIONS[dimension - 1]! as [number, ...number[]];
  const degree = m.length;
  for (let k = 0; k < BITS; k++) {
    if (k < degree) {
      v[k] = m[k]! * 2 ** (BITS - 1 - k);
      continue;
    }
    let next = v[k - degree]! ^ (v[k - degree]! >>> degree);
    for (let j = 1; j < degree; j++) if ((coefficients >> (degree - 1 - j)) & 1) next ^= v[k - j]!;
    v[k] = next;
  }
  return v;
}
