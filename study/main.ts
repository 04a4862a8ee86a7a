/**
 * The study of deployment operators (arXiv 2411.00907) through Tierwise: `npm run study`. Builds its models and variants, profiles them on this
 * machine, calibrates on a small part of its published runs where they are at hand, predicts the rest, and compares. Interrupted, it goes on
 * where it stopped.
 */
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { Command } from "@commander-js/extra-typings";
import { positiveInteger, positiveNumber } from "../src/cli/arguments.ts";
import { note, print } from "../src/cli/output.ts";
import { unknownName } from "../src/formats/names.ts";
import { Problem } from "../src/formats/problem.ts";
import { drawStudy } from "./charts.ts";
import { describe } from "./print.ts";
import { runStudy } from "./study.ts";
import { SMALL, SUBJECTS } from "./subjects.ts";

const REPOSITORY = fileURLToPath(new URL("..", import.meta.url));

const options = new Command()
  .name("npm run study --")
  .description("The study of deployment operators, arXiv 2411.00907, through Tierwise: finding by finding, and beyond.")
  .option(
    "--data <dir>",
    "folder of published runs; without them nothing is calibrated",
    path.join(REPOSITORY, "../shared/data/edge-operators"),
  )
  .option(
    "--models <names>",
    "comma-separated; else all four; mobilenet is a quick check of the path and no model of the study",
  )
  .option("--budget <seconds>", "time for samples of each of the 24 variants", positiveNumber, 12)
  .option("--cuts <n>", "cuts of each variant beside the study's own", positiveInteger, 12)
  .option(
    "--cache <dir>",
    "where profiles are kept, and models while they are needed",
    path.join(os.tmpdir(), "tierwise-study"),
  )
  .option("-o, --output <dir>", "draw the charts there")
  .option("--json", "print one JSON document")
  .addHelpText("after", "\nExample:\n  $ npm run study -- --models mobilenet --budget 1")
  .parse()
  .opts();

// An interrupted run has kept what it finished.
process.on("SIGINT", () => process.exit(130));
try {
  const result = await runStudy(
    chosen(options.models),
    options.data,
    { cache: options.cache, budgetSeconds: options.budget, cuts: options.cuts },
    note,
  );
  if (options.output !== undefined) for (const file of await drawStudy(result, options.output)) note(`wrote ${file}`);
  print(options.json, result, () => describe(result));
} catch (error) {
  if (!(error instanceof Problem)) throw error;
  note(`error: ${error.message}`);
  process.exitCode = 2;
}

function chosen(models: string | undefined) {
  const all = [...SUBJECTS, ...SMALL];
  const names = models?.split(",") ?? SUBJECTS.map(({ name }) => name);
  return names.map((name) => {
    const found = all.find((subject) => subject.name === name);
    if (!found)
      throw unknownName(
        "model",
        name,
        all.map((subject) => subject.name),
      );
    return found;
  });
}
