import { CholeskyDecomposition, Matrix } from "ml-matrix";

/**
 * How far points speak of each other (in the unit of the coordinates), and how much of their scatter is each point's own: a
 * peculiarity that its neighbours do not share.
 */
export interface Shape {
  readonly reach: number;
  readonly noise: number;
}

const REACHES = [3, 6, 12, 24];
const NOISES = [0.003, 0.01, 0.1, 0.4];
/** Every combination that fits are tried with. */
export const SHAPES: readonly Shape[] = REACHES.flatMap((reach) => NOISES.map((noise) => ({ reach, noise })));

/** What is the same for all values at the same places: worth keeping, as it is what takes time. */
export class Places {
  readonly x: readonly (readonly number[])[];
  readonly shape: Shape;
  /** The inverse of the places' covariance, row by row. */
  readonly inverse: readonly (readonly number[])[];

  /** @param errors variance of each value's measurement, in units of the values' own; none when left out */
  constructor(x: readonly (readonly number[])[], shape: Shape, errors: readonly number[] = []) {
    this.x = x;
    this.shape = shape;
    const covariance = x.map((a, i) =>
      x.map((b, j) => covarianceAt(distance(a, b), shape) + (i === j ? (errors[i] ?? 0) + JITTER : 0)),
    );
    this.inverse = new CholeskyDecomposition(new Matrix(covariance)).solve(Matrix.eye(x.length)).to2DArray();
  }
}

/**
 * Kriging: a Gaussian process with a constant mean and a Matérn 3/2 covariance (Rasmussen & Williams, Gaussian Processes
 * for Machine Learning, 2006, chapter 2). At a point that was measured without error it says what was measured, between points it
 * goes between, far from all it falls back to their mean, and it says how much each of these is worth.
 */
export class Smoother {
  readonly #places: Places;
  readonly #mean: number;
  readonly #weights: readonly number[];
  readonly #scale: number;
  /** The error at each point when it is predicted from the others (Rasmussen & Williams, section 5.4.2). */
  readonly errors: readonly number[];

  /** @param y a value at each of the places */
  constructor(places: Places, y: readonly number[]) {
    const mean = y.reduce((sum, value) => sum + value, 0) / y.length;
    const centred = y.map((value) => value - mean);
    this.#places = places;
    this.#mean = mean;
    this.#weights = places.inverse.map((row) => dot(row, centred));
    this.#scale = Math.max(0, dot(centred, this.#weights) / y.length);
    this.errors = this.#weights.map((weight, i) => weight / places.inverse[i]![i]!);
  }

  /** The value at a place, and the variance of what is not known of it. */
  at(place: readonly number[]): { readonly value: number; readonly variance: number } {
    const { x, shape, inverse } = this.#places;
    const near = x.map((point) => covarianceAt(distance(point, place), shape));
    const known = near.reduce((sum, value, i) => sum + value * dot(inverse[i]!, near), 0);
    const own = 1 + shape.noise;
    return { value: this.#mean + dot(near, this.#weights), variance: this.#scale * Math.max(0, own - known) };
  }
}

/** Weighted root mean square. @param weights one for each value, not all 0 */
export function rootMeanSquare(values: readonly number[], weights: readonly number[]): number {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return Math.sqrt(values.reduce((sum, value, i) => sum + weights[i]! * value ** 2, 0) / total);
}

/** Keeps places that are the same twice from making the covariance singular. */
const JITTER = 1e-9;

function covarianceAt(distance: number, { reach, noise }: Shape): number {
  return matern(distance / reach) + (distance === 0 ? noise : 0);
}

function matern(distance: number): number {
  const r = Math.sqrt(3) * distance;
  return (1 + r) * Math.exp(-r);
}

function distance(a: readonly number[], b: readonly number[]): number {
  let squares = 0;
  for (let i = 0; i < a.length; i++) squares += (a[i]! - (b[i] ?? 0)) ** 2;
  return Math.sqrt(squares);
}

function dot(a: readonly number[], b: readonly number[]): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
