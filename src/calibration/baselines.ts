import { mean, median } from "simple-statistics";
import type { MeasuredRun } from "../formats/runs.ts";
import { type Cell, configurationKey, grouped } from "./cells.ts";
import { crossings, type Route } from "./messages.ts";

/** A simpler way to predict, which a calibration has to beat. */
export interface Baseline {
  readonly name: string;
  /** @returns seconds, or undefined where it knows nothing of the configuration */
  predict(run: MeasuredRun): number | undefined;
}

/** What can be had from the same fitted cells without a model of the network. */
export function baselines(cells: readonly Cell[], route: Route): Baseline[] {
  const groups = grouped(cells);
  const ofConfiguration = (predict: (group: readonly Cell[], run: MeasuredRun) => number) => (run: MeasuredRun) => {
    const group = groups.get(configurationKey(run));
    return group && predict(group, run);
  };
  return [
    { name: "look-up: the nearest network measured", predict: ofConfiguration(nearest) },
    { name: "least squares in 1/bandwidth, per configuration", predict: ofConfiguration(linear) },
    {
      name: "token bucket, a formula per request",
      predict: ofConfiguration((group, run) => bucketFormula(group, run, route)),
    },
  ];
}

/** The whole model looked up: the cell whose bandwidths are closest on a logarithmic scale. */
function nearest(group: readonly Cell[], run: MeasuredRun): number {
  const distance = (cell: Cell) =>
    Object.entries(run.links).reduce((sum, [link, { bandwidth_bps }]) => {
      const other = cell.run.links[link]?.bandwidth_bps;
      return bandwidth_bps && other ? sum + Math.log(bandwidth_bps / other) ** 2 : sum;
    }, 0);
  return group.toSorted((a, b) => distance(a) - distance(b))[0]!.summary.median_s;
}

/** Seconds = base + Σ bytes/bandwidth, the bytes unknown: what a layer-wise regression sees of a network (Neurosurgeon, 2017). */
function linear(group: readonly Cell[], run: MeasuredRun): number {
  const base = Math.min(...group.map(({ summary }) => summary.median_s));
  return Object.entries(run.links).reduce((sum, [link, { bandwidth_bps }]) => {
    const bits = bitsByLink(group, link, base, 0);
    return bandwidth_bps ? sum + bits / bandwidth_bps : sum;
  }, base);
}

/** Each message passes a full bucket of one second of the rate: the closed formula for one request alone. */
function bucketFormula(group: readonly Cell[], run: MeasuredRun, route: Route): number {
  const base = Math.min(...group.map(({ summary }) => summary.median_s));
  return Object.entries(run.links).reduce((sum, [link, { bandwidth_bps }]) => {
    const burst_s = crossings(run, route).filter((crossing) => crossing.link === link).length;
    const bits = bitsByLink(group, link, base, burst_s);
    return bandwidth_bps ? sum + Math.max(0, bits / bandwidth_bps - burst_s) : sum;
  }, base);
}

/** Bits that the slowest setting of one link alone shows. */
function bitsByLink(group: readonly Cell[], link: string, base: number, burst_s: number): number {
  const fastest = (name: string) => Math.max(...group.map(({ run }) => run.links[name]?.bandwidth_bps ?? 0));
  const slow = group
    .filter(({ run }) =>
      Object.entries(run.links).every(([name, { bandwidth_bps }]) => name === link || bandwidth_bps === fastest(name)),
    )
    .toSorted((a, b) => (a.run.links[link]?.bandwidth_bps ?? 0) - (b.run.links[link]?.bandwidth_bps ?? 0))[0];
  const rate = slow?.run.links[link]?.bandwidth_bps;
  if (!slow || !rate || rate === fastest(link)) return 0;
  return Math.max(0, slow.summary.median_s - base + burst_s) * rate;
}

/**
 * How well one repeat of a cell predicts another: its median from that of the others, left out in turn. No model of the
 * same runs can be expected to do better.
 *
 * @returns absolute relative errors' mean and median over cells and repeats; undefined where no cell was repeated
 */
export function noiseFloor(runs: readonly { cell: string; repeat: number; latency_s: number }[]) {
  const cells = new Map<string, Map<number, number[]>>();
  for (const { cell, repeat, latency_s } of runs) {
    const repeats = cells.get(cell) ?? new Map<number, number[]>();
    cells.set(cell, repeats);
    const own = repeats.get(repeat);
    if (own) own.push(latency_s);
    else repeats.set(repeat, [latency_s]);
  }
  const errors = [...cells.values()].flatMap((repeats) => {
    const medians = [...repeats.values()].map((values) => median(values));
    if (medians.length < 2) return [];
    return medians.map((value, i) => Math.abs(median(medians.filter((_, j) => j !== i)) / value - 1));
  });
  return errors.length === 0 ? undefined : { mape: mean(errors), median_ape: median(errors), n: errors.length };
}
