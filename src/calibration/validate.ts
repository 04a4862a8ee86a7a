import { mean, median, sampleRankCorrelation } from "simple-statistics";
import type { MeasuredRun } from "../formats/runs.ts";
import type { ErrorSummary, Validation } from "../formats/validation.ts";
import { baselines, noiseFloor } from "./baselines.ts";
import { type Cell, cellKey, cellName, cellsOf } from "./cells.ts";
import { type Conformal, conformal, interval } from "./conformal.ts";
import { Fit, type Known } from "./fit.ts";
import { operatorRegret, placementRegret } from "./regret.ts";
import { rivals } from "./rivals.ts";

/** Which runs are fitted and which are predicted from the fit; several folds are reported as one. */
export interface Fold {
  readonly fit: readonly MeasuredRun[];
  readonly predict: readonly MeasuredRun[];
}

/** A fit with its interval widths: what was calibrated before, or is fitted for a fold. */
export interface Calibrated {
  readonly fit: Fit;
  readonly widths: Conformal;
}

/** Fits to runs, and finds how wide intervals must be. */
export function calibrate(
  runs: readonly MeasuredRun[],
  known: Known = {},
  onProgress?: (done: number) => void,
): Calibrated {
  const fit = new Fit(cellsOf(runs), known);
  return { fit, widths: conformal(fit, known, onProgress) };
}

interface Compared {
  readonly cell: Cell;
  readonly predicted_s: number;
  readonly low_s: number;
  readonly high_s: number;
  readonly extrapolates: readonly string[];
  readonly byBaseline: ReadonlyMap<string, number>;
}

/**
 * Predicts each fold's held-out cells from its fitted ones, and compares.
 *
 * @param calibratedBefore predicts instead of fits of the folds
 */
export function validate(
  folds: readonly Fold[],
  {
    known,
    calibratedBefore,
    onProgress,
  }: {
    known?: Known;
    calibratedBefore?: Calibrated | undefined;
    onProgress?: (fold: number) => void;
  } = {},
): Validation {
  const compared: Compared[] = [];
  let fitted = 0;
  let rows_fit = 0;
  for (const [i, { fit: runs, predict }] of folds.entries()) {
    const calibrated = calibratedBefore ?? calibrate(runs, known);
    const { fit, widths } = calibrated;
    fitted += fit.cells.length;
    rows_fit += runs.length;
    const held = cellsOf(predict);
    const simple = known?.profiles?.length
      ? rivals([...fit.cells, ...held], known.profiles, known.topology)
      : baselines(fit.cells, fit.model.route);
    for (const cell of held) {
      const prediction = fit.predict(cell.run, cell.summary.n, cell.summary.from_start);
      compared.push({
        cell,
        predicted_s: prediction.latency_s,
        ...interval(prediction, widths),
        extrapolates: prediction.extrapolates,
        byBaseline: new Map(
          simple.flatMap(({ name, predict: of }) => {
            const seconds = of(cell.run);
            return seconds === undefined ? [] : [[name, seconds] as const];
          }),
        ),
      });
    }
    onProgress?.(i + 1);
  }
  const judged = compared.map(({ cell, predicted_s }) => ({
    run: cell.run,
    measured_s: cell.summary.median_s,
    predicted_s,
  }));
  const names = [...new Set(compared.flatMap(({ byBaseline }) => [...byBaseline.keys()]))];
  const everyRun = folds.flatMap(({ fit, predict }) => [...(calibratedBefore ? [] : fit), ...predict]);
  return {
    n_fit: Math.round(fitted / folds.length),
    ...summarise(compared.map(({ cell, predicted_s }) => [cell.summary.median_s, predicted_s])),
    rows_fit: Math.round(rows_fit / folds.length),
    rows: compared.reduce((sum, { cell }) => sum + cell.summary.n, 0),
    coverage_90: coverage(compared),
    interval_90: median(compared.map(({ high_s, predicted_s }) => high_s / predicted_s - 1)),
    extrapolating: compared.filter(({ extrapolates }) => extrapolates.length > 0).length,
    rank_correlation:
      compared.length < 3
        ? 1
        : sampleRankCorrelation(
            judged.map(({ predicted_s }) => predicted_s),
            judged.map(({ measured_s }) => measured_s),
          ),
    noise_floor: noiseFloorOf(everyRun) ?? null,
    regret: { operator: operatorRegret(judged), placement: placementRegret(judged) },
    baselines: names.map((name) => {
      const own = compared.flatMap(({ cell, byBaseline }) => {
        const predicted_s = byBaseline.get(name);
        return predicted_s === undefined ? [] : [{ run: cell.run, measured_s: cell.summary.median_s, predicted_s }];
      });
      return {
        name,
        ...summarise(own.map(({ measured_s, predicted_s }) => [measured_s, predicted_s])),
        regret: { operator: operatorRegret(own), placement: placementRegret(own) },
      };
    }),
    groups: (["model", "operator", "placement", "cut", "codec", "session"] as const).flatMap((by) => {
      const values = [...new Set(compared.flatMap(({ cell }) => cell.run[by] ?? []))];
      if (values.length < 2) return [];
      return values.map((value) => {
        const own = compared.filter(({ cell }) => cell.run[by] === value);
        return {
          by,
          value,
          ...summarise(own.map(({ cell, predicted_s }) => [cell.summary.median_s, predicted_s])),
          coverage_90: coverage(own),
        };
      });
    }),
    cells: compared.map(({ cell, predicted_s, low_s, high_s, extrapolates }) => ({
      cell: cellName(cell.run),
      measured_s: cell.summary.median_s,
      predicted_s,
      low_s,
      high_s,
      extrapolates: [...extrapolates],
    })),
  };
}

function noiseFloorOf(runs: readonly MeasuredRun[]) {
  return noiseFloor(
    [...new Set(runs)].flatMap((run) =>
      run.latency_s === null ? [] : [{ cell: cellKey(run), repeat: run.repeat, latency_s: run.latency_s }],
    ),
  );
}

function summarise(pairs: readonly (readonly [measured: number, predicted: number])[]): ErrorSummary {
  const errors = pairs.map(([measured, predicted]) => Math.abs(predicted / measured - 1));
  return {
    n: errors.length,
    mape: mean(errors),
    median_ape: median(errors),
    within_10: errors.filter((error) => error <= 0.1).length / errors.length,
    worst: Math.max(...errors),
  };
}

function coverage(compared: readonly Compared[]): number {
  const inside = compared.filter(
    ({ cell, low_s, high_s }) => cell.summary.median_s >= low_s && cell.summary.median_s <= high_s,
  );
  return inside.length / compared.length;
}
