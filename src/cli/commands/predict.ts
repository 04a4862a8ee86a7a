import { Command } from "@commander-js/extra-typings";
import { calibratedPredictions } from "../../calibration/index.ts";
import { predict as predictLatency } from "../../costmodel/index.ts";
import type { Prediction } from "../../formats/prediction.ts";
import { formatDuration, formatSize } from "../../units/index.ts";
import { collect, positiveInteger } from "../arguments.ts";
import { readProfiledCalibration } from "../calibrations.ts";
import { print, shorten, table } from "../output.ts";
import { readProfile } from "../profiles.ts";
import { readTopology } from "../topologies.ts";

export const predict = new Command("predict")
  .description("Predict the latency of one request for placements, cuts and codecs, from profiles alone.")
  .argument("<profiles...>", "profile, or profiles of one model with different numbers of threads")
  .option("--topology <file>", "tiers and links: a file, or the name of a shipped one", "mobile-edge-cloud")
  .option("-p, --placement <a>b>", "such as edge or mobile>edge; may be repeated; else all", collect, [])
  .option("--cut <id|best|all>", "which cuts", "best")
  .option("-c, --codec <name>", "json, base64, raw or float16; may be repeated; else the topology's", collect, [])
  .option("--calibration <file>", "correct by what measured runs showed, and take its intervals")
  .option("--most <n>", "rows of the table; --json lists all", positiveInteger, 20)
  .option("--json", "print one JSON document")
  .addHelpText("after", "\nExample:\n  $ tierwise predict profiles/model.json --topology mobile-edge-cloud --cut best")
  .action((profiles, options) => {
    const read = profiles.map(readProfile);
    const topology = readTopology(options.topology);
    const bare = predictLatency(read, topology, {
      ...(options.placement.length > 0 ? { placements: options.placement } : {}),
      cuts: options.cut,
      ...(options.codec.length > 0 ? { codecs: options.codec } : {}),
    });
    const predictions =
      options.calibration === undefined
        ? bare
        : calibratedPredictions(bare, read[0]!, topology, readProfiledCalibration(options.calibration, read, topology));
    print(options.json, { predictions }, () => {
      const beyond = [...new Set(predictions.flatMap(({ extrapolates = [] }) => extrapolates))];
      const warning = beyond.length > 0 ? `\n\nNo measured run of the calibration had: ${beyond.join(", ")}.` : "";
      return rankingTable(predictions.slice(0, options.most)) + warning;
    });
  });

/** Predictions as a table, one row each. */
export function rankingTable(predictions: readonly Prediction[]): string {
  const total = (prediction: Prediction, ...stages: string[]) =>
    formatDuration(
      prediction.stages.reduce((sum, { stage, seconds }) => sum + (stages.includes(stage) ? seconds : 0), 0),
    );
  return table(
    ["placement", "cut after", "codec", "latency", "interval", "compute", "network", "coding", "load", "sent", "fits"],
    predictions.map((prediction) => [
      prediction.placement,
      prediction.cut === null ? "–" : shorten(prediction.cut, 32),
      prediction.codec,
      formatDuration(prediction.latency_s),
      `${formatDuration(prediction.low_s)} … ${formatDuration(prediction.high_s)}`,
      total(prediction, "infer"),
      total(prediction, "transfer", "relay"),
      total(prediction, "encode", "decode"),
      total(prediction, "load"),
      formatSize(prediction.transferred_bytes),
      prediction.feasible ? "yes" : (prediction.infeasible_because ?? "no"),
    ]),
  );
}
