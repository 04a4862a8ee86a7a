/** Predicted against measured time of heads and tails: `npm run bench:fidelity -- --cuts`. */
import { table } from "../../src/cli/output.ts";
import { loadModel, segmentSeconds } from "../../src/costmodel/index.ts";
import type { Profile } from "../../src/formats/profile.ts";
import { medianInterval, profileModel } from "../../src/profiler/index.ts";
import { openModel } from "../../src/store/index.ts";
import type { BenchModel } from "../models.ts";
import { percent, SUMMARY_HEAD, summarise, summaryCells } from "./errors.ts";
import { describeLoad, type Effort, type Host } from "./session.ts";

/** A head or a tail of a cut. */
export interface CutRow {
  readonly model: string;
  readonly cut: string;
  readonly part: "head" | "tail";
  /** Seconds inside kernels: measured, predicted, and by the two baselines. */
  readonly kernels: { measured: number; predicted: number; withoutBoundaries: number; byFlops: number };
  /** Seconds of a run as JavaScript sees it. */
  readonly request: { measured: number; predicted: number };
}

/**
 * Samples all kernels of a model's profile and the heads and tails of some of its cuts by turns in one go, so that a drift
 * of the machine hits predictions and measurements alike. Only the profile's samples (whole model and windows) make
 * predictions; heads and tails are only compared.
 */
export async function compareCuts({ name, file: find, shapes }: BenchModel, options: Effort): Promise<CutRow[]> {
  const file = find();
  let end = 0;
  const { profile, measured } = await profileModel(file, openModel(file), undefined, {
    settings: { threads: 1, optimisation: "all" },
    shapes,
    inputs: new Map(),
    budgetSeconds: options.budgetSeconds,
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
  return measured.slice(1).map((segment): CutRow => {
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

export function printCuts(rows: readonly CutRow[], host: Host, json: boolean): void {
  const long = (row: CutRow) => row.kernels.measured >= 1e-3;
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
  if (json) {
    const document = {
      ...host,
      summaries: summaries.map(({ label, ...rest }) => rest),
      models,
      rows,
    };
    process.stdout.write(`${JSON.stringify(document)}\n`);
    return;
  }
  const lines = [
    describeLoad(host),
    table(
      ["time", ...SUMMARY_HEAD],
      summaries.map(({ label, ...summary }) => [label, ...summaryCells(summary)]),
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
