/**
 * Simulated against measured latency percentiles under load: `npm run bench:fidelity -- --load`. Poisson streams are sent to tiers of
 * this machine at shares of what the busiest tier or link can do; the simulator is told each configuration's pace by its closed
 * runs, and nothing of the streams.
 */
import { median, quantile } from "simple-statistics";
import { table } from "../../src/cli/output.ts";
import { compilePipeline, loadModel } from "../../src/costmodel/index.ts";
import type { Profile } from "../../src/formats/profile.ts";
import { parseScenario } from "../../src/formats/scenario.ts";
import { parseTopology, type Topology } from "../../src/formats/topology.ts";
import { compileScenario, simulate } from "../../src/simulator/index.ts";
import { readRuns } from "../../src/store/index.ts";
import { percent } from "./errors.ts";
import { describeLoad, type Host } from "./session.ts";
import { measureFor, type PreparedModel, prepareModels, TOPOLOGY } from "./testbed.ts";

const SUBJECTS: readonly (readonly [model: string, operators: readonly undefined[]])[] = [
  ["blazeface-back", [undefined]],
  ["spam-bert2-128", [undefined]],
];
const UTILISATIONS = [0.3, 0.5, 0.8];
const REQUESTS = 1000;
const LINK_BPS = 400e6;
/** Simulated streams for each measured one. */
const STREAMS = 40;
const PERCENTILES = ["p50", "p95", "p99"] as const;

export interface LoadRow {
  readonly model: string;
  readonly placement: string;
  readonly utilisation: number;
  /** Seconds, measured and simulated. */
  readonly measured: Record<(typeof PERCENTILES)[number], number>;
  readonly simulated: Record<(typeof PERCENTILES)[number], number>;
}

export async function compareLoad(folder: string, budgetSeconds: number): Promise<LoadRow[]> {
  const topology = parseTopology(TOPOLOGY, "topology.yaml");
  const prepared = await prepareModels(SUBJECTS, folder, budgetSeconds);
  return prepared.flatMap((model) =>
    ["edge", "mobile>edge"].flatMap((placement) => compareOne(folder, topology, model, placement)),
  );
}

function compareOne(
  folder: string,
  topology: Topology,
  { document, profile }: PreparedModel,
  placement: string,
): LoadRow[] {
  const model = loadModel(profile);
  const cut = placement.includes(">") ? document.cuts[3]! : null;
  const faster: Topology = {
    ...topology,
    links: topology.links.map((link) => (isNear(link) ? { ...link, bandwidth_bps: LINK_BPS } : link)),
  };
  const { stages } = compilePipeline(model, faster, { placement, cut, codec: "raw" });
  const busy = new Map<string, number>();
  for (const { resource, seconds } of stages) busy.set(resource, (busy.get(resource) ?? 0) + seconds);
  const busiest = Math.max(...busy.values());
  const rates = UTILISATIONS.map((utilisation) => Number((utilisation / busiest).toPrecision(3)));
  const name = `load-${profile.model.name}-${placement.replace(">", "-")}`;
  const grid = {
    models: [{ ...document, cuts: cut === null ? 1 : [cut] }],
    placements: [placement],
    codecs: ["raw"],
    links: { "mobile>edge": { bandwidth: `${LINK_BPS} bit/s` } },
    seed: 1,
  };
  const measured = (suffix: string, more: object) =>
    readRuns(measureFor(folder, `${name}-${suffix}`, { ...grid, ...more }).runs).runs.filter(
      ({ latency_s }) => latency_s !== null,
    );
  const closed = measured("closed", { repeats: 9 });
  const streams = measured("streams", { rates, requests: REQUESTS, repeats: 1 });
  // What the tiers' own stages take in closed runs, over what the profile says.
  const tiers = stages.filter(({ resource }) => resource.startsWith("tier:"));
  const profiled = tiers.reduce((sum, { seconds }) => sum + seconds, 0);
  const columns = [...new Set(tiers.map(({ resource, stage }) => `${resource.slice(5)}_${stage}`))];
  const pace = quantile(
    closed.map((run) => columns.reduce((sum, column) => sum + (run.stages[column] ?? 0), 0)),
    0.5,
  );
  return rates.flatMap((rate, i) => {
    const stream = streams.filter((run) => run.rate === rate);
    if (stream.length === 0) return [];
    const calibrated: Topology = {
      ...faster,
      tiers: faster.tiers.map((tier) => ({ ...tier, speed: tier.speed * (profiled / pace) })),
    };
    return [
      {
        model: profile.model.name,
        placement,
        utilisation: UTILISATIONS[i]!,
        measured: percentiles((share) =>
          quantile(
            stream.map(({ latency_s }) => latency_s!),
            share,
          ),
        ),
        simulated: simulatedPercentiles(profile, calibrated, placement, cut, rate),
      },
    ];
  });
}

function isNear({ from, to }: Topology["links"][number]): boolean {
  return from !== "cloud" && to !== "cloud";
}

function percentiles(of: (share: number) => number): LoadRow["measured"] {
  return { p50: of(0.5), p95: of(0.95), p99: of(0.99) };
}

function simulatedPercentiles(
  profile: Profile,
  topology: Topology,
  placement: string,
  cut: string | null,
  rate: number,
): LoadRow["simulated"] {
  const scenario = parseScenario(
    JSON.stringify({
      topology: "given",
      workload: [{ placement, cut: cut ?? "best", codec: "raw", arrivals: { rate }, service: "resampled" }],
    }),
    "load",
  );
  const model = { model: loadModel(profile), profiles: [profile] };
  const { network } = compileScenario(scenario, topology, [model]);
  // As long as what was measured, and often enough that the percentiles of such a stream are known.
  const outcomes = Array.from({ length: STREAMS }, (_, i) => simulate(network, { requests: REQUESTS, seed: i + 1 }));
  return percentiles((share) =>
    median(outcomes.map(({ latency }) => latency.percentiles[`p${Math.round(share * 100)}`]!.value)),
  );
}

export function printLoad(rows: readonly LoadRow[], host: Host, json: boolean): void {
  const errors = rows.flatMap((row) =>
    PERCENTILES.map((name) => Math.abs(row.simulated[name] / row.measured[name] - 1)),
  );
  const within = errors.filter((error) => error <= 0.1).length / errors.length;
  if (json) {
    process.stdout.write(`${JSON.stringify({ ...host, within_10: within, rows })}\n`);
    return;
  }
  const seconds = (value: number) => `${(value * 1000).toFixed(1)} ms`;
  const lines = rows.map(({ model, placement, utilisation, measured, simulated }) => [
    model,
    placement,
    percent(utilisation),
    ...PERCENTILES.flatMap((name) => [
      seconds(measured[name]),
      seconds(simulated[name]),
      percent(simulated[name] / measured[name] - 1),
    ]),
  ]);
  const head = ["model", "placement", "utilisation", ...PERCENTILES.flatMap((name) => [name, "simulated", "off"])];
  process.stdout.write(
    `${describeLoad(host)}\n${table(head, lines)}\n\n${percent(within)} of the percentiles within ±10 %\n`,
  );
}
