import { type CellPrediction, Fit, type Known } from "./fit.ts";

/** Added to a prediction's own spread: what no parameter explains. */
const FLOOR = 0.005;
const FOLDS = 5;
/** Fewer held-out cells than this say too little about a tail. */
const ENOUGH = 20;

/**
 * Half widths of intervals, in units of a prediction's spread. Fitted once for each fold without the fold's cells, predictions
 * of these cells give scores |log(measured/predicted)| ÷ spread, whose 90 % quantile, corrected for their number, is the half width:
 * conformal prediction with normalised scores (Lei, G'Sell, Rinaldo, Tibshirani and Wasserman, 2018; Papadopoulos,
 * Gammerman and Vovk, 2008), over cross-validation instead of one split (Vovk, 2015, cross-conformal predictors).
 */
export interface Conformal {
  /** For predictions that the fitted runs pin down, and for others: known and unknown conditions err differently. */
  readonly within: number;
  readonly beyond: number;
  /** Held-out cells that each rests on. */
  readonly n_within: number;
  readonly n_beyond: number;
}

/** Half width for Gaussian errors, where there are too few held-out cells to do without an assumption. */
const GAUSSIAN_90 = 1.645;

export function conformal(fit: Fit, known: Known, onFold?: (done: number) => void): Conformal {
  const scores = { within: [] as number[], beyond: [] as number[] };
  const { cells } = fit;
  for (let fold = 0; fold < FOLDS; fold++) {
    const held = cells.filter((_, i) => foldOf(i) === fold);
    const rest = cells.filter((_, i) => foldOf(i) !== fold);
    if (held.length === 0 || rest.length === 0) continue;
    const without = new Fit(rest, known, { near: fit });
    for (const cell of held) {
      const prediction = without.predict(cell.run, cell.summary.n, cell.summary.from_start);
      const score = Math.abs(Math.log(cell.summary.median_s / prediction.latency_s)) / scale(prediction);
      scores[isPinned(prediction) ? "within" : "beyond"].push(score);
    }
    onFold?.(fold + 1);
  }
  const width = (own: readonly number[]) => (own.length >= ENOUGH ? upper(own) : GAUSSIAN_90);
  return {
    within: width(scores.within),
    beyond: width(scores.beyond),
    n_within: scores.within.length,
    n_beyond: scores.beyond.length,
  };
}

/** The 90 % interval of a prediction, seconds. */
export function interval(prediction: CellPrediction, widths: Conformal): { low_s: number; high_s: number } {
  const half = (isPinned(prediction) ? widths.within : widths.beyond) * scale(prediction);
  return { low_s: prediction.latency_s * Math.exp(-half), high_s: prediction.latency_s * Math.exp(half) };
}

function scale({ spread }: CellPrediction): number {
  return Math.hypot(spread, FLOOR);
}

function isPinned({ spread, extrapolates }: CellPrediction): boolean {
  return extrapolates.length === 0 && spread < 0.15;
}

/** The ⌈(n + 1)·0.9⌉-th smallest score, or the largest. */
function upper(scores: readonly number[]): number {
  const sorted = scores.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length, Math.ceil((sorted.length + 1) * 0.9)) - 1]!;
}

/** Cells follow one another in the order of the grid that was measured: neighbours go to different folds. */
function foldOf(index: number): number {
  return (index * 7 + Math.floor(index / FOLDS)) % FOLDS;
}
