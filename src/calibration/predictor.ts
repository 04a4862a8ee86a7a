import type { MeasuredRun } from "../formats/runs.ts";
import type { Cell } from "./cells.ts";
import type { Route } from "./messages.ts";
import type { Unknowns } from "./parameters.ts";

/** Predicts the requests of one cell. */
export interface Predictor {
  /** Index of the unknown that scales computing. */
  readonly base: number;
  /** Indices of all unknowns that it reads. */
  readonly unknowns: readonly number[];
  /** @returns latencies of the cell's requests, of one request at several moments, or one for all, seconds */
  latencies(values: ArrayLike<number>): number[];
  /** @returns seconds by stage, named as in a table of runs, where the model knows stages */
  stages?(values: ArrayLike<number>): Readonly<Record<string, number>>;
}

/** A model of latencies with unknowns that measured runs show. */
export interface LatencyModel {
  /** Grows as predictors are asked for: what a new configuration needs is made with its prior. */
  readonly unknowns: Unknowns;
  readonly route: Route;
  /** Whether stages are compiled from profiles, so that a cut or a policy needs no run of its own to be known. */
  readonly knowsStages: boolean;
  /** @param requests of the cell, 1 or more */
  predictor(run: MeasuredRun, requests: number): Predictor;
  /** Where to begin the search. */
  start(cells: readonly Cell[]): Float64Array<ArrayBuffer>;
  /** Indices of the unknowns that all cells share and that are held near their priors at first. */
  shared(): number[];
}
