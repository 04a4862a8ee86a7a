import type { Profile } from "../../src/formats/profile.ts";
import { axesOf, Engine, modelSource, openWorld, samplingOf } from "../../src/whatif/index.ts";

/** Scenarios of one run. */
export const WHAT_IFS = 100_000;

const AXES = {
  "topology.links.mobile>edge.bandwidth": { from: "1 Mbit/s", to: "1 Gbit/s", scale: "log" as const },
  "topology.links.mobile>edge.delay": { from: "1 ms", to: "100 ms", scale: "log" as const },
  "topology.devices.edge-box.speed": { from: 0.1, to: 10, scale: "log" as const },
};

/**
 * What-ifs of one placement and cut: three numbers of the topology are drawn anew for each, from a Sobol sequence, and
 * the latency with its parts is computed.
 *
 * @param topology as parsed from YAML
 */
export function whatIfs(profile: Profile, topology: unknown, placement: string): () => number {
  const cut = profile.cuts[profile.cuts.length >> 1]!.id;
  const scenario = { topology: "t", profiles: ["p"], workload: [{ placement, cut, arrivals: { rate: 1 } }] };
  const files = { scenario: "scenario", topology: "topology" };
  const world = openWorld(
    scenario,
    topology,
    files,
    modelSource(() => profile),
  );
  const axes = axesOf(world, AXES, "bench");
  const sampling = samplingOf(axes, { method: "sobol", n: WHAT_IFS, seed: 1 });
  const engine = new Engine(world, axes);
  const point = new Float64Array(axes.length);
  return () => {
    let sum = 0;
    for (let i = 0; i < WHAT_IFS; i++) {
      sampling.at(i, point);
      sum += engine.evaluate(point)!.latency_s;
    }
    return sum;
  };
}
