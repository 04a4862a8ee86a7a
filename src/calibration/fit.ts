import { median } from "simple-statistics";
import { Problem } from "../formats/problem.ts";
import type { MeasuredRun } from "../formats/runs.ts";
import type { Topology } from "../formats/topology.ts";
import { type Cell, configurationKey, medianOverTypical, relativeNoise, typicalLatency } from "./cells.ts";
import { EndToEndModel, type Predictor } from "./model.ts";
import { maximise, type Posterior } from "./posterior.ts";

/** A predicted median of a cell, with how sure the parameters leave it. */
export interface CellPrediction {
  readonly latency_s: number;
  /** Standard deviation of its logarithm, by the uncertainty of the parameters alone. */
  readonly spread: number;
  /** What about the cell no fitted run has had; empty within what was calibrated. */
  readonly extrapolates: readonly string[];
}

/** A model of end-to-end latencies with its unknowns fitted. */
export class EndToEndFit {
  readonly model: EndToEndModel;
  readonly posterior: Posterior;
  readonly cells: readonly Cell[];
  readonly #disturbance: number;

  /**
   * @param cells to fit to
   * @throws Problem when there are none
   */
  constructor(cells: readonly Cell[], topology?: Topology) {
    if (cells.length === 0) throw new Problem("there are no runs to fit to");
    this.cells = cells;
    this.#disturbance = medianOverTypical(cells);
    this.model = new EndToEndModel(cells, topology);
    const fitted = new FittedCells(this.model, cells);
    const errors = cells.map((cell) => Math.hypot(relativeNoise(cell), MODEL_ERROR));
    this.posterior = maximise(
      this.model.unknowns,
      {
        values: cells.map((cell) => Math.log(typicalLatency(cell))),
        errors,
        predict: (values) => fitted.predict(values),
      },
      this.model.start(cells),
      this.model.shared(),
    );
  }

  /**
   * The median of a cell with these conditions.
   *
   * @param requests that the cell has, of which its median is taken
   * @param fromStart whether the first of them is that of a fresh start
   */
  predict(run: MeasuredRun, requests: number, fromStart: boolean): CellPrediction {
    const predictor = this.model.predictor(run, requests);
    const values = this.#extended();
    const medianAt = (at: ArrayLike<number>) => {
      const latencies = predictor.latencies(at);
      return median(fromStart ? latencies : latencies.slice(latencies.length > 1 ? 1 : 0));
    };
    values[predictor.base]! += Math.log(this.#disturbance);
    const latency_s = medianAt(values);
    return { latency_s, spread: this.#spread(predictor, values, medianAt), extrapolates: this.#beyond(run) };
  }

  /** The fitted values, and those of unknowns met since at what prior and parents say. */
  #extended(): Float64Array {
    const { list } = this.model.unknowns;
    const values = new Float64Array(list.length);
    values.set(this.posterior.values);
    for (let i = this.posterior.values.length; i < list.length; i++) {
      values[i] = list[i]!.parents.reduce((sum, parent) => sum + values[parent]!, list[i]!.prior);
    }
    return values;
  }

  /** Propagates the unknowns' uncertainty to a prediction's logarithm, to first order. */
  #spread(predictor: Predictor, values: Float64Array, at: (values: ArrayLike<number>) => number): number {
    const { list } = this.model.unknowns;
    const known = this.posterior.values.length;
    const gradient = new Float64Array(list.length);
    const here = Math.log(at(values));
    for (const index of predictor.unknowns) {
      const moved = values.slice();
      moved[index]! += STEP;
      gradient[index] = (Math.log(at(moved)) - here) / STEP;
    }
    let variance = 0;
    for (let i = list.length - 1; i >= known; i--) {
      variance += (gradient[i]! * list[i]!.spread) ** 2;
      for (const parent of list[i]!.parents) gradient[parent]! += gradient[i]!;
    }
    const moving = [...gradient.subarray(0, known).keys()].filter((i) => gradient[i] !== 0);
    for (const i of moving) {
      for (const j of moving) variance += gradient[i]! * gradient[j]! * this.posterior.covariance.get(i, j);
    }
    return Math.sqrt(Math.max(0, variance));
  }

  #beyond(run: MeasuredRun): string[] {
    const found: string[] = [];
    for (const field of ["model", "operator", "placement", "cut", "codec", "session"] as const) {
      const value = run[field];
      if (value !== undefined && !this.cells.some((cell) => cell.run[field] === value)) found.push(`${field} ${value}`);
    }
    if (found.length === 0 && !this.cells.some(({ configuration }) => configuration === configurationKey(run))) {
      found.push("this combination of model, operator, placement and policies");
    }
    for (const [link, { bandwidth_bps }] of Object.entries(run.links)) {
      if (bandwidth_bps === undefined) continue;
      const rates = this.cells.flatMap((cell) => cell.run.links[link]?.bandwidth_bps ?? []);
      if (rates.length === 0) found.push(`link ${link}`);
      else if (bandwidth_bps < Math.min(...rates) || bandwidth_bps > Math.max(...rates)) {
        found.push(`${link} at ${bandwidth_bps / 1e6} Mbit/s`);
      }
    }
    return found;
  }
}

const STEP = 1e-4;
/** What the model leaves unexplained in any cell, however often it was measured: its relative standard deviation. */
const MODEL_ERROR = 0.005;

/** Predicted logarithms of cells; where only some unknowns moved, only what reads them is computed anew. */
class FittedCells {
  readonly #cells: readonly Cell[];
  readonly #predictors: readonly Predictor[];
  readonly #readers: readonly (readonly number[])[];
  #values: Float64Array | undefined;
  #predicted = new Float64Array(0);

  constructor(model: EndToEndModel, cells: readonly Cell[]) {
    this.#cells = cells;
    this.#predictors = cells.map(({ run, latencies_s }) => model.predictor(run, latencies_s.length));
    const readers = model.unknowns.list.map((): number[] => []);
    for (const [i, { unknowns }] of this.#predictors.entries())
      for (const unknown of unknowns) readers[unknown]!.push(i);
    this.#readers = readers;
  }

  predict(values: ArrayLike<number>): Float64Array {
    const moved: number[] = [];
    if (this.#values) for (let i = 0; i < values.length; i++) if (values[i] !== this.#values[i]) moved.push(i);
    if (!this.#values || moved.length > 2) {
      this.#values = Float64Array.from(values);
      this.#predicted = Float64Array.from(this.#cells, (_, i) => this.#predictOne(i, values));
      return this.#predicted;
    }
    const predicted = this.#predicted.slice();
    for (const unknown of moved) for (const i of this.#readers[unknown]!) predicted[i] = this.#predictOne(i, values);
    return predicted;
  }

  #predictOne(i: number, values: ArrayLike<number>): number {
    const { fromStart } = this.#cells[i]!;
    return Math.log(typicalLatency({ latencies_s: this.#predictors[i]!.latencies(values), fromStart }));
  }
}
