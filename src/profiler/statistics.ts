import { medianSorted, quantileSorted } from "simple-statistics";
import type { Measurement } from "../formats/common.ts";

/** Standard normal quantile of a two-sided 95 % interval. */
const Z95 = 1.959964;

/**
 * Median of a sample whose values were rounded to multiples of `grid`, interpolated within the median's class: the
 * grouped median L + (n/2 − F)/f · w. The runtime's trace counts whole microseconds, too coarse for a small kernel.
 * @param sorted ascending, at least one value
 */
export function groupedMedianSorted(sorted: readonly number[], grid: number): number {
  const median = medianSorted([...sorted]);
  const below = sorted.filter((value) => value < median - grid / 2).length;
  const inside = sorted.filter((value) => Math.abs(value - median) <= grid / 2).length;
  if (inside === 0) return median;
  return median - grid / 2 + ((sorted.length / 2 - below) / inside) * grid;
}

/**
 * Median with its distribution-free 95 % confidence interval from order statistics (Conover, Practical Nonparametric
 * Statistics, 3rd ed., section 3.2, normal approximation of the binomial ranks).
 * @param values at least one
 * @param grid the values' rounding, 0 when there is none worth speaking of; same unit as the values
 */
export function medianInterval(values: readonly number[], grid = 0): Measurement {
  const sorted = Float64Array.from(values).sort();
  const n = sorted.length;
  const median = grid > 0 ? groupedMedianSorted(Array.from(sorted), grid) : medianSorted(Array.from(sorted));
  const reach = (Z95 * Math.sqrt(n)) / 2;
  const low = sorted[Math.max(0, Math.floor(n / 2 - reach))]!;
  const high = sorted[Math.min(n - 1, Math.ceil(n / 2 + reach))]!;
  return { median_s: Math.max(0, median), low_s: Math.min(low, median), high_s: Math.max(high, median), samples: n };
}

/** Half the interval's width relative to the median: 0.02 means ±2 %. Infinite below six samples. */
export function relativeInterval(measurement: Measurement): number {
  if (measurement.samples < 6 || measurement.median_s === 0) return Number.POSITIVE_INFINITY;
  return (measurement.high_s - measurement.low_s) / 2 / measurement.median_s;
}

/**
 * How many first values to drop as warm-up: the truncation that minimises the remaining values' standard error
 * (MSER, White, "An effective truncation heuristic for bias reduction in simulation output", Simulation 69(6), 1997),
 * at most half. Values above the 95 % quantile are clipped first, so that one late spike does not pass for a trend.
 */
export function warmUpLength(values: readonly number[]): number {
  if (values.length < 4) return 0;
  const ceiling = quantileSorted(
    [...values].sort((a, b) => a - b),
    0.95,
  );
  let count = 0;
  let mean = 0;
  let squares = 0;
  let best = Number.POSITIVE_INFINITY;
  let length = 0;
  for (let index = values.length - 1; index >= 0; index--) {
    // Welford's update, from the end backwards, gives every suffix's variance in one pass.
    const value = Math.min(values[index]!, ceiling);
    count++;
    const delta = value - mean;
    mean += delta / count;
    squares += delta * (value - mean);
    if (index > values.length / 2) continue;
    const mser = squares / count ** 2;
    if (mser <= best) {
      best = mser;
      length = index;
    }
  }
  return length;
}
