import path from "node:path";
import { crossover, loadModel, predict } from "../costmodel/index.ts";
import type { Profile } from "../formats/profile.ts";
import type { Topology } from "../formats/topology.ts";
import { readBundles, toPng } from "../render/index.ts";
import {
  CHARTS,
  type Chart,
  type Check,
  drawCharts,
  html,
  PLAN_CHARTS,
  type PlanReport,
  planHtml,
  type ReportData,
  toSvg,
} from "../report/index.ts";
import { writeAtomically } from "../store/index.ts";
import { describeTopology } from "./topologies.ts";

/** Bandwidths of the crossover chart: from a hundredth to a hundred times the link's own. */
const BANDWIDTHS_PER_DECADE = 12;
const DECADES = 2;

/** Everything that a report shows, computed from profiles and a topology. */
export function reportData(
  profiles: readonly Profile[],
  topology: Topology,
  codec: string | undefined,
  checks: readonly Check[],
): ReportData {
  const model = loadModel(profiles);
  const used = codec ?? topology.codec;
  const first = topology.links[0];
  const steps = BANDWIDTHS_PER_DECADE * DECADES;
  const bandwidths = Array.from(
    { length: 2 * steps + 1 },
    (_, step) => (first?.bandwidth_bps ?? 0) * 10 ** ((step - steps) / BANDWIDTHS_PER_DECADE),
  );
  return {
    format: "tierwise/report",
    version: 1,
    profile: profiles[0]!,
    topology: describeTopology(topology),
    codec: used,
    predictions: predict(model, topology, { cuts: "all", codecs: [used] }),
    ...(first
      ? { crossover: plain(crossover(model, topology, `${first.from}>${first.to}`, bandwidths, { codecs: [used] })) }
      : {}),
    checks: [...checks],
  };
}

function plain({ link, current_bps, points }: ReturnType<typeof crossover>): NonNullable<ReportData["crossover"]> {
  return {
    link,
    current_bps,
    points: points.map(({ bandwidth_bps, placement, cut, latency_s }) => ({
      bandwidth_bps,
      placement,
      cut,
      latency_s,
    })),
  };
}

/** Writes the report on a model as one HTML file. */
export async function writeReport(data: ReportData, file: string): Promise<void> {
  writeAtomically(file, html(data, await drawCharts(data, CHARTS), await readBundles()));
}

/** Writes the report on a plan as one HTML file. */
export async function writePlanReport(data: PlanReport, file: string): Promise<void> {
  writeAtomically(file, planHtml(data, await drawCharts(data, PLAN_CHARTS), await readBundles()));
}

/** What single charts can be written as. */
export interface ChartFormats {
  readonly svg: boolean;
  readonly png: boolean;
  readonly vegaLite: boolean;
}

/** Writes each chart by itself; returns the files. */
export async function writeCharts<Data>(
  data: Data,
  charts: readonly Chart<Data>[],
  folder: string,
  formats: ChartFormats,
): Promise<string[]> {
  const files: string[] = [];
  const write = (name: string, content: string | Uint8Array) => {
    const file = path.join(folder, name);
    writeAtomically(file, content);
    files.push(file);
  };
  for (const { name, spec, missing } of charts) {
    if (missing(data) !== undefined) continue;
    const chart = spec(data);
    const svg = await toSvg(chart);
    if (formats.vegaLite) write(`${name}.vl.json`, `${JSON.stringify(chart, null, 1)}\n`);
    if (formats.svg) write(`${name}.svg`, svg);
    if (formats.png) write(`${name}.png`, toPng(svg));
  }
  return files;
}
