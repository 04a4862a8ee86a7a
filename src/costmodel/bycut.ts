import { Problem } from "../formats/problem.ts";
import type { Topology } from "../formats/topology.ts";
import { environmentOf } from "./environment.ts";
import { fits } from "./feasibility.ts";
import { modelOf, type ProfileSource, requireCodec } from "./model.ts";
import { placementsOf } from "./options.ts";
import { MEDIAN } from "./segments.ts";
import { latencyOf } from "./sum.ts";

/** A cut's latency, without its stages. */
export interface CutLatency {
  readonly cut: string;
  readonly latency_s: number;
  readonly feasible: boolean;
}

/**
 * The latency of every cut of one placement on two tiers, by position: what `predict` says of all cuts, several times
 * faster, for searches and drawings that need the stages of a few.
 *
 * @param placement such as "mobile>edge"
 * @throws Problem as predict does, and when the placement is not on two tiers
 */
export function latencyByCut(
  profiles: ProfileSource,
  topology: Topology,
  placement: string,
  codec: string = topology.codec,
): CutLatency[] {
  const model = modelOf(profiles);
  const [tiers] = placementsOf(model, topology, [placement], "all");
  if (tiers!.length !== 2) throw new Problem(`placement "${placement}" is not on two tiers`);
  const environment = environmentOf(model, topology);
  const known = requireCodec(model, codec);
  const end = model.cuts.length + 1;
  return model.cuts.map((cut, i) => {
    const assignment = { tiers: tiers!, boundaries: [0, i + 1, end], codec: known };
    return { cut, latency_s: latencyOf(environment, assignment, MEDIAN), feasible: fits(environment, assignment) };
  });
}
