import { median } from "simple-statistics";
import { Problem } from "../formats/problem.ts";
import type { Profile } from "../formats/profile.ts";
import type { MeasuredRun } from "../formats/runs.ts";
import type { Topology } from "../formats/topology.ts";
import { type Cell, configurationKey, disturbances, typicalOf } from "./cells.ts";
import { JointDraws } from "./draws.ts";
import { EndToEndModel } from "./model.ts";
import type { Unknown } from "./parameters.ts";
import { PipelineModel } from "./pipeline.ts";
import { maximise, type Posterior } from "./posterior.ts";
import type { LatencyModel, Predictor } from "./predictor.ts";

/** A predicted median of a cell, with how sure the parameters leave it. */
export interface CellPrediction {
  readonly latency_s: number;
  /** Standard deviation of its logarithm, before intervals are widened or narrowed to what was held out. */
  readonly spread: number;
  /** What about the cell no fitted run has had; empty within what was calibrated. */
  readonly extrapolates: readonly string[];
}

/** What is known beside the runs. */
export interface Known {
  readonly topology?: Topology | undefined;
  /** Of all models that the runs are of; without any, runs alone must show everything. */
  readonly profiles?: readonly Profile[] | undefined;
  /**
   * The tiers are machines other than the profiled one: a topology's speeds are guesses, and how much faster integer kernels are
   * than float ones may differ, too.
   */
  readonly foreign?: boolean | undefined;
}

/** A model of latencies with its unknowns fitted. */
export class Fit {
  readonly model: LatencyModel;
  readonly posterior: Posterior;
  readonly cells: readonly Cell[];
  readonly #disturbances: ReturnType<typeof disturbances>;

  /**
   * @param cells to fit to
   * @param options.near a fit of almost the same cells, where the search begins
   * @param options.before what an earlier fit of these cells found: nothing is fitted
   * @throws Problem when there are none
   */
  constructor(
    cells: readonly Cell[],
    { topology, profiles, foreign }: Known = {},
    { near, before }: { near?: Fit; before?: { unknowns: readonly Unknown[]; posterior: Posterior } } = {},
  ) {
    if (cells.length === 0) throw new Problem("there are no runs to fit to");
    this.cells = cells;
    this.#disturbances = disturbances(cells);
    this.model = profiles?.length
      ? new PipelineModel(cells, profiles, topology, foreign)
      : new EndToEndModel(cells, topology);
    if (before) {
      this.model.unknowns.seed(before.unknowns);
      this.posterior = before.posterior;
      return;
    }
    const fitted = new FittedCells(this.model, cells);
    this.posterior = maximise(
      this.model.unknowns,
      { values: fitted.observed, errors: fitted.errors, predict: (values) => fitted.predict(values) },
      near ? this.#near(near) : this.model.start(cells),
      near ? [] : this.model.shared(),
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
    const disturbance = this.#disturbances.of.get(configurationKey(run)) ?? this.#disturbances.common;
    const values = this.#extended();
    const medianAt = (at: ArrayLike<number>) => {
      const latencies = predictor.latencies(at);
      return median(fromStart ? latencies : latencies.slice(latencies.length > 1 ? 1 : 0));
    };
    values[predictor.base]! += Math.log(disturbance.ratio);
    const latency_s = medianAt(values);
    return {
      latency_s,
      spread: this.#spread(predictor, values, medianAt, disturbance.scatter),
      extrapolates: this.#beyond(run),
    };
  }

  /** Standard deviation of each unknown's logarithm before any run was seen, those of its parents included. */
  priorSpreads(): Float64Array {
    const { list } = this.model.unknowns;
    const variances = new Float64Array(list.length);
    for (const [i, { spread, parents }] of list.entries()) {
      variances[i] = parents.reduce((sum, parent) => sum + variances[parent]!, spread ** 2);
    }
    return variances.map(Math.sqrt);
  }

  /** The other fit's values of the same unknowns. */
  #near(other: Fit): Float64Array<ArrayBuffer> {
    const values = this.model.unknowns.priorMedians();
    for (const [i, { name }] of this.model.unknowns.list.entries()) {
      const index = other.model.unknowns.find(name);
      if (index !== undefined && index < other.posterior.values.length) values[i] = other.posterior.values[index]!;
    }
    return values;
  }

  /** Joint draws under which latencies can be compared: what shifts both of two shifts them together. */
  draws(count: number, seed = 1): JointDraws {
    const ratioOf = (run: MeasuredRun) =>
      (this.#disturbances.of.get(configurationKey(run)) ?? this.#disturbances.common).ratio;
    return new JointDraws(this.model, { posterior: this.posterior, ratioOf, count, seed });
  }

  /** Typical seconds by stage of a request under these conditions, where the model knows stages. */
  stages(run: MeasuredRun): Readonly<Record<string, number>> {
    const predictor = this.model.predictor(run, 1);
    return predictor.stages?.(this.#extended()) ?? {};
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

  /**
   * Standard deviation of a prediction's logarithm: the unknowns' uncertainty, to first order, and the drift of computing from
   * cell to cell, as far as computing matters to this one. Drift is taken to be as large as the scatter of repeats.
   */
  #spread(
    predictor: Predictor,
    values: Float64Array,
    at: (values: ArrayLike<number>) => number,
    drift: number,
  ): number {
    const { list } = this.model.unknowns;
    const known = this.posterior.values.length;
    const gradient = new Float64Array(list.length);
    const here = Math.log(at(values));
    for (const index of predictor.unknowns) {
      const moved = values.slice();
      moved[index]! += STEP;
      gradient[index] = (Math.log(at(moved)) - here) / STEP;
    }
    let variance = (drift * gradient[predictor.base]!) ** 2;
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
    // A profile knows every cut, and policies have stages of their own.
    const { knowsStages } = this.model;
    const fields = ["model", "operator", "placement", "codec", "session"] as const;
    for (const field of knowsStages ? fields : ([...fields, "cut"] as const)) {
      const value = run[field];
      if (value !== undefined && !this.cells.some((cell) => cell.run[field] === value)) found.push(`${field} ${value}`);
    }
    const isKnown = this.cells.some(({ configuration }) => configuration === configurationKey(run));
    if (found.length === 0 && !knowsStages && !isKnown) {
      found.push("this combination of model, operator, placement and policies");
    }
    for (const [link, { bandwidth_bps }] of Object.entries(run.links)) {
      if (bandwidth_bps === undefined) continue;
      // A table may name one direction for both.
      const back = link.split(">").toReversed().join(">");
      const rates = this.cells.flatMap(({ run: { links } }) => (links[link] ?? links[back])?.bandwidth_bps ?? []);
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

/** Of a stage: much is in how it is timed. */
const STAGE_ERROR = 0.1;
/** Shorter stages are timed too coarsely to learn from. */
const SHORTEST_STAGE_S = 2e-4;

interface Observed {
  readonly cell: number;
  /** The stage; else the whole. */
  readonly stage: string | undefined;
}

/** Predicted logarithms of cells and of their stages; where only some unknowns moved, only what reads them is computed anew. */
class FittedCells {
  readonly observed: number[] = [];
  readonly errors: number[] = [];
  readonly #rows: Observed[] = [];
  readonly #cells: readonly Cell[];
  readonly #predictors: readonly Predictor[];
  readonly #readers: readonly (readonly number[])[];
  #values: Float64Array | undefined;
  #predicted = new Float64Array(0);

  constructor(model: LatencyModel, cells: readonly Cell[]) {
    this.#cells = cells;
    this.#predictors = cells.map(({ run, summary }) => model.predictor(run, summary.n));
    const prior = model.unknowns.priorMedians();
    for (const [i, { summary }] of cells.entries()) {
      this.#add({ cell: i, stage: undefined }, summary.typical_s, Math.hypot(summary.noise, MODEL_ERROR));
      const known = this.#predictors[i]!.stages?.(prior) ?? {};
      for (const [stage, seconds] of Object.entries(summary.stages_s)) {
        if (known[stage] && seconds > SHORTEST_STAGE_S) this.#add({ cell: i, stage }, seconds, STAGE_ERROR);
      }
    }
    const readers = model.unknowns.list.map((): number[] => []);
    for (const [row, { cell }] of this.#rows.entries())
      for (const unknown of this.#predictors[cell]!.unknowns) readers[unknown]!.push(row);
    this.#readers = readers;
  }

  #add(row: Observed, seconds: number, error: number): void {
    this.#rows.push(row);
    this.observed.push(Math.log(seconds));
    this.errors.push(error);
  }

  predict(values: ArrayLike<number>): Float64Array {
    const moved: number[] = [];
    if (this.#values) for (let i = 0; i < values.length; i++) if (values[i] !== this.#values[i]) moved.push(i);
    if (!this.#values || moved.length > 2) {
      this.#values = Float64Array.from(values);
      this.#predicted = Float64Array.from(this.#rows, (_, row) => this.#predictOne(row, values));
      return this.#predicted;
    }
    const predicted = this.#predicted.slice();
    for (const unknown of moved)
      for (const row of this.#readers[unknown]!) predicted[row] = this.#predictOne(row, values);
    return predicted;
  }

  #predictOne(row: number, values: ArrayLike<number>): number {
    const { cell, stage } = this.#rows[row]!;
    const predictor = this.#predictors[cell]!;
    if (stage !== undefined) return Math.log(predictor.stages!(values)[stage]!);
    return Math.log(typicalOf(predictor.latencies(values), this.#cells[cell]!.summary));
  }
}
