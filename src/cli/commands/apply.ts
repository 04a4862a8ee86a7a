import { Command, InvalidArgumentError, Option } from "@commander-js/extra-typings";
import { writeAtomically } from "../../store/index.ts";
import { formatSize } from "../../units/index.ts";
import { applyOperators, type Variant } from "../applying.ts";
import { collect, parseShapes, positiveInteger } from "../arguments.ts";
import { print, table } from "../output.ts";
import { Progress } from "../progress.ts";

export const apply = new Command("apply")
  .description("Derive a variant of a model: quantised, pruned, with an early exit, or several of them.")
  .argument("<operator>", "sptq, pruned, early-exit, qat, distilled, or several in order: pruned+sptq")
  .argument("<model>", "ONNX file")
  .requiredOption("-o, --output <file>", "the variant's ONNX file")
  .option("-s, --shape <name=dims>", "shape of an input with free dimensions, such as x=1x3x640x640", collect, [])
  .option(
    "-d, --data <file>",
    "calibration data: a data set document (see `tierwise schema dataset`), an idx file of pictures, or NAME=FILE with raw values of many samples for each input",
    collect,
    [],
  )
  .option("--samples <n>", "calibrate on at most so many samples, evenly spread", positiveInteger, 256)
  .addOption(
    new Option("--calibration <method>", "how ranges are chosen")
      .choices(["percentile", "min-max", "entropy"] as const)
      .default("percentile" as const),
  )
  .option("--percentile <p>", "share of values inside the range, percent", percentage, 99.99)
  .addOption(
    new Option("--activations <type>", "8-bit type of activations")
      .choices(["uint8", "int8"] as const)
      .default("uint8" as const),
  )
  .option("--reduce-range", "7-bit weights, for processors without VNNI whose 16-bit sums would saturate", false)
  .option("--exclude <node>", "a node that stays float", collect, [])
  .option("--sensitivity", "rank nodes by the error that quantising each alone adds", false)
  .option("--sparsity <share>", "share of weights or channels to remove, between 0 and 1", Number, 0.5)
  .addOption(
    new Option("--pattern <pattern>", "what pruning removes")
      .choices(["unstructured", "2x1", "4x1", "channels"] as const)
      .default("unstructured" as const),
  )
  .option("--exit <cut>", "early-exit: the cut behind which the model ends, as `inspect` lists them")
  .option("--classes <n>", "early-exit: outputs of the head; else as many as the model has", positiveInteger)
  .option("--student <file>", "distilled: the model that stands for the student")
  .option("--twin", "a variant with the latency of the real one and no accuracy, made without data", false)
  .option("--json", "print one JSON document")
  .addHelpText(
    "after",
    "\nExample:\n  $ tierwise apply sptq model.onnx --data train-images-idx3-ubyte.gz -o model.sptq.onnx\n  $ tierwise apply pruned+sptq model.onnx --pattern channels --twin -o model.twin.onnx",
  )
  .action(async (operator, file, options) => {
    const progress = new Progress(operator);
    let variant: Variant;
    try {
      variant = await applyOperators(file, operator, {
        ...options,
        shapes: parseShapes(options.shape),
        method:
          options.calibration === "percentile"
            ? { name: "percentile", percentile: Number((options.percentile / 100).toPrecision(12)) }
            : { name: options.calibration },
        weightBits: options.reduceRange ? 7 : 8,
        exit: options.exit,
        classes: options.classes,
        student: options.student,
        onProgress: (phase, done, total) => progress.report(phase, done, total),
      });
      progress.report("writing", 0, 1);
      writeAtomically(options.output, variant.source);
    } finally {
      progress.stop();
    }
    const document = {
      operator: variant.operator,
      model: file,
      output: options.output,
      bytes: variant.source.length,
      twin: variant.twin !== undefined,
      notes: variant.notes,
      ...(variant.integerShare === undefined ? {} : { integer_share: variant.integerShare }),
      ...(variant.sensitivity ? { sensitivity: variant.sensitivity } : {}),
    };
    print(options.json, document, () =>
      [
        `${document.output}: ${document.operator}, ${formatSize(document.bytes)}`,
        ...(variant.integerShare === undefined
          ? []
          : [`${(variant.integerShare * 100).toFixed(1)} % of the multiply-adds in integer kernels`]),
        ...variant.notes.map((text) => `- ${text}`),
        ...(variant.sensitivity
          ? [
              "",
              table(
                ["quantised alone", "operator", "relative error"],
                variant.sensitivity.slice(0, 15).map(({ node, op, error }) => [node, op, error.toExponential(2)]),
              ),
            ]
          : []),
      ].join("\n"),
    );
  });

function percentage(text: string): number {
  const value = Number(text);
  if (!(value > 50 && value <= 100)) throw new InvalidArgumentError("It must be above 50 and at most 100.");
  return value;
}
