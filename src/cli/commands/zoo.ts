import { Command } from "@commander-js/extra-typings";
import { type ByteSource, nodeCost, readModel } from "../../onnx/index.ts";
import { writeAtomically } from "../../store/index.ts";
import { formatSize } from "../../units/index.ts";
import { type Architecture, architecture, weightCount, ZOO } from "../../zoo/index.ts";
import { seedNumber } from "../arguments.ts";
import { typesOf } from "../inspecting.ts";
import { note, print, table } from "../output.ts";
import { Progress } from "../progress.ts";

const list = new Command("list")
  .description("List the architectures with their parameters and their work for the stated inputs.")
  .option("--json", "print one JSON document")
  .addHelpText("after", "\nExample:\n  $ tierwise zoo list")
  .action(async (options) => {
    const models: Awaited<ReturnType<typeof describe>>[] = [];
    const progress = new Progress("zoo");
    for (const entry of ZOO) {
      progress.report("counting", models.length, ZOO.length);
      models.push(await describe(entry));
    }
    progress.stop();
    print(options.json, { models }, () =>
      table(
        ["name", "parameters", "GFLOP", "size", "for inputs", "what it is"],
        models.map(({ name, parameters, flops, bytes, inputs, description }) => [
          name,
          parameters.toLocaleString("en"),
          (flops / 1e9).toPrecision(4),
          formatSize(bytes),
          [...new Set(Object.values(inputs).map((shape) => shape.join("×")))].join(", "),
          description,
        ]),
      ),
    );
  });

const build = new Command("build")
  .description("Build an architecture with random weights. It runs as fast as the real one and predicts nothing.")
  .argument("<name>", "one of those that `zoo list` shows")
  .requiredOption("-o, --output <file>", "ONNX file to write")
  .option("--seed <n>", "seed of the weights: the same seed gives the same file", seedNumber, 1)
  .option("--json", "print one JSON document")
  .addHelpText("after", "\nExample:\n  $ tierwise zoo build resnet50 -o resnet50.onnx")
  .action((name, options) => {
    const entry = architecture(name);
    const source = entry.build(options.seed);
    const progress = new Progress(name);
    try {
      writeAtomically(
        options.output,
        reporting(source, (done) => progress.report("writing", done, source.length)),
      );
    } finally {
      progress.stop();
    }
    const parameters = weightCount(readModel(source, name));
    const document = { name, output: options.output, bytes: source.length, parameters, seed: options.seed };
    if (!options.json) note("The weights are random: good for latency, useless for accuracy.");
    print(options.json, document, () => `${options.output}: ${name}, ${formatSize(source.length)}`);
  });

export const zoo = new Command("zoo")
  .description("Well-known architectures with random weights, built offline.")
  .addHelpText("after", "\nExample:\n  $ tierwise zoo build bert_base -o bert_base.onnx --seed 1")
  .addCommand(list)
  .addCommand(build);

async function describe({ name, description, shapes, build }: Architecture) {
  const model = readModel(build(1), name);
  const { graph, types } = await typesOf(model, shapes);
  return {
    name,
    description,
    parameters: weightCount(model),
    flops: graph.steps.reduce((sum, step) => sum + nodeCost(model, step, types).flops, 0),
    bytes: model.source.length,
    inputs: shapes,
  };
}

/** The same source, saying how far it was read. */
function reporting(source: ByteSource, report: (done: number) => void): ByteSource {
  return {
    length: source.length,
    read(offset, length) {
      report(offset + length);
      return source.read(offset, length);
    },
  };
}
