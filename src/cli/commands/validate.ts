import { Command, Option } from "@commander-js/extra-typings";
import { cellKey, validate as compare, condition, type Fold } from "../../calibration/index.ts";
import { Problem } from "../../formats/problem.ts";
import type { MeasuredRun } from "../../formats/runs.ts";
import type { Regret, Validation } from "../../formats/validation.ts";
import { type RunTable, readRuns } from "../../store/index.ts";
import { formatDuration } from "../../units/index.ts";
import { readCalibration, readKnown, withoutStreams } from "../calibrations.ts";
import { print, shorten, table } from "../output.ts";
import { Progress } from "../progress.ts";

const LEAVE_OUT = ["operator", "placement", "tier", "cut", "codec", "model", "repeat", "cell"] as const;
const FOLDS = 5;

export const validate = new Command("validate")
  .description("Fit to some measured runs, predict the others, and say how far off the predictions are.")
  .argument("<runs>", "CSV of measured runs")
  .option("--fit <condition>", "fit to the rows for which it holds, predict all others, such as 'repeat < 4'")
  .addOption(new Option("--leave-out <what>", "fit without each of these in turn, and predict it").choices(LEAVE_OUT))
  .option("--calibration <file>", "predict every row by a calibration from `tierwise calibrate`")
  .option("--profiles <files...>", "profiles of all models in the table: predictions start from their kernels")
  .option("--topology <file>", "tiers and links: a file, or the name of a shipped one")
  .option("--json", "print one JSON document")
  .addHelpText(
    "after",
    "\nWithout --fit, --leave-out or --calibration, a fifth of the cells is left out at a time.\n" +
      "\nExample:\n  $ tierwise validate test/fixtures/runs.csv --fit 'mobile_edge_mbps == 200 or mobile_edge_mbps == 1'",
  )
  .action((file, options) => {
    const asked = [options.fit, options.leaveOut, options.calibration].filter((option) => option !== undefined);
    if (asked.length > 1) throw new Problem("--fit, --leave-out and --calibration exclude each other; give one");
    const runs = withoutStreams(readRuns(file));
    const known = readKnown(options.profiles ?? [], options.topology);
    const calibratedBefore =
      options.calibration === undefined ? undefined : readCalibration(options.calibration, known);
    const folds =
      options.fit !== undefined
        ? [split(runs, options.fit)]
        : calibratedBefore
          ? [{ fit: [], predict: runs.runs }]
          : leaveOut(runs, options.leaveOut ?? "cell");
    const progress = new Progress(file);
    let document: Validation;
    try {
      document = compare(folds, {
        known,
        calibratedBefore,
        onProgress: (done) => progress.report("fitting and predicting", done, folds.length),
      });
    } finally {
      progress.stop();
    }
    print(options.json, document, () => describeValidation(document));
  });

function split({ file, columns, runs, records }: RunTable, expression: string): Fold {
  const holds = condition(expression, columns);
  const chosen = runs.map((_, i) => holds(records[i]!));
  const fold = { fit: runs.filter((_, i) => chosen[i]), predict: runs.filter((_, i) => !chosen[i]) };
  if (fold.fit.length === 0) throw new Problem(`--fit ${expression}: holds for no row of ${file}`);
  if (fold.predict.length === 0)
    throw new Problem(`--fit ${expression}: holds for every row of ${file}; none is left to predict`);
  return fold;
}

/** One fold for each value. */
function leaveOut({ file, runs }: RunTable, what: (typeof LEAVE_OUT)[number]): Fold[] {
  const cells = new Map([...new Set(runs.map(cellKey))].map((key, i) => [key, i]));
  const valuesOf = (run: MeasuredRun): readonly string[] => {
    switch (what) {
      case "tier":
        return run.placement.split(">");
      case "repeat":
        return [String(run.repeat)];
      case "cell":
        return [String(cells.get(cellKey(run))! % FOLDS)];
      default:
        return run[what] === undefined ? [] : [run[what]];
    }
  };
  const values = [...new Set(runs.flatMap(valuesOf))].toSorted();
  if (values.length < 2) throw new Problem(`--leave-out ${what}: the rows of ${file} do not differ in it`);
  return values
    .map((value) => ({
      fit: runs.filter((run) => !valuesOf(run).includes(value)),
      predict: runs.filter((run) => valuesOf(run).includes(value)),
    }))
    .filter(({ fit }) => fit.length > 0);
}

/** Tables for people. */
export function describeValidation(found: Validation): string {
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  const errorsOf = ({
    n,
    mape,
    median_ape,
    within_10,
    worst,
  }: Pick<Validation, "n" | "mape" | "median_ape" | "within_10" | "worst">) => [
    n,
    ...[mape, median_ape, within_10, worst].map(percent),
  ];
  const head = ["cells", "mean error", "median", "within ±10 %", "worst"];
  const predictors = [{ name: "tierwise", regret: found.regret }, ...found.baselines];
  const regrets = (["operator", "placement"] as const).flatMap((choice) =>
    predictors.flatMap(({ name, regret }) => {
      const own: Regret | null = regret[choice];
      if (!own) return [];
      return [[`of ${choice}`, name, own.n, ...[own.right, own.median, own.p95, own.worst].map(percent)]];
    }),
  );
  const worst = found.cells
    .toSorted((a, b) => Math.abs(b.predicted_s / b.measured_s - 1) - Math.abs(a.predicted_s / a.measured_s - 1))
    .slice(0, 5);
  const floor = found.noise_floor;
  return [
    table(
      ["predicted by", ...head],
      [["tierwise", ...errorsOf(found)], ...found.baselines.map((baseline) => [baseline.name, ...errorsOf(baseline)])],
    ),
    "",
    `Fitted to ${found.n_fit} cells of ${found.rows_fit} runs; a cell is what runs have in common but request and repeat.`,
    `90 % intervals are ±${percent(found.interval_90)} wide in the median and hold ${percent(found.coverage_90)} of the cells.`,
    ...(found.extrapolating > 0
      ? [`${found.extrapolating} of the cells are beyond what was fitted: conditions that no fitted run had.`]
      : []),
    `Rank correlation ${found.rank_correlation.toFixed(4)}.`,
    ...(floor
      ? [`One repeat of a cell predicts another to ${percent(floor.mape)} (median ${percent(floor.median_ape)}).`]
      : []),
    ...(regrets.length > 0
      ? ["", table(["choice", "chosen by", "times", "right", "regret: median", "95 %", "worst"], regrets)]
      : []),
    ...(found.groups.length > 0
      ? [
          "",
          table(
            ["", "", ...head, "in the interval"],
            found.groups.map((group) => [
              group.by,
              shorten(group.value),
              ...errorsOf(group),
              percent(group.coverage_90),
            ]),
          ),
        ]
      : []),
    "",
    "The farthest off:",
    table(
      ["cell", "measured", "predicted"],
      worst.map(({ cell, measured_s, predicted_s }) => [
        shorten(cell, 80),
        formatDuration(measured_s),
        formatDuration(predicted_s),
      ]),
    ),
  ].join("\n");
}
