import { Matrix } from "ml-matrix";
import type { Calibration } from "../formats/calibration.ts";
import { measuredRunOf, recordOf } from "../formats/runs.ts";
import { cellName, cellOf } from "./cells.ts";
import { Fit, type Known } from "./fit.ts";
import type { Posterior } from "./posterior.ts";
import type { Calibrated } from "./validate.ts";

/** Half width of a normal value's 90 % interval, in standard deviations. */
const NORMAL_90 = 1.645;
/** A parameter that the runs leave almost as uncertain as it was is not identified. */
const IDENTIFIED = 0.7;

/** A calibration as the file that keeps it. */
export function calibrationDocument({ fit, widths }: Calibrated, runs: string): Calibration {
  const { posterior, model, cells } = fit;
  const prior = fit.priorSpreads();
  const known = posterior.values.length;
  return {
    format: "tierwise/calibration",
    version: 1,
    runs,
    rows: cells.reduce((sum, { summary }) => sum + summary.n, 0),
    profiled: model.knowsStages,
    route: { chain: [...model.route.chain], fetches: model.route.fetches },
    parameters: model.unknowns.list.slice(0, known).map(({ name, unit, prior: median, spread, parents }, i) => {
      const [value, deviation] = [posterior.values[i]!, posterior.deviations[i]!];
      return {
        name,
        unit,
        value: Math.exp(value),
        low: Math.exp(value - NORMAL_90 * deviation),
        high: Math.exp(value + NORMAL_90 * deviation),
        identified: deviation < IDENTIFIED * prior[i]!,
        log_value: value,
        prior: median,
        spread,
        parents: [...parents],
      };
    }),
    covariance: Array.from({ length: known }, (_, i) =>
      Array.from({ length: i + 1 }, (_, j) => Number(posterior.covariance.get(i, j).toPrecision(6))),
    ),
    widths: { ...widths },
    cells: cells.map(({ run, summary }) => ({ run: recordOf(run), ...summary })),
    residuals: cells.map((cell) => {
      const { latency_s } = fit.predict(cell.run, cell.summary.n, cell.summary.from_start);
      return {
        cell: cellName(cell.run),
        measured_s: cell.summary.median_s,
        predicted_s: latency_s,
        error: latency_s / cell.summary.median_s - 1,
      };
    }),
  };
}

/** The calibration of a file, ready to predict. */
export function calibratedFrom(document: Calibration, known: Known = {}): Calibrated {
  const { parameters, covariance, cells } = document;
  const size = parameters.length;
  const full = new Matrix(size, size);
  for (const [i, row] of covariance.entries()) {
    for (const [j, value] of row.entries()) {
      full.set(i, j, value);
      full.set(j, i, value);
    }
  }
  const posterior: Posterior = {
    values: Float64Array.from(parameters, ({ log_value }) => log_value),
    deviations: Float64Array.from(parameters, (_, i) => Math.sqrt(Math.max(0, full.get(i, i)))),
    covariance: full,
    cost: 0,
  };
  const fitted = cells.map(({ run, ...summary }) => cellOf(measuredRunOf(run, document.runs), summary));
  return { fit: new Fit(fitted, known, { before: { unknowns: parameters, posterior } }), widths: document.widths };
}
