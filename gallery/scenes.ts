import { readdirSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { median } from "simple-statistics";
import { planReportData } from "../src/cli/planreporting.ts";
import { readProfile } from "../src/cli/profiles.ts";
import { reportData } from "../src/cli/reporting.ts";
import { readTopology } from "../src/cli/topologies.ts";
import { loadModel, segmentSeconds } from "../src/costmodel/index.ts";
import type { Profile } from "../src/formats/profile.ts";
import type { Check, PlanReport, ReportData } from "../src/report/index.ts";
import { readRuns } from "../src/store/index.ts";

export const REPOSITORY = fileURLToPath(new URL("..", import.meta.url));
const SEED = 1;

/** What the gallery's charts are drawn from: files of the repository, and nothing that is measured now. */
export interface Scenes {
  detector: ReportData;
  resnet: ReportData;
  till: PlanReport;
  branch: PlanReport;
}

export function scenes(): Scenes {
  const topology = readTopology("mobile-edge-cloud");
  const detector = readProfile(oneOf("profiles", "ch_PP-OCRv4_det_infer.identity.1t"));
  const resnet = readProfile(oneOf("calibration/profiles", "resnet50.identity.1t"));
  const validation = path.join(REPOSITORY, "calibration/validation.json");
  const planned = (scenario: string) => planReportData({ scenario, validation }, { seed: SEED });
  return {
    detector: reportData([detector], topology, undefined, []),
    resnet: reportData([resnet], topology, undefined, checksOf(resnet)),
    till: planned("receipts-at-the-till"),
    branch: planned(path.join(REPOSITORY, "gallery/scenarios/branch-office.yaml")),
  };
}

/** The profile of that name; the rest of the file's name says on which host it was measured. */
function oneOf(folder: string, start: string): string {
  const found = readdirSync(path.join(REPOSITORY, folder)).filter((file) => file.startsWith(start));
  if (found.length !== 1) throw new Error(`${folder} has ${found.length} profiles ${start}…, not one`);
  return path.join(REPOSITORY, folder, found[0]!);
}

/** Inference that the testbed timed on tiers with a whole core, session warm, beside what the profile says of it. */
function checksOf(profile: Profile): Check[] {
  const model = loadModel([profile]);
  const measured = new Map<string, Pick<Check, "cut" | "segment"> & { seconds: number[] }>();
  for (const { model: name, session, placement, cut = null, tiers, stages } of readRuns(
    path.join(REPOSITORY, "calibration/testbed.csv"),
  ).runs) {
    if (name !== profile.model.name || session !== "warm" || cut === null) continue;
    for (const [index, tier] of placement.split(">").entries()) {
      const seconds = stages?.[`${tier}_infer`];
      if (seconds === undefined || (tiers?.[tier]?.cpus ?? 1) !== 1) continue;
      const segment = index === 0 ? "head" : "tail";
      const key = `${segment} ${cut}`;
      const known = measured.get(key);
      if (known) known.seconds.push(seconds);
      else measured.set(key, { cut, segment, seconds: [seconds] });
    }
  }
  const place = ({ cut }: Pick<Check, "cut">) => profile.cuts.find(({ id }) => id === cut)!.position;
  return [...measured.values()]
    .map(({ cut, segment, seconds }): Check => {
      const { seconds: predicted_s, ...interval } =
        segment === "head" ? segmentSeconds(model, null, cut) : segmentSeconds(model, cut, null);
      return { cut, segment, predicted_s, measured_s: median(seconds), ...interval };
    })
    .sort((a, b) => a.segment.localeCompare(b.segment) || place(a) - place(b));
}
