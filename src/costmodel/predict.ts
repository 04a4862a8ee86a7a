import type { Prediction } from "../formats/prediction.ts";
import type { CodecName } from "../formats/profile.ts";
import type { Topology } from "../formats/topology.ts";
import { compile } from "./compile.ts";
import { type Environment, environmentOf } from "./environment.ts";
import { latency, transferredBytes } from "./evaluate.ts";
import { misfit } from "./feasibility.ts";
import { boundariesOf, type CostModel, modelOf, type ProfileSource } from "./model.ts";
import { codecsOf, type PredictOptions, placementsOf } from "./options.ts";
import type { Assignment } from "./request.ts";
import { fastest } from "./search.ts";
import { HIGH, LOW } from "./segments.ts";
import { latencyOf } from "./sum.ts";

/**
 * Predicts what one request takes when it is alone: for each placement, cut and codec the latency and its stages.
 *
 * `low_s` and `high_s` are the latency with every kernel at the lower and upper end of its 95 % interval at once, since
 * what moves one kernel (clock rate, load) moves all. They hold the profile's sampling error and nothing else: not the
 * error of device speeds, of the link model, or of the model itself.
 *
 * @returns predictions that fit in memory before those that do not, and each by latency
 * @throws Problem when a placement, cut or codec is unknown, or a tier's thread count was not profiled
 */
export function predict(profiles: ProfileSource, topology: Topology, options: PredictOptions = {}): Prediction[] {
  const model = modelOf(profiles);
  const environment = environmentOf(model, topology);
  const cuts = options.cuts ?? "best";
  const placements = placementsOf(model, topology, options.placements, cuts);
  const predictions: Prediction[] = [];
  for (const codec of codecsOf(model, topology, options.codecs)) {
    for (const tiers of placements) {
      for (const boundaries of boundariesToTry(model, environment, tiers, codec, cuts)) {
        predictions.push(predictOne(model, environment, { tiers, boundaries, codec }));
      }
    }
  }
  return predictions.sort((a, b) => Number(b.feasible) - Number(a.feasible) || a.latency_s - b.latency_s);
}

function boundariesToTry(
  model: CostModel,
  environment: Environment,
  tiers: readonly number[],
  codec: CodecName,
  cuts: string | readonly string[],
): (readonly number[])[] {
  if (tiers.length === 1) return [boundariesOf(model, null, 1)];
  if (cuts === "best") {
    const found = fastest(environment, tiers, codec, model.cuts.length);
    return found ? [found.boundaries] : [];
  }
  if (cuts === "all") return everyBoundaries(model.cuts.length, tiers.length);
  return (typeof cuts === "string" ? [cuts] : cuts).map((cut) => boundariesOf(model, cut, tiers.length));
}

/** All increasing choices of boundaries between so many segments. */
function everyBoundaries(cuts: number, segments: number): number[][] {
  let choices = [[0]];
  for (let segment = 1; segment < segments; segment++) {
    choices = choices.flatMap((chosen) => {
      const last = chosen.at(-1)!;
      return Array.from({ length: cuts - last }, (_, i) => [...chosen, last + 1 + i]);
    });
  }
  return choices.map((chosen) => [...chosen, cuts + 1]);
}

function predictOne(model: CostModel, environment: Environment, assignment: Assignment): Prediction {
  const pipeline = compile(model, environment, assignment);
  const because = misfit(environment, assignment);
  return {
    placement: pipeline.placement,
    cut: pipeline.cut,
    codec: pipeline.codec,
    latency_s: latency(pipeline),
    low_s: latencyOf(environment, assignment, LOW),
    high_s: latencyOf(environment, assignment, HIGH),
    transferred_bytes: transferredBytes(pipeline),
    feasible: because === undefined,
    ...(because === undefined ? {} : { infeasible_because: because }),
    stages: [...pipeline.stages],
  };
}
