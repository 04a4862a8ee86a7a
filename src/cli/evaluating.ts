import { checkMetric, type Metric, measure, parseMetric, Tally } from "../accuracy/index.ts";
import { type Batch, type Dataset, type Feed, openDataset } from "../datasets/index.ts";
import { unknownName } from "../formats/names.ts";
import { Problem } from "../formats/problem.ts";
import type { Accuracy } from "../formats/variants.ts";
import type { TensorType } from "../onnx/index.ts";
import { type Feeds, loadSession, reason, type Session, tensorOf, type Values } from "../profiler/index.ts";
import { openModel } from "../store/index.ts";
import { randomWeightsOf } from "../zoo/index.ts";

export interface EvaluationOptions {
  /** As the user wrote them; see METRICS. */
  readonly metrics: readonly string[];
  /** Output with the scores; left out: the only one. */
  readonly output?: string | undefined;
  readonly threads: number;
  /** Samples per run, where the model leaves it free. */
  readonly batch: number;
  /** Only so many samples, from the first on. */
  readonly limit?: number | undefined;
  readonly onProgress?: (done: number, total: number) => void;
}

/** Metrics of a model on a data set, in the order asked for. */
export interface Evaluation {
  readonly dataset: string;
  readonly metrics: readonly Accuracy[];
}

/**
 * Runs a classifier on every sample of a data set.
 * @param data the data set's document
 * @throws Problem when model and data do not go together, or the model knows nothing
 */
export async function evaluateModel(file: string, data: string, options: EvaluationOptions): Promise<Evaluation> {
  const metrics = options.metrics.map(parseMetric);
  const random = randomWeightsOf(openModel(file));
  if (random)
    throw new Problem(
      `${file} has no learned weights (${random}), so its accuracy means nothing. Evaluate a trained model.`,
    );
  const dataset = await openDataset(data);
  try {
    if (!dataset.labelled)
      throw new Problem(`${data} has no labels, so no guess can be checked. Add labels to the data set.`);
    const session = await loadSession(file, { threads: options.threads, optimisation: "all" });
    try {
      const tally = await runThrough(session, dataset, file, metrics, options);
      return { dataset: dataset.name, metrics: metrics.map((metric) => measure(tally, metric)) };
    } finally {
      await session.release();
    }
  } finally {
    dataset.close();
  }
}

async function runThrough(
  session: Session,
  dataset: Dataset,
  file: string,
  metrics: readonly Metric[],
  options: EvaluationOptions,
): Promise<Tally> {
  const fixed = checkInputs(session, dataset, file);
  const output = scoresOutput(session, file, options.output);
  const total = Math.min(dataset.count, options.limit ?? dataset.count);
  let tally: Tally | undefined;
  for await (const batch of dataset.batches(fixed ?? options.batch, options.limit)) {
    const results = await session.run(feedsOf(batch, fixed ?? batch.size), [output]).catch((error: unknown) => {
      throw new Problem(
        `${file} does not run on samples ${batch.first} to ${batch.first + batch.size - 1} of ${dataset.file}: ${reason(error)}`,
      );
    });
    const { scores, classes } = scoresOf(results[output]!, output, fixed ?? batch.size, file);
    if (!tally) {
      // Before the first of perhaps many samples, not after the last.
      for (const metric of metrics) checkMetric(metric, classes);
      tally = new Tally(classes);
    }
    if (dataset.classes && dataset.classes.length !== classes)
      throw new Problem(
        `${dataset.file} lists ${dataset.classes.length} classes, and ${file} gives ${classes} scores.`,
      );
    for (let i = 0; i < batch.size; i++) tally.add(scores.subarray(i * classes, (i + 1) * classes), batch.labels![i]!);
    options.onProgress?.(batch.first + batch.size, total);
  }
  return tally!;
}

/**
 * Compares what the model takes with what the data set gives.
 * @returns the batch size that the model is fixed at, if it is
 */
function checkInputs(session: Session, dataset: Dataset, file: string): number | undefined {
  const names = [...session.inputs.keys()];
  for (const name of dataset.inputs.keys()) {
    if (names.includes(name)) continue;
    const { message } = unknownName("input", name, names);
    throw new Problem(`${dataset.file} gives ${file} an ${message}. Rename it in the data set's inputs.`);
  }
  let fixed: number | undefined;
  for (const [name, { dtype, shape }] of session.inputs) {
    const given = dataset.inputs.get(name);
    if (!given)
      throw new Problem(`${file} takes the input '${name}', which ${dataset.file} does not give. Add it there.`);
    if (given.dtype !== dtype)
      throw new Problem(
        `${file}: input '${name}' takes ${dtype}, and ${dataset.file} gives ${given.dtype}. Set dtype: ${dtype} there.`,
      );
    if (!fits(shape, given.shape))
      throw new Problem(
        `${file}: input '${name}' takes samples of the shape [${shape
          .slice(1)
          .map((size) => size ?? "?")
          .join(", ")}], ` + `and ${dataset.file} gives [${given.shape.join(", ")}]. Set shape (or size) there.`,
      );
    const [first] = shape;
    if (typeof first !== "number") continue;
    if (fixed !== undefined && fixed !== first)
      throw new Problem(
        `${file}: its inputs are fixed at batches of ${fixed} and of ${first}; they cannot be fed together.`,
      );
    fixed = first;
  }
  return fixed;
}

function fits(shape: TensorType["shape"], sample: readonly number[]): boolean {
  const wanted = shape.slice(1);
  return (
    wanted.length === sample.length && wanted.every((size, axis) => typeof size !== "number" || size === sample[axis])
  );
}

function scoresOutput(session: Session, file: string, asked: string | undefined): string {
  const names = [...session.outputs.keys()];
  if (asked !== undefined) {
    if (names.includes(asked)) return asked;
    throw unknownName("output", asked, names);
  }
  if (names.length > 1)
    throw new Problem(
      `${file} has the outputs ${names.join(", ")}; say which one holds the scores: --output ${names[0]}.`,
    );
  return names[0]!;
}

/** The batch as the runtime takes it; one that is smaller than a fixed batch is filled up with its last sample. */
function feedsOf(batch: Batch, size: number): Feeds {
  return Object.fromEntries(
    Object.entries(batch.feeds).map(([name, feed]) => {
      const { dtype, dims, data } = batch.size < size ? filled(feed, batch.size, size) : feed;
      return [name, tensorOf(dtype, dims, data as ArrayLike<number>)];
    }),
  );
}

function filled({ dtype, dims, data }: Feed, from: number, to: number): Feed {
  const each = data.length / from;
  const wide = new (data.constructor as Float32ArrayConstructor)(each * to);
  wide.set(data as Float32Array);
  for (let at = from; at < to; at++) wide.copyWithin(at * each, (from - 1) * each, from * each);
  return { dtype, dims: [to, ...dims.slice(1)], data: wide };
}

function scoresOf(values: Values, output: string, size: number, file: string) {
  const [samples, classes = 1, ...rest] = values.dims;
  const real = values.data instanceof Float32Array || values.data instanceof Float64Array;
  if (!real || samples !== size || classes < 2 || rest.some((length) => length !== 1))
    throw new Problem(
      `${file}: output '${output}' is ${values.type}[${values.dims.join("x")}] for ${size} samples; ` +
        "a score per sample and class, float[samples x classes], is needed.",
    );
  return { scores: values.data as Float32Array, classes };
}
