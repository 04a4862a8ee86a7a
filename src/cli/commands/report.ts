import path from "node:path";
import { Command } from "@commander-js/extra-typings";
import { Problem } from "../../formats/problem.ts";
import { answer, CHARTS, PLAN_CHARTS, type PlanReport } from "../../report/index.ts";
import { positiveInteger } from "../arguments.ts";
import { print } from "../output.ts";
import { PLAN_PHASES } from "../planning.ts";
import { planReportData } from "../planreporting.ts";
import { readProfile } from "../profiles.ts";
import { Progress } from "../progress.ts";
import { reportData, writeCharts, writePlanReport, writeReport } from "../reporting.ts";
import { readTopology } from "../topologies.ts";

export const report = new Command("report")
  .description(
    "Write one self-contained HTML report: of every cut on every placement, or of a scenario's plan with what it rests on.",
  )
  .argument("[profiles...]", "profile, or profiles of one model with different numbers of threads")
  .option("--plan <scenario>", "report on the plan for a scenario: a file, or the name of a shipped one")
  .option("--topology <file>", "tiers and links: a file, or the name of a shipped one; else mobile-edge-cloud")
  .option("-c, --codec <name>", "json, base64, raw or float16; else the topology's")
  .option("--validation <file>", "with --plan: what `tierwise validate --json` printed, as evidence")
  .option("--calibration <file>", "with --plan: correct the choices by what measured runs showed")
  .option("--seed <n>", "with --plan: of the simulator's random numbers", positiveInteger)
  .option("-o, --output <file>", "the HTML file", "tierwise-report/report.html")
  .option("--svg", "also write each chart as SVG, beside the report", false)
  .option("--png", "also write each chart as PNG", false)
  .option("--vega-lite", "also write each chart as Vega-Lite JSON", false)
  .option("--json", "print one JSON document")
  .addHelpText(
    "after",
    "\nExamples:\n  $ tierwise report profiles/model.json --topology mobile-edge-cloud -o report.html --svg" +
      "\n  $ tierwise report --plan receipts-at-the-till -o plan.html",
  )
  .action(async (profiles, options) => {
    const { plan, topology, codec, validation, calibration, seed, output } = options;
    const folder = path.dirname(output);
    if (plan !== undefined) {
      if (profiles.length > 0 || topology !== undefined || codec !== undefined)
        throw new Problem("--plan takes profiles, topology and codec from its scenario; leave them out");
      const data = planned(plan, validation, calibration, seed);
      await writePlanReport(data, output);
      const charts = await writeCharts(data, PLAN_CHARTS, folder, options);
      return say(options.json, output, charts, data.plan.explanation.sentence);
    }
    if (profiles.length === 0) throw new Problem("give profiles, or --plan SCENARIO");
    if ((validation ?? calibration ?? seed) !== undefined)
      throw new Problem("--validation, --calibration and --seed belong to --plan SCENARIO");
    const data = reportData(profiles.map(readProfile), readTopology(topology ?? "mobile-edge-cloud"), codec, []);
    await writeReport(data, output);
    say(options.json, output, await writeCharts(data, CHARTS, folder, options), answer(data));
  });

function planned(
  scenario: string,
  validation: string | undefined,
  calibration: string | undefined,
  seed = 1,
): PlanReport {
  const progress = new Progress(scenario);
  try {
    return planReportData(
      { scenario, validation, calibration },
      { seed, onProgress: (phase, done, total) => progress.report(PLAN_PHASES[phase], done, total) },
    );
  } finally {
    progress.stop();
  }
}

function say(json: boolean | undefined, file: string, charts: readonly string[], sentence: string): void {
  const text = sentence.replace(/\.$/, "");
  print(json, { file, charts, answer: text }, () => [`${text}.`, file, ...charts].join("\n"));
}
