import { RandomStream } from "../random/index.ts";

/** Both ends of an interval. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** The standard normal distribution's 97.5 % quantile. */
const Z = 1.959963984540054;

/**
 * Wilson's 95 % score interval for a proportion (Wilson, JASA 22, 1927; recommended by Brown, Cai & DasGupta,
 * Statistical Science 16, 2001): unlike the usual ± it holds near 0 and 1 and for few samples.
 * @param right successes, 0 to `n`
 * @param n trials, from 1 on
 */
export function wilson(right: number, n: number): Interval {
  const p = right / n;
  const scale = 1 + Z ** 2 / n;
  const centre = (p + Z ** 2 / (2 * n)) / scale;
  const half = (Z / scale) * Math.sqrt((p * (1 - p)) / n + Z ** 2 / (4 * n ** 2));
  return { low: right === 0 ? 0 : centre - half, high: right === n ? 1 : centre + half };
}

/** Resamples drawn: the ends of the interval then vary by a few percent of its width. */
const RESAMPLES = 2000;

/**
 * The percentile bootstrap's 95 % interval (Efron & Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13).
 * @param samples any number that stands for each sample
 * @param statistic of as many samples, drawn with replacement
 */
export function bootstrap(
  samples: Int32Array,
  statistic: (samples: Int32Array) => number,
  seed = 1,
  resamples = RESAMPLES,
): Interval {
  const random = new RandomStream(seed);
  const drawn = new Int32Array(samples.length);
  const values = new Float64Array(resamples);
  for (let resample = 0; resample < resamples; resample++) {
    for (let i = 0; i < drawn.length; i++) drawn[i] = samples[random.below(samples.length)]!;
    values[resample] = statistic(drawn);
  }
  values.sort();
  const at = (share: number) => values[Math.round(share * (resamples - 1))]!;
  return { low: at(0.025), high: at(0.975) };
}
