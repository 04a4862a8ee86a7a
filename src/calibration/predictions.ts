import type { Prediction } from "../formats/prediction.ts";
import type { Profile } from "../formats/profile.ts";
import type { MeasuredRun } from "../formats/runs.ts";
import type { Topology } from "../formats/topology.ts";
import { interval } from "./conformal.ts";
import type { Calibrated } from "./validate.ts";

/**
 * Predictions as a calibration corrects them: each stage times what measured runs showed, the conformal 90 % interval instead of
 * the profile's sampling error, and a list of what about it no measured run had.
 *
 * @param predictions of the cost model for this profile's model and topology
 * @param calibrated fitted with profiles
 */
export function calibratedPredictions(
  predictions: readonly Prediction[],
  { model }: Profile,
  topology: Topology,
  { fit, widths }: Calibrated,
): Prediction[] {
  return predictions
    .map((prediction): Prediction => {
      const run = runOf(prediction, model, topology);
      const found = fit.predict(run, 1, false);
      const shown = fit.stages(run);
      const factors = new Map<string, number>();
      for (const [column, seconds] of Object.entries(shown)) {
        const own = prediction.stages.filter((stage) => columnOf(stage, topology) === column);
        const before = own.reduce((sum, stage) => sum + stage.seconds, 0);
        factors.set(column, before > 0 ? seconds / before : 1);
      }
      const stages = prediction.stages.map((stage) => ({
        ...stage,
        seconds: stage.seconds * (factors.get(columnOf(stage, topology)) ?? 1),
      }));
      // What configurations and disturbances add belongs to no stage of its own.
      const sum = stages.reduce((total, { seconds }) => total + seconds, 0);
      return {
        ...prediction,
        latency_s: found.latency_s,
        ...interval(found, widths),
        stages: stages.map((stage) => ({ ...stage, seconds: (stage.seconds * found.latency_s) / sum })),
        extrapolates: [...found.extrapolates],
      };
    })
    .toSorted((a, b) => Number(b.feasible) - Number(a.feasible) || a.latency_s - b.latency_s);
}

/** The run that this prediction is of, as a table would have it. */
function runOf(
  { placement, cut, codec }: Prediction,
  { name, operator }: Profile["model"],
  topology: Topology,
): MeasuredRun {
  const reached = topology.tiers.slice(
    0,
    1 + Math.max(...[topology.enters, ...placement.split(">")].map((tier) => indexOf(topology, tier))),
  );
  return {
    model: name,
    operator,
    placement,
    links: Object.fromEntries(
      topology.links
        .filter(({ from, to }) => [from, to].every((tier) => reached.some((one) => one.name === tier)))
        .map(({ from, to, bandwidth_bps, delay_s }) => [`${from}>${to}`, { bandwidth_bps, delay_s }]),
    ),
    tiers: Object.fromEntries(
      reached.map((tier) => [
        tier.name,
        { threads: tier.threads, ...(tier.cpu_quota === null ? {} : { cpus: tier.cpu_quota }) },
      ]),
    ),
    request: 0,
    repeat: 0,
    latency_s: null,
    ...(cut === null ? {} : { cut }),
    codec,
    session: topology.session,
    stages: {},
    bytes: {},
  };
}

function indexOf({ tiers }: Topology, name: string): number {
  return tiers.findIndex((tier) => tier.name === name);
}

/** A stage's column in a table of runs; a link's two directions share one. */
function columnOf({ stage, resource }: Prediction["stages"][number], topology: Topology): string {
  const [kind, name] = resource.split(":") as [string, string];
  if (kind === "tier") return `${name}_${stage}`;
  const [from, to] = name.split(">") as [string, string];
  const inwards = indexOf(topology, from) < indexOf(topology, to);
  return `${inwards ? from : to}_${inwards ? to : from}_transfer`;
}
