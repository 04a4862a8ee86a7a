import { Problem } from "../formats/problem.ts";
import { Engine, type Input } from "./engine.ts";
import { factsOf } from "./facts.ts";
import { ALONE, type Expression } from "./goal.ts";
import { type SobolIndex, type SobolOptions, sobolIndices } from "./indices.ts";
import type { LoadOptions } from "./outcome.ts";
import { fieldOf } from "./paths.ts";
import { MOST_DIMENSIONS } from "./sobol.ts";
import { formatAmount, numberField, rawAmount, requireAmount } from "./values.ts";
import { type Documents, setPath } from "./world.ts";

/** An input and the ends between which it lies, uniformly. */
export interface Range {
  readonly path: string;
  /** As a document would hold it. */
  readonly from: unknown;
  readonly to: unknown;
}

export interface Sensitivity {
  readonly outcome: string;
  readonly mean: number;
  readonly variance: number;
  readonly samples: number;
  readonly evaluations: number;
  readonly inputs: readonly ({ readonly path: string; readonly from: string; readonly to: string } & SobolIndex)[];
}

/** Points of the base sample where nothing is given: a simulation takes a hundred thousand times as long as a formula. */
const SAMPLES = { alone: 4096, loaded: 128 };

/**
 * How much of a figure's variance each input is behind, by itself and with its interactions, where all inputs vary at
 * once between their ends ({@link sobolIndices}).
 *
 * @throws Problem when a path is no number, its ends are of another kind, or the figure is infinite somewhere
 */
export function sensitivity(
  documents: Documents,
  figure: Expression,
  ranges: readonly Range[],
  load: LoadOptions,
  options: SobolOptions = {},
): Sensitivity {
  if (2 * ranges.length > MOST_DIMENSIONS) throw new Problem(`--sobol: at most ${MOST_DIMENSIONS / 2} inputs`);
  const inputs = ranges.map((range) => inputOf(documents, range));
  const samples = options.samples ?? (figure.needsLoad ? SAMPLES.loaded : SAMPLES.alone);
  const evaluate = evaluatorOf(documents, figure, inputs, load);
  const values = new Float64Array(inputs.length);
  const { mean, variance, indices } = sobolIndices(
    inputs.length,
    (point) => {
      for (const [i, { from, to }] of inputs.entries()) values[i] = from + point[i]! * (to - from);
      const value = evaluate(values);
      if (Number.isFinite(value)) return value;
      const at = inputs.map(({ path, kind }, i) => `${path} = ${formatAmount(kind, values[i]!)}`).join(", ");
      throw new Problem(`${figure.text} is ${value} at ${at}; its variance means nothing. Narrow the ranges`);
    },
    { ...options, samples },
  );
  return {
    outcome: figure.text,
    mean,
    variance,
    samples,
    evaluations: samples * (inputs.length + 2),
    inputs: inputs.map(({ path, from, to, kind }, i) => ({
      path,
      from: formatAmount(kind, from),
      to: formatAmount(kind, to),
      ...indices[i]!,
    })),
  };
}

function inputOf(documents: Documents, { path, from, to }: Range) {
  const field = fieldOf(documents, path);
  const number = numberField(field, from);
  if (!number) throw new Problem(`--sobol ${path}: is no number`);
  const [low, high] = [from, to].map((end) => requireAmount(field, end, `--sobol ${path}`)) as [number, number];
  if (numberField(field, to)?.kind !== number.kind || !(high > low))
    throw new Problem(`--sobol ${path}: write LOW..HIGH, with the lower end first and both of one kind`);
  const raw = (amount: number) => rawAmount(field, number.kind, number.integer ? Math.round(amount) : amount);
  return { path, values: null, from: low, to: high, raw, kind: number.kind, integer: number.integer };
}

type RangeInput = Input & { readonly integer: boolean };

/** The figure at values of the inputs: by the engine where it is one of a request alone, and else the long way. */
function evaluatorOf(
  documents: Documents,
  figure: Expression,
  inputs: readonly RangeInput[],
  load: LoadOptions,
): (values: Float64Array) => number {
  const alone = ALONE.find((name) => name === figure.text);
  if (alone && !inputs.some(({ integer }) => integer)) {
    const engine = new Engine(documents, inputs);
    return (values) => engine.evaluate(values)?.[alone] ?? Number.NaN;
  }
  return (values) => {
    const world = inputs.reduce((at, { path, raw }, i) => setPath(at, path, raw(values[i]!)), documents);
    return Number(figure.evaluate(factsOf(world, load)));
  };
}
