import { RandomStream } from "../random/index.ts";
import { SobolSequence } from "./sobol.ts";

/** A figure with its bootstrap interval. */
export interface Interval {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** How much of the output's variance an input is behind. */
export interface SobolIndex {
  /** By itself. */
  readonly first: Interval;
  /** With all its interactions. */
  readonly total: Interval;
}

export interface SobolOptions {
  /**
   * Points of the base sample, best a power of two; the function is evaluated (inputs + 2) times as often.
   * @default 4096
   */
  readonly samples?: number;
  /** @default 1 */
  readonly seed?: number;
  /** @default 200 */
  readonly resamples?: number;
  /** Of the intervals. @default 0.95 */
  readonly confidence?: number;
}

/**
 * First-order and total Sobol indices of a function on the unit cube.
 *
 * Two matrices A and B are the halves of one Sobol sequence; matrix Aᵢ is A with column i of B. First-order indices are
 * estimated as mean(f(B)·(f(Aᵢ) − f(A))) / variance (Saltelli et al., Variance based sensitivity analysis of model
 * output, 2010), total ones as mean((f(A) − f(Aᵢ))²) / (2·variance) (Jansen, 1999). Intervals are percentiles of the
 * bootstrap over the rows (Archer, Saltelli and Sobol, 1997): they take the points as random, and are rather too wide.
 *
 * @param f told a point of the unit cube; what it says must be finite
 */
export function sobolIndices(inputs: number, f: (point: Float64Array) => number, options: SobolOptions = {}) {
  const { samples = 4096, seed = 1, resamples = 200, confidence = 0.95 } = options;
  const sequence = new SobolSequence(2 * inputs, seed);
  const both = new Float64Array(2 * inputs);
  const point = new Float64Array(inputs);
  const a = new Float64Array(samples);
  const b = new Float64Array(samples);
  const mixed = Array.from({ length: inputs }, () => new Float64Array(samples));
  for (let row = 0; row < samples; row++) {
    sequence.at(row, both);
    point.set(both.subarray(0, inputs));
    a[row] = f(point);
    point.set(both.subarray(inputs));
    b[row] = f(point);
    for (let i = 0; i < inputs; i++) {
      point.set(both.subarray(0, inputs));
      point[i] = both[inputs + i]!;
      mixed[i]![row] = f(point);
    }
  }
  // Centred, so that the products of the first-order estimator do not drown in the mean.
  const mean = (sum(a) + sum(b)) / (2 * samples);
  for (const column of [a, b, ...mixed]) for (let row = 0; row < samples; row++) column[row]! -= mean;

  const estimate = (rows: Uint32Array | null) => {
    let squares = 0;
    let total = 0;
    const first = new Float64Array(inputs);
    const all = new Float64Array(inputs);
    for (let k = 0; k < samples; k++) {
      const row = rows ? rows[k]! : k;
      squares += a[row]! ** 2 + b[row]! ** 2;
      total += a[row]! + b[row]!;
      for (let i = 0; i < inputs; i++) {
        const difference = mixed[i]![row]! - a[row]!;
        first[i]! += b[row]! * difference;
        all[i]! += difference ** 2;
      }
    }
    const variance = squares / (2 * samples) - (total / (2 * samples)) ** 2;
    const share = (value: number) => (variance > 0 ? value / samples / variance : 0);
    return { variance, first: first.map(share), total: all.map((value) => share(value) / 2) };
  };

  const whole = estimate(null);
  const random = new RandomStream(seed).split("bootstrap");
  const again = Array.from({ length: resamples }, () =>
    estimate(Uint32Array.from({ length: samples }, () => random.below(samples))),
  );
  const interval = (of: (estimate: typeof whole) => number): Interval => {
    const sorted = again.map(of).sort((x, y) => x - y);
    const at = (share: number) => sorted[Math.min(resamples - 1, Math.max(0, Math.round(share * (resamples - 1))))]!;
    return { value: of(whole), low: at((1 - confidence) / 2), high: at((1 + confidence) / 2) };
  };
  return {
    mean,
    variance: whole.variance,
    indices: Array.from(
      { length: inputs },
      (_, i): SobolIndex => ({ first: interval(({ first }) => first[i]!), total: interval(({ total }) => total[i]!) }),
    ),
  };
}

const sum = (values: Float64Array): number => values.reduce((total, value) => total + value, 0);
