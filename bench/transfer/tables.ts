/** How `bench:transfer` prints what it found. */
import { mean, median } from "simple-statistics";
import { table } from "../../src/cli/output.ts";
import type { Device } from "../../src/formats/device.ts";
import { formatDuration } from "../../src/units/index.ts";
import { describeLoad, type Host } from "../fidelity/session.ts";
import type { TransferRow } from "./compare.ts";
import { byClass, type KernelRow } from "./kernels.ts";
import type { MeasuredModel } from "./measure.ts";

interface Results {
  readonly rows: readonly TransferRow[];
  readonly devices: readonly Device[];
  readonly models: readonly MeasuredModel[];
}

/** Relative errors of some rows, as shares. */
function summarise(rows: readonly TransferRow[], of: (row: TransferRow) => number) {
  const errors = rows.map((row) => Math.abs(of(row) / row.measured_s - 1)).filter((error) => !Number.isNaN(error));
  return errors.length === 0
    ? undefined
    : { n: errors.length, mean: mean(errors), median: median(errors), worst: Math.max(...errors) };
}

export function printTransfer({ rows, devices, models }: Results, host: Host, json: boolean): void {
  const pairs = [...new Set(rows.map(({ pair }) => pair))];
  const groups = pairs.flatMap((pair) =>
    (["whole", "parts"] as const).map((scope) => {
      const own = rows.filter((row) => row.pair === pair && (row.part === "whole") === (scope === "whole"));
      return {
        pair,
        scope,
        predicted: summarise(own, (row) => row.predicted_s),
        by_flops: summarise(own, (row) => row.by_flops_s),
        by_factor: summarise(own, (row) => row.by_factor_s),
        by_roofline: summarise(own, (row) => row.by_roofline_s),
        coverage: own.filter((row) => row.low_s <= row.measured_s && row.measured_s <= row.high_s).length / own.length,
      };
    }),
  );
  const benches = devices.map(({ name, bench }) => ({
    name,
    seconds: bench!.seconds,
    kernels: bench!.kernels.length,
    load_average: bench!.load_average,
  }));
  if (json) {
    const loads = models.map(({ name, load_average }) => ({ name, load_average }));
    process.stdout.write(`${JSON.stringify({ ...host, benches, loads, groups, rows })}\n`);
    return;
  }
  const percent = (share: number) => (share * 100).toFixed(1);
  const cells = (found: ReturnType<typeof summarise>) =>
    found ? [percent(found.mean), percent(found.median), percent(found.worst)] : ["–", "–", "–"];
  const text = [
    describeLoad(host),
    benches
      .map(({ name, seconds, kernels }) => `${name}: ${kernels} micro-kernels in ${formatDuration(seconds)}`)
      .join("; "),
    table(
      ["pair", "model", "source", "measured", "predicted", "interval", "off %"],
      rows
        .filter(({ part }) => part === "whole")
        .map((row) => [
          row.pair,
          row.model,
          formatDuration(row.source_s),
          formatDuration(row.measured_s),
          formatDuration(row.predicted_s),
          `${formatDuration(row.low_s)} … ${formatDuration(row.high_s)}`,
          percent(row.predicted_s / row.measured_s - 1),
        ]),
    ),
    "",
    table(
      [
        "pair",
        "",
        "n",
        "mean %",
        "median",
        "worst",
        "in interval",
        "by FLOPs",
        "",
        "",
        "by factor",
        "",
        "",
        "roofline",
        "",
        "",
      ],
      groups.map(({ pair, scope, predicted, by_flops, by_factor, by_roofline, coverage }) => [
        pair,
        scope,
        predicted?.n ?? 0,
        ...cells(predicted),
        `${percent(coverage)} %`,
        ...cells(by_flops),
        ...cells(by_factor),
        ...cells(by_roofline),
      ]),
    ),
  ];
  process.stdout.write(`${text.join("\n")}\n`);
}

/** A model's kernels on a target by class: what they were predicted to take and what they took, those most off first. */
export function printKernels(model: string, pair: string, rows: readonly KernelRow[]): void {
  const classes = byClass(rows);
  const total = classes.reduce((sum, { measured_s }) => sum + measured_s, 0);
  const cells = classes.map(({ kind, n, predicted_s, measured_s }) => [
    kind,
    n,
    formatDuration(measured_s),
    formatDuration(predicted_s),
    ((100 * (predicted_s - measured_s)) / total).toFixed(1),
  ]);
  const head = [`${model}, ${pair}`, "kernels", "measured", "predicted", "off, % of all"];
  process.stdout.write(`${table(head, cells)}\n\n`);
}
