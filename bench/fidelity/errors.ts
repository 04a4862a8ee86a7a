import { max, mean, median, quantile } from "simple-statistics";

/** Seconds of the same thing, measured and predicted. */
export interface Pair {
  readonly measured: number;
  readonly predicted: number;
}

/** How far predictions are off, relative to what was measured. */
export interface Summary {
  readonly n: number;
  readonly mean: number;
  readonly median: number;
  readonly p95: number;
  readonly worst: number;
  /** Share of predictions that are at most 8 % off. */
  readonly within8: number;
}

/** @returns undefined where there is nothing to sum up */
export function summarise(pairs: readonly Pair[]): Summary | undefined {
  const errors = pairs.map(({ measured, predicted }) => Math.abs(predicted / measured - 1));
  if (errors.length === 0) return undefined;
  return {
    n: errors.length,
    mean: mean(errors),
    median: median(errors),
    p95: quantile(errors, 0.95),
    worst: max(errors),
    within8: errors.filter((error) => error <= 0.08).length / errors.length,
  };
}

export const SUMMARY_HEAD = ["n", "mean error", "median", "95 % within", "worst", "within ±8 %"] as const;

/** The cells of a summary under {@link SUMMARY_HEAD}. */
export function summaryCells({ n, mean, median, p95, worst, within8 }: Summary): (string | number)[] {
  return [n, ...[mean, median, p95, worst, within8].map(percent)];
}

export function percent(value: number | undefined): string {
  return value === undefined ? "–" : `${(value * 100).toFixed(1)} %`;
}
