import type { Prediction } from "../formats/prediction.ts";
import type { ReportData } from "./data.ts";
import { duration, factor } from "./format.ts";

/** The predictions that the report is about: those of its codec. */
export function shown(data: ReportData): Prediction[] {
  return data.predictions.filter(({ codec }) => codec === data.codec);
}

/** Predictions in the order of preference: those that fit in memory first, then the faster. */
export function byPreference(a: Prediction, b: Prediction): number {
  return Number(b.feasible) - Number(a.feasible) || a.latency_s - b.latency_s;
}

/** Each placement's best prediction, the most preferable placement first. */
export function ranking(data: ReportData): Prediction[] {
  const best = new Map<string, Prediction>();
  for (const prediction of shown(data)) {
    const other = best.get(prediction.placement);
    if (other === undefined || byPreference(prediction, other) < 0) best.set(prediction.placement, prediction);
  }
  return [...best.values()].sort(byPreference);
}

/** The prediction to deploy; undefined where none fits in memory. */
export function winner(data: ReportData): Prediction | undefined {
  return ranking(data).find(({ feasible }) => feasible);
}

/**
 * The report's answer in one sentence: what to deploy, how fast it is, and against what. `named` words the names of
 * cuts and placements, which can be too long for a headline.
 */
export function answer(data: ReportData, named = (name: string): string => name): string {
  const best = winner(data);
  if (best === undefined) {
    return shown(data).length === 0
      ? "Nothing was predicted for this topology"
      : "No placement fits in the tiers' memory";
  }
  const others = ranking(data).filter(({ feasible, placement }) => feasible && placement !== best.placement);
  const rival = others.find(({ cut }) => (cut === null) !== (best.cut === null)) ?? others[0];
  const deployment = ({ placement, cut }: Prediction, article = "") =>
    cut === null ? `all on ${named(placement)}` : `${article}cut after ${named(cut)} on ${named(placement)}`;
  const claim = `${capitalised(deployment(best))}: ${duration(best.latency_s)}`;
  if (rival === undefined) return claim;
  const other = deployment(rival, "the ");
  const ratio = best.latency_s > 0 ? rival.latency_s / best.latency_s : 1;
  return ratio < 1.05
    ? `${claim}, hardly faster than ${other} (${duration(rival.latency_s)})`
    : `${claim}, ${factor(ratio)} faster than ${other}`;
}

export function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
