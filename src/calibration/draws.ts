import { CholeskyDecomposition, Matrix } from "ml-matrix";
import { median } from "simple-statistics";
import type { Profile } from "../formats/profile.ts";
import type { MeasuredRun } from "../formats/runs.ts";
import type { Topology } from "../formats/topology.ts";
import { RandomStream } from "../random/index.ts";
import { PipelineModel } from "./pipeline.ts";
import type { Posterior } from "./posterior.ts";
import type { LatencyModel } from "./predictor.ts";

/**
 * Joint draws of all unknowns, from the posterior where runs were fitted (Laplace's approximation) and from
 * priors for what no run has shown. Two latencies of one draw share all that they hang on, so that their ratio, and any
 * order of many, has an honest spread, which intervals of each alone do not give.
 */
export class JointDraws {
  readonly count: number;
  readonly #model: LatencyModel;
  readonly #ratioOf: (run: MeasuredRun) => number;
  readonly #seed: number;
  /** Values of the unknowns by draw. */
  readonly #values: number[][];
  /** The most probable ones. */
  readonly #centre: number[];

  constructor(
    model: LatencyModel,
    options: {
      readonly posterior?: Posterior;
      /** Median over typical latency. */
      readonly ratioOf?: (run: MeasuredRun) => number;
      readonly count: number;
      readonly seed: number;
    },
  ) {
    const { posterior, ratioOf = () => 1, count, seed } = options;
    this.count = count;
    this.#model = model;
    this.#ratioOf = ratioOf;
    this.#seed = seed;
    this.#values = Array.from({ length: count }, () => (posterior ? [...posterior.values] : []));
    this.#centre = posterior ? [...posterior.values] : [];
    if (posterior) spreadOut(this.#values, posterior, seed);
  }

  /** Latency of a request under these conditions in each draw, seconds; the median request's. */
  latencies(run: MeasuredRun): number[] {
    const predictor = this.#model.predictor(run, 1);
    this.#extend();
    const ratio = this.#ratioOf(run);
    return this.#values.map((values) => ratio * median(predictor.latencies(values)));
  }

  /** The same where all unknowns are at their most probable. */
  latency(run: MeasuredRun): number {
    const predictor = this.#model.predictor(run, 1);
    this.#extend();
    return this.#ratioOf(run) * median(predictor.latencies(this.#centre));
  }

  /** Seconds by stage there, named as in a table of runs, where the model knows stages. */
  stages(run: MeasuredRun): Readonly<Record<string, number>> {
    const predictor = this.#model.predictor(run, 1);
    this.#extend();
    return predictor.stages?.(this.#centre) ?? {};
  }

  /** Draws the unknowns that have come up since. */
  #extend(): void {
    const { list } = this.#model.unknowns;
    for (let i = this.#centre.length; i < list.length; i++) {
      const { name, prior, spread, parents } = list[i]!;
      // Of its name, so that an unknown draws the same whenever it is first asked for.
      const random = new RandomStream(this.#seed).split("prior").split(name);
      const expected = (values: readonly number[]) => parents.reduce((sum, parent) => sum + values[parent]!, prior);
      this.#centre.push(expected(this.#centre));
      for (const values of this.#values) values.push(expected(values) + spread * random.normal());
    }
  }
}

/** Joint draws of what profiles and a topology alone make one expect, where there are no runs to calibrate on. */
export function priorDraws(
  { profiles, topology, foreign }: { profiles: readonly Profile[]; topology: Topology; foreign?: boolean },
  count: number,
  seed = 1,
): JointDraws {
  return new JointDraws(new PipelineModel([], profiles, topology, foreign), { count, seed });
}

/** Moves each draw away from the most probable one, by the posterior's covariance. */
function spreadOut(draws: readonly number[][], { covariance, values }: Posterior, seed: number): void {
  const size = values.length;
  if (size === 0) return;
  // The curvature is inverted numerically: a little on the diagonal keeps the factorisation real.
  const symmetric = Matrix.add(covariance, covariance.transpose()).mul(0.5);
  for (let i = 0; i < size; i++) symmetric.set(i, i, symmetric.get(i, i) + 1e-12);
  const factor = new CholeskyDecomposition(symmetric).lowerTriangularMatrix;
  const random = new RandomStream(seed).split("posterior");
  for (const draw of draws) {
    const drawn = Array.from({ length: size }, () => random.normal());
    for (let i = 0; i < size; i++) {
      for (let j = 0; j <= i; j++) draw[i]! += factor.get(i, j) * drawn[j]!;
    }
  }
}
