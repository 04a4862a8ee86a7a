import path from "node:path";
import { Command } from "@commander-js/extra-typings";
import { calibrate as calibrateRuns, calibrationDocument } from "../../calibration/index.ts";
import type { Calibration } from "../../formats/calibration.ts";
import { readRuns, writeAtomically } from "../../store/index.ts";
import { formatBandwidth, formatDuration } from "../../units/index.ts";
import { readKnown, withoutStreams } from "../calibrations.ts";
import { note, print, shorten, table } from "../output.ts";
import { Progress } from "../progress.ts";

export const calibrate = new Command("calibrate")
  .description("Fit what a prediction cannot know beforehand to measured runs, and say what they leave open.")
  .argument("<runs>", "CSV of measured runs")
  .requiredOption("-o, --output <file>", "where to write the calibration")
  .option("--profiles <files...>", "profiles of all models in the table: predictions start from their kernels")
  .option("--topology <file>", "tiers and links: a file, or the name of a shipped one")
  .option("--json", "print one JSON document")
  .addHelpText("after", "\nExample:\n  $ tierwise calibrate test/fixtures/runs.csv -o calibration.json")
  .action((file, options) => {
    const { runs } = withoutStreams(readRuns(file));
    const known = readKnown(options.profiles ?? [], options.topology);
    const progress = new Progress(file);
    let document: Calibration;
    try {
      const calibrated = calibrateRuns(runs, known, (done) =>
        progress.report("fitting without a fifth at a time", done, 5),
      );
      document = calibrationDocument(calibrated, path.basename(file));
    } finally {
      progress.stop();
    }
    writeAtomically(options.output, `${JSON.stringify(document)}\n`);
    note(`wrote ${options.output}`);
    const { parameters, residuals } = document;
    print(options.json, { file: options.output, parameters, residuals }, () => describe(document));
  });

function describe({ parameters, residuals, route, rows }: Calibration): string {
  const written = (value: number, unit: Calibration["parameters"][number]["unit"]) => {
    switch (unit) {
      case "s":
        return formatDuration(value);
      case "bit/s":
        return formatBandwidth(value);
      case "bit":
        return `${(value / 1e6).toPrecision(3)} Mbit`;
      case "":
        return `×${value.toPrecision(3)}`;
    }
  };
  // Parameters of single configurations are many, and are in the file.
  const common = parameters.filter(({ name }) => !name.includes("["));
  const errors = residuals.map(({ error }) => Math.abs(error)).toSorted((a, b) => a - b);
  return [
    table(
      ["parameter", "value", "90 % interval", ""],
      common.map(({ name, unit, value, low, high, identified }) => [
        shorten(name, 60),
        written(value, unit),
        `${written(low, unit)} … ${written(high, unit)}`,
        identified ? "" : "not identified: as assumed beforehand",
      ]),
    ),
    "",
    `Requests go ${route.chain.join(" → ")}${route.fetches ? `; inputs are first fetched from ${route.chain[1]}` : ""}.`,
    `${parameters.length} parameters from ${residuals.length} cells of ${rows} runs; residuals: ` +
      `median ${(100 * (errors[Math.floor(errors.length / 2)] ?? 0)).toFixed(2)} %, worst ${(100 * (errors.at(-1) ?? 0)).toFixed(1)} %.`,
  ].join("\n");
}
