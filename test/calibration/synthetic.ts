import { closedLoop } from "../../src/calibration/loop.ts";
import { crossings, type Route } from "../../src/calibration/messages.ts";
import type { MeasuredRun } from "../../src/formats/runs.ts";
import { RandomStream } from "../../src/random/index.ts";
import { Draws } from "../../src/simulator/index.ts";

/** A world whose parameters are known, to make measured runs of. */
export interface World {
  readonly route: Route;
  /** Seconds of computing, by "model operator placement". */
  readonly base_s: (model: string, operator: string, placement: string) => number;
  readonly bits: (kind: string, model: string, operator: string) => number;
  readonly burst_s: number;
  readonly handling: number;
  readonly gap_s: number;
  /** Standard deviation of a latency's logarithm. */
  readonly scatter: number;
}

export const WORLD: World = {
  route: { chain: ["mobile", "edge", "cloud"], fetches: false },
  base_s: (model, operator, placement) =>
    (model === "small" ? 0.4 : 2) *
    (operator === "sptq" ? 0.6 : 1) *
    ({ mobile: 4, edge: 2, cloud: 1, "mobile>edge": 3, "edge>cloud": 1.6 }[placement] ?? 1),
  bits: (kind, model) => (kind === "input" ? 30e6 : 12e6) * (model === "small" ? 0.3 : 1),
  burst_s: 1,
  handling: 300e6,
  gap_s: 0.05,
  scatter: 0.01,
};

/** Measured runs of each combination: what a grid of closed loops in that world would have shown. */
export function measured(
  world: World,
  {
    models = ["small", "large"],
    operators = ["identity", "sptq"],
    placements = ["mobile", "edge", "cloud", "mobile>edge", "edge>cloud"],
    rates = [200e6, 50e6, 10e6, 1e6],
    repeats = 6,
    seed = 1,
  } = {},
): MeasuredRun[] {
  const disturbance = new Draws(
    { kind: "lognormal", mean: 1, cv: Math.max(1e-9, world.scatter) },
    new RandomStream(seed),
  );
  const [first, second, third] = world.route.chain;
  const runs: MeasuredRun[] = [];
  for (const model of models) {
    for (const operator of operators) {
      for (const placement of placements) {
        const far = placement.includes(third!);
        for (const near_bps of rates) {
          for (const far_bps of far ? rates : [undefined]) {
            const links: MeasuredRun["links"] = { [`${first}>${second}`]: { bandwidth_bps: near_bps } };
            if (far_bps !== undefined) links[`${second}>${third}`] = { bandwidth_bps: far_bps };
            const used = crossings({ placement }, world.route).filter(({ link }) => links[link]);
            const names = [...new Set(used.map(({ link, direction }) => `${link} ${direction}`))];
            const latencies = closedLoop(
              world.base_s(model, operator, placement),
              0.2,
              used.map(({ link, direction, kind }) => ({
                channel: names.indexOf(`${link} ${direction}`),
                bits: world.bits(kind, model, operator),
              })),
              names.map((name) => {
                const rate = links[name.split(" ")[0]!]!.bandwidth_bps!;
                return { rate, depth: rate * world.burst_s, handling: world.handling };
              }),
              world.gap_s,
              repeats,
            );
            latencies.forEach((latency, repeat) => {
              runs.push({
                model,
                operator,
                placement,
                links,
                tiers: {},
                request: 0,
                repeat,
                latency_s: latency * disturbance.next(),
                stages: {},
                bytes: {},
              });
            });
          }
        }
      }
    }
  }
  return runs;
}
