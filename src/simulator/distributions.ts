import jStat from "jstat";
import { BLOCK, type RandomStream } from "../random/index.ts";

/**
 * A distribution as data: a plain number is a constant. Means are in the unit of what is drawn (seconds, bytes); `cv`
 * is the coefficient of variation, the standard deviation over the mean.
 */
export type Distribution =
  | number
  | { readonly kind: "exponential"; readonly mean: number }
  | { readonly kind: "uniform"; readonly low: number; readonly high: number }
  | { readonly kind: "lognormal"; readonly mean: number; readonly cv: number }
  | { readonly kind: "gamma"; readonly mean: number; readonly cv: number }
  | { readonly kind: "weibull"; readonly mean: number; readonly shape: number }
  | { readonly kind: "empirical"; readonly values: readonly number[]; readonly scale?: number };

/** Draws values of a distribution in blocks, from a stream of its own. */
export interface Sampler {
  /** Fills the whole array with independent values. */
  fill(values: Float64Array): void;
}

/** Expected value. */
export function meanOf(distribution: Distribution): number {
  if (typeof distribution === "number") return distribution;
  switch (distribution.kind) {
    case "uniform":
      return (distribution.low + distribution.high) / 2;
    case "empirical":
      return (
        (distribution.values.reduce((sum, value) => sum + value, 0) / distribution.values.length) *
        (distribution.scale ?? 1)
      );
    default:
      return distribution.mean;
  }
}

/** Squared coefficient of variation: variance over squared mean. */
export function squaredVariation(distribution: Distribution): number {
  if (typeof distribution === "number") return 0;
  const mean = meanOf(distribution);
  switch (distribution.kind) {
    case "exponential":
      return 1;
    case "uniform":
      return (distribution.high - distribution.low) ** 2 / 12 / mean ** 2;
    case "lognormal":
    case "gamma":
      return distribution.cv ** 2;
    case "weibull":
      return jStat.gammafn(1 + 2 / distribution.shape) / jStat.gammafn(1 + 1 / distribution.shape) ** 2 - 1;
    case "empirical": {
      const scale = distribution.scale ?? 1;
      const squares = distribution.values.reduce((sum, value) => sum + (value * scale - mean) ** 2, 0);
      return squares / distribution.values.length / mean ** 2;
    }
  }
}

/** The same distribution with every value multiplied. */
export function scaled(distribution: Distribution, factor: number): Distribution {
  if (typeof distribution === "number") return distribution * factor;
  switch (distribution.kind) {
    case "uniform":
      return { kind: "uniform", low: distribution.low * factor, high: distribution.high * factor };
    case "empirical":
      return { ...distribution, scale: (distribution.scale ?? 1) * factor };
    default:
      return { ...distribution, mean: distribution.mean * factor };
  }
}

export function samplerOf(distribution: Distribution, stream: RandomStream): Sampler {
  if (typeof distribution === "number") return { fill: (values) => void values.fill(distribution) };
  switch (distribution.kind) {
    case "exponential": {
      const { mean } = distribution;
      return { fill: (values) => stream.fillExponential(values, mean) };
    }
    case "uniform": {
      const { low, high } = distribution;
      return each(() => low + (high - low) * stream.uniform());
    }
    case "lognormal": {
      const variance = Math.log(1 + distribution.cv ** 2);
      const location = Math.log(distribution.mean) - variance / 2;
      const deviation = Math.sqrt(variance);
      return each(() => Math.exp(location + deviation * stream.normal()));
    }
    case "gamma": {
      const shape = distribution.cv ** -2;
      const scale = distribution.mean / shape;
      return each(() => scale * gamma(shape, stream));
    }
    case "weibull": {
      const inverse = 1 / distribution.shape;
      const scale = distribution.mean / jStat.gammafn(1 + inverse);
      return each(() => scale * stream.exponential() ** inverse);
    }
    case "empirical": {
      const { values: measured, scale = 1 } = distribution;
      return each(() => measured[stream.below(measured.length)]! * scale);
    }
  }
}

function each(draw: () => number): Sampler {
  return {
    fill(values) {
      for (let i = 0; i < values.length; i++) values[i] = draw();
    },
  };
}

/** Gamma of scale 1 (Marsaglia and Tsang, A simple method for generating gamma variables, 2000). */
function gamma(shape: number, stream: RandomStream): number {
  if (shape < 1) return gamma(shape + 1, stream) * stream.uniform() ** (1 / shape);
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = stream.normal();
    const v = (1 + c * x) ** 3;
    if (v > 0 && Math.log(stream.uniform()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v;
  }
}

/** Values one at a time from blocks: for code that is not in a hurry but wants the same numbers as code that is. */
export class Draws {
  readonly #sampler: Sampler;
  readonly #block = new Float64Array(BLOCK);
  #next = BLOCK;

  constructor(distribution: Distribution, stream: RandomStream) {
    this.#sampler = samplerOf(distribution, stream);
  }

  next(): number {
    if (this.#next === BLOCK) {
      this.#sampler.fill(this.#block);
      this.#next = 0;
    }
    return this.#block[this.#next++]!;
  }
}
