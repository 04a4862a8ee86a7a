import { CholeskyDecomposition, Matrix } from "ml-matrix";

/** How far points speak of each other (in the unit of the coordinates), and how much of their scatter is noise. */
export interface Shape {
  readonly reach: number;
  readonly noise: number;
}

const REACHES = [1.5, 3, 6, 12];
const NOISES = [0.01, 0.1, 0.4];
/** Every combination that fits are tried with. */
export const SHAPES: readonly Shape[] = REACHES.flatMap((reach) => NOISES.map((noise) => ({ reach, noise })));

/** What is the same for all values at the same places: worth keeping, as it is what takes time. */
export class Places {
  readonly x: readonly (readonly number[])[];
  readonly shape: Shape;
  /** The inverse of the places' covariance, row by row. */
  readonly inverse: readonly (readonly number[])[];

  constructor(x: readonly (readonly number[])[], shape: Shape) {
    this.x = x;
    this.shape = shape;
    const covariance = x.map((a, i) =>
      x.map((b, j) => matern(distance(a, b) / shape.reach) + (i === j ? shape.noise : 0)),
    );
    this.inverse = new CholeskyDecomposition(new Matrix(covariance)).solve(Matrix.eye(x.length)).to2DArray();
  }
}

/**
 * Kriging: a Gaussian process with a constant mean and a Matérn 3/2 covariance (Rasmussen & Williams, Gaussian Processes
 * for Machine Learning, 2006, chapter 2). Near a point it says what the point says, between points it goes between, far
 * from all it falls back to their mean, and it says how much each of these is worth.
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
    const near = x.map((point) => matern(distance(point, place) / shape.reach));
    const known = near.reduce((sum, value, i) => sum + value * dot(inverse[i]!, near), 0);
    return { value: this.#mean + dot(near, this.#weights), variance: this.#scale * Math.max(0, 1 - known) };
  }
}

/** Root mean square. */
export function rootMeanSquare(values: readonly number[]): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value ** 2, 0) / Math.max(1, values.length));
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
