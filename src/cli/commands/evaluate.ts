import { Command } from "@commander-js/extra-typings";
import { METRICS } from "../../accuracy/index.ts";
import { Problem } from "../../formats/problem.ts";
import { operatorOf } from "../../operators/index.ts";
import { openModel } from "../../store/index.ts";
import { collect, positiveInteger, positiveNumber } from "../arguments.ts";
import { evaluateModel } from "../evaluating.ts";
import { note, print, table } from "../output.ts";
import { Progress } from "../progress.ts";
import { registeredOperator, registerVariant } from "../registering.ts";

export const evaluate = new Command("evaluate")
  .description("Measure a classifier's accuracy on a data set, with its 95 % confidence interval.")
  .argument("<model>", "ONNX file")
  .requiredOption("-d, --data <dataset>", "data set document (see `tierwise schema dataset`)")
  .option("-m, --metric <name>", `${METRICS}; repeatable; left out: accuracy`, collect, [])
  .option("--output <name>", "output that holds the scores, where there are several")
  .option("-t, --threads <n>", "intra-op threads", positiveInteger, 1)
  .option("-b, --batch <n>", "samples per run, where the model leaves it free", positiveInteger, 32)
  .option("--limit <n>", "only the first n samples", positiveInteger)
  .option("--register <variants>", "write the result into this variants file, under the operator that made the model")
  .option(
    "--operator <name>",
    "with --register: what made this variant, where it was made elsewhere and its file does not say, such as qat",
  )
  .option("--training-seconds <s>", "with --register: processor time that making the variant took", positiveNumber)
  .option("--training-device <text>", "with --register: what it was made on")
  .option("--json", "print one JSON document")
  .addHelpText(
    "after",
    "\nExample:\n  $ tierwise evaluate model.onnx --data fashion-mnist.yaml --metric accuracy --metric f1-macro",
  )
  .action(async (model, options) => {
    const { register, operator, trainingSeconds, trainingDevice } = options;
    if (!register && operator) throw new Problem("--operator means something only with --register FILE.");
    if ((trainingSeconds === undefined) !== (trainingDevice === undefined))
      throw new Problem("--training-seconds and --training-device go together.");
    if (register && options.limit)
      throw new Problem("--register writes down what a whole data set says; leave --limit out.");
    // Before what may take minutes.
    const name = register && registeredOperator(model, operatorOf(openModel(model)), operator);
    const progress = new Progress(model);
    const {
      operator: made,
      dataset,
      metrics,
    } = await evaluateModel(model, options.data, {
      ...options,
      metrics: options.metric.length > 0 ? options.metric : ["accuracy"],
      onProgress: (done, total) => progress.report("evaluating", done, total),
    }).finally(() => progress.stop());
    if (register && name) {
      const training =
        trainingSeconds !== undefined && trainingDevice !== undefined
          ? { seconds: trainingSeconds, device: trainingDevice }
          : undefined;
      registerVariant(register, {
        ...{ model, operator: name, data: options.data, dataset, accuracy: metrics },
        ...(training ? { training } : {}),
      });
      note(`${register}: ${name} is registered.`);
    }
    const [first] = metrics;
    print(options.json, { model, operator: made, dataset, ...first, metrics }, () =>
      table(
        ["metric", "value", "95 % interval", "samples", "data set"],
        metrics.map(({ metric, value, low, high, n }) => [
          metric,
          percent(value),
          `${percent(low)} … ${percent(high)}`,
          n,
          dataset,
        ]),
      ),
    );
  });

function percent(share: number): string {
  return `${(100 * share).toFixed(2)} %`;
}
