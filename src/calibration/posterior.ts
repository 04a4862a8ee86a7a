import { CholeskyDecomposition, inverse, Matrix } from "ml-matrix";
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
  /** Half the sum of squares that was made small: the negative log posterior, but for a constant. */
  readonly cost: number;
}

/** Beyond so many standard errors a residual counts by its size, not its square (Huber, 1964). */
const HUBER = 2;
const ROUNDS = 20;
const STIFFNESSES = [100, 10];
const STEP = 1e-5;
const ITERATIONS = 60;
/** No step moves an unknown by more than this factor's logarithm. */
const LONGEST = 1;

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
  const rowsAt = (at: ArrayLike<number>, stiffness = 1) => {
    const predicted = observed.predict(at);
    const rows = new Float64Array(n + unknowns.list.length);
    for (let i = 0; i < n; i++) rows[i] = weights[i]! * (predicted[i]! - observed.values[i]!);
    rows.set(unknowns.deviations(at), n);
    for (const i of stiff) rows[n + i]! *= stiffness;
    return rows;
  };
  let values = Float64Array.from(start);
  const stages = stiff.length > 0 ? STIFFNESSES : [];
  for (const stiffness of stages) values = descend(values, (at) => rowsAt(at, stiffness));
  for (let round = 0; round < ROUNDS; round++) {
    values = descend(values, (at) => rowsAt(at));
    const predicted = observed.predict(values);
    const next = observed.errors.map((error, i) => {
      const residual = Math.abs(observed.values[i]! - predicted[i]!) / error;
      return Math.sqrt(residual <= HUBER ? 1 : HUBER / residual) / error;
    });
    const change = next.reduce((most, weight, i) => Math.max(most, Math.abs(weight / weights[i]! - 1)), 0);
    weights = next;
    if (change < 0.01) break;
  }
  const rows = rowsAt(values);
  const covariance = inverse(
    normalEquations(
      differences((at) => rowsAt(at), values, rows),
      rows,
      values.length,
    ).curvature,
  );
  return {
    values,
    covariance,
    deviations: Float64Array.from(values, (_, i) => Math.sqrt(Math.max(0, covariance.get(i, i)))),
    cost: 0.5 * sumOfSquares(rows),
  };
}

/**
 * Least squares by Levenberg and Marquardt's method (Marquardt, 1963; damping relative to the curvature, as Nielsen advises).
 * A step that does not go down is taken back and tried shorter: latencies have kinks, where a bucket just suffices.
 *
 * @param rowsAt what is to become small, for such unknowns
 */
function descend(
  start: Float64Array<ArrayBuffer>,
  rowsAt: (at: Float64Array<ArrayBuffer>) => Float64Array,
): Float64Array<ArrayBuffer> {
  let values = start;
  let rows = rowsAt(values);
  let cost = sumOfSquares(rows);
  let damping = 1e-3;
  for (let iteration = 0; iteration < ITERATIONS && damping < 1e9; iteration++) {
    const { curvature, slope } = normalEquations(differences(rowsAt, values, rows), rows, values.length);
    const before = cost;
    while (damping < 1e9) {
      const damped = curvature.clone();
      for (let i = 0; i < values.length; i++) damped.set(i, i, curvature.get(i, i) * (1 + damping) + 1e-9);
      const step = new CholeskyDecomposition(damped).solve(slope);
      const moved = values.map((value, i) => value - Math.max(-LONGEST, Math.min(LONGEST, step.get(i, 0))));
      const movedRows = rowsAt(moved);
      const movedCost = sumOfSquares(movedRows);
      if (movedCost < cost) {
        [values, rows, cost] = [moved, movedRows, movedCost];
        damping = Math.max(1e-9, damping / 5);
        break;
      }
      damping *= 4;
    }
    if (before - cost < 1e-4 * cost) break;
  }
  return values;
}

function sumOfSquares(rows: Float64Array): number {
  return rows.reduce((sum, row) => sum + row * row, 0);
}

/** Derivatives of a row by the unknowns that it hangs on, which are few of all. */
interface Gradient {
  readonly unknowns: number[];
  readonly slopes: number[];
}

/** Of each row. */
function differences(
  rowsAt: (at: Float64Array<ArrayBuffer>) => Float64Array,
  values: Float64Array<ArrayBuffer>,
  rows: Float64Array,
): Gradient[] {
  const gradients = Array.from(rows, (): Gradient => ({ unknowns: [], slopes: [] }));
  for (let j = 0; j < values.length; j++) {
    const moved = values.slice();
    moved[j]! += STEP;
    const shifted = rowsAt(moved);
    for (let i = 0; i < rows.length; i++) {
      const change = shifted[i]! - rows[i]!;
      if (change === 0) continue;
      gradients[i]!.unknowns.push(j);
      gradients[i]!.slopes.push(change / STEP);
    }
  }
  return gradients;
}

/**
 * Sides of the normal equations of least squares, row by row: as a product of whole matrices, nearly all of the time would go into zeros.
 *
 * @param n number of unknowns
 * @returns Jᵀ·J and Jᵀ·rows, where J has the gradients for its rows
 */
function normalEquations(
  gradients: readonly Gradient[],
  rows: Float64Array,
  n: number,
): { curvature: Matrix; slope: Matrix } {
  const sums = Array.from({ length: n }, () => new Float64Array(n));
  const slope = new Float64Array(n);
  for (const [i, { unknowns, slopes }] of gradients.entries()) {
    for (const [a, j] of unknowns.entries()) {
      const own = sums[j]!;
      for (let b = 0; b < unknowns.length; b++) own[unknowns[b]!]! += slopes[a]! * slopes[b]!;
      slope[j]! += slopes[a]! * rows[i]!;
    }
  }
  return { curvature: new Matrix(sums.map((own) => [...own])), slope: Matrix.columnVector([...slope]) };
}
