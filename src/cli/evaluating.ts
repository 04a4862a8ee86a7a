import { checkMetric, type Metric, measure, parseMetric, Tally } from "../accuracy/index.ts";
import { type Dataset, openDataset } from "../datasets/index.ts";
import { unknownName } from "../formats/names.ts";
import { Problem } from "../formats/problem.ts";
import type { Accuracy } from "../formats/variants.ts";
import { operatorOf, twinOf } from "../operators/index.ts";
import { loadSession, reason, type Session, type Values } from "../profiler/index.ts";
import { openModel } from "../store/index.ts";
import { randomWeightsOf } from "../zoo/index.ts";
import { checkInputs, feedsOf } from "./feeding.ts";

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
  /** Deployment operator that made the model, as its file says. */
  readonly operator: string;
  readonly dataset: string;
  readonly metrics: readonly Accuracy[];
}

/**
 * Runs a classifier on every sample of a data set.
 * @param data the data set's document
 * @throws Problem when model and data do not go together, or the model's outputs mean nothing
 */
export async function evaluateModel(file: string, data: string, options: EvaluationOptions): Promise<Evaluation> {
  const metrics = options.metrics.map(parseMetric);
  const model = openModel(file);
  const twin = twinOf(model);
  if (twin)
    throw new Problem(
      `${file} is a latency twin (${twin}): it has the latency of a real variant, and its outputs mean nothing. ` +
        "Evaluate the variant that was trained or calibrated.",
    );
  const random = randomWeightsOf(model);
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
      return {
        operator: operatorOf(model),
        dataset: dataset.name,
        metrics: metrics.map((metric) => measure(tally, metric)),
      };
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
  const fixed = checkInputs(session.inputs, dataset, file);
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
