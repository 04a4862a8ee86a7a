import type { Scenario } from "../../formats/scenario.ts";
import { type CompiledScenario, compileScenario, offeredLoad, simulate } from "../../simulator/index.ts";
import type { Scene } from "../scene.ts";
import { costModel } from "./models.ts";
import { type Choice, variantOf } from "./outlook.ts";

/** Latencies at one rate of requests, simulated. */
export interface LoadPoint {
  readonly rate: number;
  readonly p50_s: number;
  readonly p95_s: number;
  readonly p99_s: number;
}

/** How one choice bears load. */
export interface LoadStudy {
  readonly placement: string;
  /** Rate from which on a queue grows without end, per second; null where nothing is shared. */
  readonly capacity: number | null;
  /** The station that is full first. */
  readonly bottleneck: string | null;
  /** By rate, all below the capacity. */
  readonly points: readonly LoadPoint[];
  /** At the scene's rate; null where that is beyond the capacity. */
  readonly now: LoadPoint | null;
  /** Share of each station that the scene's rate asks for; above 1 it cannot give it. Busiest first. */
  readonly loads: readonly { readonly station: string; readonly share: number }[];
}

const SHARES = [0.05, 0.2, 0.35, 0.5, 0.6, 0.7, 0.78, 0.85, 0.9, 0.94];
const SEED = 1;

/**
 * Simulates a choice at rates up to its capacity, one seed for all, so that the curve is smooth. Requests come as
 * Poisson arrivals, inference varies as the profile's samples do, and what stands in every queue is first come, first
 * served. Unless the scene says otherwise, each request comes from a device of its own, which never queues.
 *
 * @param requests simulated at each rate
 */
export function loadStudy(scene: Scene, { operator, prediction }: Choice, requests: number): LoadStudy {
  const variant = variantOf(scene, operator);
  const models = [{ model: costModel(variant), profiles: variant.profiles }];
  const compiled = (rate: number): CompiledScenario =>
    compileScenario(scenarioOf(scene, prediction, rate), scene.topology, models);
  const { network } = compiled(scene.rate);
  const loads = Object.entries(offeredLoad(network))
    .filter(([station]) => Number.isFinite(network.stations[station]!.servers ?? 1))
    .map(([station, share]) => ({ station, share }))
    .filter(({ share }) => share > 0)
    .sort((a, b) => b.share - a.share);
  // Offered load is proportional to the rate.
  const capacity = loads[0] ? scene.rate / loads[0].share : null;
  const at = (rate: number): LoadPoint => {
    const { latency } = simulate(compiled(rate).network, { seed: SEED, requests });
    const { p50, p95, p99 } = latency.percentiles;
    return { rate, p50_s: p50!.value, p95_s: p95!.value, p99_s: p99!.value };
  };
  return {
    placement: prediction.placement,
    capacity,
    bottleneck: loads[0]?.station ?? null,
    points: SHARES.map((share) => at(share * (capacity ?? 2 * scene.rate))),
    now: capacity === null || scene.rate < 0.98 * capacity ? at(scene.rate) : null,
    loads,
  };
}

function scenarioOf(
  { one_device, topology }: Scene,
  { placement, cut, codec }: Choice["prediction"],
  rate: number,
): Scenario {
  return {
    profiles: [],
    topology: topology.name,
    workload: [{ placement, cut: cut ?? "best", codec, arrivals: { rate }, service: "lognormal", priority: 0 }],
    tiers: one_device
      ? {}
      : { [topology.enters]: { servers: "unlimited", replicas: 1, balancer: "random", discipline: "fifo" } },
    links: {},
    requests: 1,
  };
}
