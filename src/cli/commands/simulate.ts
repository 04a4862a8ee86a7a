import { Command } from "@commander-js/extra-typings";
import { Problem } from "../../formats/problem.ts";
import type { Simulation } from "../../formats/simulation.ts";
import {
  type CompiledClass,
  chromeTrace,
  compileScenario,
  type LatencyEstimate,
  type Outcome,
  type Stay,
  simulate as simulateNetwork,
} from "../../simulator/index.ts";
import { writeAtomically } from "../../store/index.ts";
import { formatDuration } from "../../units/index.ts";
import { replicate } from "../../workers/index.ts";
import { positiveInteger, positiveNumber } from "../arguments.ts";
import { note, print, table } from "../output.ts";
import { Progress } from "../progress.ts";
import { readScenario } from "../scenarios.ts";

export const simulate = new Command("simulate")
  .description("Simulate a scenario's requests under load: latency percentiles with intervals, utilisation, queues.")
  .argument("<scenario>", "scenario file, or the name of a shipped one")
  .option("--seed <n>", "of the random numbers; the same seed gives the same figures everywhere", wholeNumber, 1)
  .option("--requests <n>", "to simulate; else the scenario's", positiveInteger)
  .option("--precision <share>", "go on until intervals are at most ± this share, such as 0.02", positiveNumber)
  .option("--replications <n>", "independent runs of that many requests each, on all cores", positiveInteger)
  .option("--trace <file>", "write the first requests' ways as a trace for ui.perfetto.dev")
  .option("--trace-requests <n>", "how many", positiveInteger, 200)
  .option("--json", "print one JSON document")
  .addHelpText("after", "\nExample:\n  $ tierwise simulate receipts-at-the-till")
  .action(async (file, options) => {
    const { scenario, topology, models } = readScenario(file);
    const { network, classes } = compileScenario(scenario, topology, models);
    const requests = options.requests ?? scenario.requests;
    const precision = options.precision ?? scenario.precision;
    if (options.replications !== undefined && precision !== undefined) {
      throw new Problem("--replications has a fixed length, and cannot go on until --precision is reached");
    }
    if (options.replications === 1) throw new Problem("--replications 1: intervals need at least two runs");
    const progress = new Progress(scenario.name ?? file);
    let outcome: Outcome;
    try {
      outcome =
        options.replications === undefined
          ? simulateNetwork(network, {
              seed: options.seed,
              requests,
              ...(precision === undefined ? {} : { precision }),
              onProgress: (arrived) => progress.report("simulating", arrived, Math.max(arrived, requests)),
            })
          : await replicate(
              network,
              { seed: options.seed, requests },
              {
                replications: options.replications,
                onProgress: (done) => progress.report("replications", done, options.replications!),
              },
            );
    } finally {
      progress.stop();
    }
    if (options.trace !== undefined) {
      const stays: Stay[] = [];
      simulateNetwork(network, {
        seed: options.seed,
        requests: Math.min(requests, options.traceRequests),
        record: (stay) => void stays.push(stay),
      });
      writeAtomically(options.trace, `${JSON.stringify(chromeTrace(stays))}\n`);
      note(`wrote ${options.trace}: open it in ui.perfetto.dev`);
    }
    const document = documentOf(outcome, classes);
    print(options.json, document, () => describe(document));
  });

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) throw new Problem(`--seed ${text}: write a whole number from 0 on`);
  return value;
}

function documentOf(outcome: Outcome, classes: readonly CompiledClass[]): Simulation {
  const { stations, hosts, latency } = outcome;
  const each = (field: "utilisation" | "mean_queue") =>
    Object.fromEntries(Object.entries(stations).map(([name, station]) => [name, station[field]]));
  return {
    latency_s: latencyOf(latency),
    throughput: outcome.throughput,
    utilisation: each("utilisation"),
    mean_queue: each("mean_queue"),
    offered_load: Object.fromEntries(
      Object.entries({ ...stations, ...hosts }).map(([name, { offered_load }]) => [name, offered_load]),
    ),
    overloaded: [...outcome.overloaded],
    settled: latency.settled,
    precise: outcome.precise,
    requests: outcome.requests,
    warmup: latency.warmup,
    simulated_s: outcome.simulated_s,
    seed: outcome.seed,
    engine: outcome.engine,
    classes: classes.map(({ name, pipeline, unloaded_s, stops: compiled }) => {
      const { latency: own, stops, ...totals } = outcome.classes[name]!;
      return {
        name,
        placement: pipeline.placement,
        cut: pipeline.cut,
        codec: pipeline.codec,
        unloaded_s,
        latency_s: latencyOf(own),
        ...totals,
        stops: stops.map((stop, i) => ({ ...stop, stages: [...compiled[i]!] })),
      };
    }),
  };
}

function latencyOf({ mean, min, max, percentiles }: LatencyEstimate): Simulation["latency_s"] {
  return { mean, min, max, ...percentiles } as Simulation["latency_s"];
}

const PERCENTILES = ["mean", "p50", "p95", "p99"] as const;

function describe(document: Simulation): string {
  const estimate = ({ value, low, high }: { value: number; low: number; high: number }) =>
    `${formatDuration(value)} ± ${formatDuration((high - low) / 2)}`;
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  const requests = table(
    ["class", "placement", "cut after", "codec", "alone", ...PERCENTILES, "rejected", "timed out"],
    document.classes.map((one) => [
      one.name,
      one.placement,
      one.cut ?? "–",
      one.codec,
      formatDuration(one.unloaded_s),
      ...PERCENTILES.map((name) => estimate(one.latency_s[name]!)),
      percent(one.arrived > 0 ? one.rejected / one.arrived : 0),
      percent(one.arrived > 0 ? one.timed_out / one.arrived : 0),
    ]),
  );
  const used = Object.keys(document.utilisation).filter((name) => document.utilisation[name]! > 0);
  const stations = table(
    ["station", "utilisation", "waiting", "mean wait", "mean service"],
    used.map((name) => {
      const stops = document.classes.flatMap((one) => one.stops.filter(({ station }) => station === name));
      const mean = (field: "wait_s" | "service_s") =>
        formatDuration(stops.reduce((sum, stop) => sum + stop[field], 0) / Math.max(1, stops.length));
      return [
        name,
        percent(document.utilisation[name]!),
        document.mean_queue[name]!.toFixed(2),
        mean("wait_s"),
        mean("service_s"),
      ];
    }),
  );
  const said = [
    `${document.requests.toLocaleString("en")} requests in ${formatDuration(document.simulated_s)} of simulated time, ` +
      `${document.throughput.toPrecision(3)} answers a second; seed ${document.seed}.`,
  ];
  for (const name of document.overloaded) {
    said.push(
      `OVERLOAD: ${name} is offered ${percent(document.offered_load[name]!)} of the work that it can do. Queues grow ` +
        "as long as requests come, and with them the latencies above, which are those of this run only.",
    );
  }
  if (!document.settled && document.overloaded.length === 0) {
    said.push("No steady state was reached: simulate more requests, or see the latencies as those of a beginning.");
  }
  if (!document.precise) said.push("The intervals are wider than was asked for.");
  return [requests, "", stations, "", ...said].join("\n");
}
