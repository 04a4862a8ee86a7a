import { levenbergMarquardt } from "ml-levenberg-marquardt";
import { inverse, Matrix } from "ml-matrix";
import type { Unknowns } from "./parameters.ts";

/** What is compared: logarithms of latencies, by index, and how sure each is. */
export interface Observations {
  /** Logarithms of measured values. */
  readonly values: readonly number[];
  /** Standard errors of these. */
  readonly errors: readonly number[];
  /** Logarithms of predicted values for such unknowns. */
  predict(unknowns: ArrayLike<number>): ArrayLike<number>;
}

/** The most probable unknowns, and how well they are known. */
export interface Posterior {
  readonly values: Float64Array;
  /** Standard deviations of the logarithms, by the curvature at the maximum (Laplace's approximation). */
  readonly deviations: Float64Array;
  readonly covariance: Matrix;
  /** Standardised residuals of the observations. */
  readonly residuals: readonly number[];
  /** Half the sum of squares that was made small: the negative log posterior, but for a constant. */
  readonly cost: number;
}

/** Beyond so many standard errors a residual counts by its size, not its square (Huber, 1964). */
const HUBER = 2;
const ROUNDS = 4;
const STIFFNESSES = [100, 10];
const STEP = 1e-5;
const DAMPINGS = [1e-2, 1, 1e2, 1e4];
const ATTEMPTS = 12;

/**
 * Maximum a posteriori: observations and priors in one weighted least-squares problem, solved by Levenberg and Marquardt's
 * method; outliers are weighed down and the problem is solved again (iteratively reweighted least squares).
 *
 * @param start where to begin
 * @param stiff indices of unknowns that all observations share: they are held near their priors until the others have
 *   found their places, because many wrong ones together pull these into a corner from which no step leads out
 */
export function maximise(
  unknowns: Unknowns,
  observed: Observations,
  start: Float64Array,
  stiff: readonly number[],
): Posterior {
  const n = observed.values.length;
  let weights = observed.errors.map((error) => 1 / error);
  let values = Float64Array.from(start);
  const scaled = (at: ArrayLike<number>, stiffness = 1) => {
    const predicted = observed.predict(at);
    const rows = new Float64Array(n + unknowns.list.length);
    for (let i = 0; i < n; i++) rows[i] = weights[i]! * predicted[i]!;
    rows.set(unknowns.deviations(at), n);
    for (const i of stiff) rows[n + i]! *= stiffness;
    return rows;
  };
  const target = () => [...observed.values.map((value, i) => weights[i]! * value), ...unknowns.list.map(() => 0)];
  for (const stiffness of STIFFNESSES) values = descend(values, (at) => scaled(at, stiffness), target());
  for (let round = 0; round < ROUNDS; round++) {
    values = descend(values, (at) => scaled(at), target());
    const predicted = observed.predict(values);
    const next = observed.errors.map((error, i) => {
      const residual = Math.abs(observed.values[i]! - predicted[i]!) / error;
      return Math.sqrt(residual <= HUBER ? 1 : HUBER / residual) / error;
    });
    const change = next.reduce((most, weight, i) => Math.max(most, Math.abs(weight / weights[i]! - 1)), 0);
    weights = next;
    if (change < 0.01) break;
  }
  const rows = scaled(values);
  const jacobian = differences((at) => scaled(at), values, rows);
  const covariance = inverse(jacobian.transpose().mmul(jacobian));
  const residuals = observed.values.map((value, i) => weights[i]! * value - rows[i]!);
  return {
    values,
    covariance,
    deviations: Float64Array.from(values, (_, i) => Math.sqrt(Math.max(0, covariance.get(i, i)))),
    residuals,
    cost:
      0.5 *
      (residuals.reduce((sum, residual) => sum + residual ** 2, 0) +
        rows.subarray(n).reduce((sum, deviation) => sum + deviation ** 2, 0)),
  };
}

/**
 * Least squares by Levenberg and Marquardt's method. The library takes each step, be it a bad one, and gives back the best
 * point that it came by; begun anew from there, with more damping as long as steps were bad, the search only goes down.
 */
function descend(start: Float64Array, rowsAt: (at: ArrayLike<number>) => Float64Array, target: number[]): Float64Array {
  const x = Array.from(target, (_, i) => i);
  let values = start;
  let cost = Number.POSITIVE_INFINITY;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const before = cost;
    for (const damping of DAMPINGS) {
      const { parameterValues, parameterError } = levenbergMarquardt(
        { x, y: target },
        (at: number[]) => {
          const rows = rowsAt(at);
          return (i: number) => rows[i]!;
        },
        {
          initialValues: [...values],
          damping,
          dampingStepUp: 10,
          dampingStepDown: 3,
          gradientDifference: STEP,
          maxIterations: 8,
          errorTolerance: 1e-9,
          improvementThreshold: 1e-3,
        },
      );
      if (parameterError >= cost) continue;
      values = Float64Array.from(parameterValues);
      cost = parameterError;
    }
    if (cost > before * (1 - 1e-3)) break;
  }
  return values;
}

/** Derivatives of the rows by each unknown. */
function differences(rowsAt: (at: Float64Array) => Float64Array, values: Float64Array, rows: Float64Array): Matrix {
  const jacobian = new Matrix(rows.length, values.length);
  for (let j = 0; j < values.length; j++) {
    const moved = values.slice();
    moved[j]! += STEP;
    const shifted = rowsAt(moved);
    for (let i = 0; i < rows.length; i++) jacobian.set(i, j, (shifted[i]! - rows[i]!) / STEP);
  }
  return jacobian;
}
