import { CholeskyDecomposition, Matrix } from "ml-matrix";

/** Points that a smoother is fitted to: coordinates and a value each. */
export interface Points {
  readonly x: readonly (readonly number[])[];
  readonly y: readonly number[];
}

/** How far points speak of each other (in the unit of the coordinates), and how much of their scatter is noise. */
export interface Shape {
  readonly reach: number;
  readonly noise: number;
}

const REACHES = [1.5, 3, 6, 12];
const NOISES = [0.01, 0.1, 0.4];
/** Every combination that {@link Smoother} is tried with. */
export const SHAPES: readonly Shape[] = REACHES.flatMap((reach) => NOISES.map((noise) => ({ reach, noise })));

/**
 * Kriging: a Gaussian process with a constant mean and a Matérn 3/2 covariance (Rasmussen & Williams, Gaussian Processes
 * for Machine Learning, 2006, chapter 2). Near a point it says what the point says, between points it goes between, far
 * from all it falls back to their mean, and it says how much each of these is worth.
 */
export class Smoother {
  readonly #points: Points;
  readonly #shape: Shape;
  readonly #mean: number;
  readonly #weights: readonly number[];
  readonly #inverse: Matrix;
  readonly #scale: number;
  /** The error at each point when it is predicted from the others (Rasmussen & Williams, section 5.4.2). */
  readonly errors: readonly number[];

  constructor(points: Points, shape: Shape) {
    this.#points = points;
    this.#shape = shape;
    const { x, y } = points;
    const n = x.length;
    this.#mean = y.reduce((sum, value) => sum + value, 0) / n;
    const covariance = Matrix.zeros(n, n);
    for (let i = 0; i < n; i++)
      for (let j = 0; j <= i; j++) {
        const value = matern(distance(x[i]!, x[j]!) / shape.reach) + (i === j ? shape.noise : 0);
        covariance.set(i, j, value);
        covariance.set(j, i, value);
      }
    this.#inverse = new CholeskyDecomposition(covariance).solve(Matrix.eye(n));
    const centred = y.map((value) => value - this.#mean);
    this.#weights = centred.map((_, i) => dot(this.#inverse.getRow(i), centred));
    this.#scale = dot(centred, this.#weights) / n;
    this.errors = this.#weights.map((weight, i) => weight / this.#inverse.get(i, i));
  }

  /** The value at a place, and the variance of what is not known of it. */
  at(place: readonly number[]): { readonly value: number; readonly variance: number } {
    const near = this.#points.x.map((point) => matern(distance(point, place) / this.#shape.reach));
    const known = near.reduce((sum, value, i) => sum + value * dot(this.#inverse.getRow(i), near), 0);
    return {
      value: this.#mean + dot(near, this.#weights),
      variance: this.#scale * Math.max(0, 1 - known),
    };
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
  return Math.sqrt(a.reduce((sum, value, i) => sum + (value - (b[i] ?? 0)) ** 2, 0));
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, i) => sum + value * b[i]!, 0);
}
