/**
 * Predicted against measured time of heads and tails on this machine: `npm run bench:fidelity -- --cuts`.
 *
 * For each model, all kernels of the profile and the heads and tails of some cuts are sampled by turns in one go, so
 * that a drift of the machine hits predictions and measurements alike. Only the profile's samples (whole model and
 * windows) make predictions; heads and tails are only compared.
 */
import os from "node:os";
import { Command } from "@commander-js/extra-typings";
import { max, mean, median, quantile } from "simple-statistics";
import { table } from "../src/cli/output.ts";
import { loadModel, segmentSeconds } from "../src/costmodel/index.ts";
import type { Profile } from "../src/formats/profile.ts";
import { describeHost, medianInterval, profileModel } from "../src/profiler/index.ts";
import { openModel } from "../src/store/index.ts";
import { MODELS } from "./models.ts";

interface Row {
  readonly model: string;
  readonly cut: string;
  readonly part: "head" | "tail";
  /** Seconds inside kernels: measured, predicted, and by the two baselines. */
  readonly kernels: { measured: number; predicted: number; withoutBoundaries: number; byFlops: number };
  /** Seconds of a run as JavaScript sees it. */
  readonly request: { measured: number; predicted: number };
}

const options = new Command()
  .option("--cuts", "compare heads and tails of cuts (the one comparison there is so far)", true)
  .option("--models <names>", "comma-separated; else all", MODELS.map(({ name }) => name).join(","))
  .option("--per-model <n>", "cuts per model", Number, 8)
  .option("--budget <seconds>", "time for samples per model", Number, 60)
  .option("--json", "print one JSON document")
  .parse()
  .opts();

const rows: Row[] = [];
const load = os.loadavg()[0]!;
for (const name of options.models.split(",")) {
  const model = MODELS.find((candidate) => candidate.name === name);
  if (!model) throw new Error(`no model '${name}'; there are ${MODELS.map((candidate) => candidate.name).join(", ")}`);
  process.stderr.write(`${name} … `);
  const start = performance.now();
  rows.push(...(await compare(name, model.file(), model.shapes)));
  process.stderr.write(`${((performance.now() - start) / 1000).toFixed(0)} s\n`);
}
print();

async function compare(name: string, file: string, shapes: (typeof MODELS)[number]["shapes"]): Promise<Row[]> {
  let end = 0;
  const { profile, measured } = await profileModel(file, openModel(file), undefined, {
    settings: { threads: 1, optimisation: "all" },
    shapes,
    inputs: new Map(),
    budgetSeconds: options.budget,
    // Evenly spread over the graph.
    cuts: options.perModel,
    operator: "identity",
    onProgress: () => {},
    alsoMeasure: (cuts, steps) => {
      end = steps;
      return cuts.flatMap(({ position }) => [
        { from: 0, to: position },
        { from: position, to: steps },
      ]);
    },
  });
  const model = loadModel(profile);
  return measured.slice(1).map((segment): Row => {
    const part = segment.from === 0 ? "head" : "tail";
    const position = part === "head" ? segment.to : segment.from;
    const cut = profile.cuts.find((candidate) => candidate.position === position)!.id;
    const byRequest = segmentSeconds(model, part === "head" ? null : cut, part === "head" ? cut : null).seconds;
    const { request_base_s, request_per_kernel_s, request_per_byte_s } = profile.run;
    const beyond =
      request_base_s + request_per_kernel_s * segment.kernels.length + request_per_byte_s * segment.outputBytes;
    return {
      model: name,
      cut,
      part,
      kernels: {
        measured: medianInterval(segment.kernelSums).median_s,
        predicted: byRequest - beyond,
        ...baselines(profile, part === "head" ? 0 : position, part === "head" ? position : end),
      },
      request: { measured: medianInterval(segment.requests).median_s, predicted: byRequest },
    };
  });
}

/** The two baselines: kernels of the whole whose nodes lie in the segment, and the run shared out by operations. */
function baselines(profile: Profile, from: number, to: number) {
  const inside = (node: number) => node >= from && node < to;
  const whole = profile.kernels.slice(0, profile.whole_kernels);
  let sum = 0;
  let node = 0;
  for (const { nodes, median_s } of whole) {
    // A kernel that covers nodes on both sides goes where its last node is; one that covers none, where the one before went.
    node = nodes.at(-1) ?? node;
    if (inside(node)) sum += median_s * profile.run.skew;
  }
  const flops = profile.nodes.reduce((total, node, index) => total + (inside(index) ? node.flops : 0), 0);
  return { withoutBoundaries: sum, byFlops: (profile.run.kernels.median_s * flops) / profile.model.flops };
}

interface Summary {
  readonly n: number;
  readonly mean: number;
  readonly median: number;
  readonly p95: number;
  readonly worst: number;
  readonly within8: number;
}

function summarise(pairs: readonly { measured: number; predicted: number }[]): Summary | undefined {
  const errors = pairs.map(({ measured, predicted }) => Math.abs(predicted / measured - 1));
  if (errors.length === 0) return undefined;
  return {
    n: errors.length,
    mean: mean(errors),
    median: median(errors),
    p95: quantile(errors, 0.95),
    worst: max(errors),
    within8: errors.filter((error) => error <= 0.08).length / errors.length,
  };
}

function print(): void {
  const long = (row: Row) => row.kernels.measured >= 1e-3;
  const kinds = {
    "kernels, ≥ 1 ms": rows.filter(long).map(({ kernels }) => kernels),
    "  by FLOPs": rows.filter(long).map(({ kernels }) => ({ ...kernels, predicted: kernels.byFlops })),
    "  kernels without boundaries": rows
      .filter(long)
      .map(({ kernels }) => ({ ...kernels, predicted: kernels.withoutBoundaries })),
    "request, ≥ 1 ms": rows.filter(long).map(({ request }) => request),
    "kernels, < 1 ms": rows.filter((row) => !long(row)).map(({ kernels }) => kernels),
    "request, < 1 ms": rows.filter((row) => !long(row)).map(({ request }) => request),
  };
  const summaries = Object.entries(kinds).flatMap(([kind, pairs]) => {
    const summary = summarise(pairs);
    return summary ? [{ kind: kind.trim(), label: kind, ...summary }] : [];
  });
  const models = [...new Set(rows.map((row) => row.model))].map((model) => {
    const own = rows.filter((row) => row.model === model);
    return {
      model,
      kernels: summarise(own.filter(long).map(({ kernels }) => kernels)),
      request: summarise(own.filter(long).map(({ request }) => request)),
      short: summarise(own.filter((row) => !long(row)).map(({ kernels }) => kernels)),
    };
  });
  if (options.json) {
    const document = {
      host: describeHost(),
      load_average: load,
      summaries: summaries.map(({ label, ...rest }) => rest),
      models,
      rows,
    };
    process.stdout.write(`${JSON.stringify(document)}\n`);
    return;
  }
  const percent = (value: number | undefined) => (value === undefined ? "–" : `${(value * 100).toFixed(1)} %`);
  const lines = [
    `${describeHost().cpu}, load average ${load.toFixed(2)} at the start`,
    table(
      ["time", "segments", "mean error", "median", "95 % within", "worst", "within ±8 %"],
      summaries.map(({ label, n, mean, median, p95, worst, within8 }) => [
        label,
        n,
        ...[mean, median, p95, worst, within8].map(percent),
      ]),
    ),
    "",
    table(
      [
        "model",
        "segments ≥ 1 ms",
        "kernels: mean",
        "worst",
        "request: mean",
        "worst",
        "segments < 1 ms",
        "kernels: mean",
      ],
      models.map(({ model, kernels, request, short }) => [
        model,
        kernels?.n ?? 0,
        percent(kernels?.mean),
        percent(kernels?.worst),
        percent(request?.mean),
        percent(request?.worst),
        short?.n ?? 0,
        percent(short?.mean),
      ]),
    ),
  ];
  process.stdout.write(`${lines.join("\n")}\n`);
}
