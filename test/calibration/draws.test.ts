import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { standardDeviation } from "simple-statistics";
import { describe, expect, test } from "vitest";
import { calibrate, priorDraws } from "../../src/calibration/index.ts";
import { compilePipeline, latency } from "../../src/costmodel/index.ts";
import { type Profile, profileSchema } from "../../src/formats/profile.ts";
import type { MeasuredRun } from "../../src/formats/runs.ts";
import { parseTopology } from "../../src/formats/topology.ts";

const [shipped] = readdirSync("profiles").filter((name) => name.endsWith(".json"));
const PROFILE: Profile = profileSchema.parse(JSON.parse(readFileSync(path.join("profiles", shipped!), "utf8")));
const topology = parseTopology(
  "tiers: [{ name: mobile }, { name: edge }]\nlinks: [{ from: mobile, to: edge, bandwidth: 50 Mbit/s }]\n",
  "two.yaml",
);

function run(placement: string, operator = "identity", latency_s: number | null = null, repeat = 0): MeasuredRun {
  const { name } = PROFILE.model;
  const links = { "mobile>edge": { bandwidth_bps: 50e6 } };
  return {
    model: name,
    operator,
    placement,
    links,
    tiers: {},
    request: 0,
    repeat,
    latency_s,
    codec: "raw",
    session: "warm",
    stages: {},
    bytes: {},
  };
}

const profiles = ["identity", "sptq", "pruned"].map((operator) => ({
  ...PROFILE,
  model: { ...PROFILE.model, operator },
}));

/** Machines three times slower and twice as fast as the profiled one. */
const SLOWER: Record<string, number> = { mobile: 3, edge: 0.5 };
const runs = ["mobile", "edge"].flatMap((placement) => {
  const here = latency(compilePipeline(PROFILE, topology, { placement, cut: null, codec: "raw" }));
  return [1, 1.01, 0.99, 1, 1.02, 1].map((noise, repeat) =>
    run(placement, "identity", here * SLOWER[placement]! * noise, repeat + 1),
  );
});

describe("joint draws", () => {
  const { fit } = calibrate(runs, { profiles, topology, foreign: true });
  const draws = fit.draws(2000);

  test("lie around the fit's own prediction, as far as it says", () => {
    for (const placement of ["mobile", "edge"]) {
      const predicted = fit.predict(run(placement), 1, false);
      expect(draws.latency(run(placement))).toBeCloseTo(predicted.latency_s, 6);
      const spread = standardDeviation(draws.latencies(run(placement)).map(Math.log));
      // The fit adds the drift of computing from cell to cell, which is no unknown; it takes unknowns to first order, and those that no
      // run shows spread by more than that.
      expect(spread).toBeLessThan(predicted.spread * 1.2);
      expect(spread).toBeGreaterThan(0);
    }
  });

  test("find the speeds of machines that are not the profiled one", () => {
    const here = latency(compilePipeline(PROFILE, topology, { placement: "mobile", cut: null, codec: "raw" }));
    expect(Math.abs(draws.latency(run("mobile")) / here / SLOWER.mobile! - 1)).toBeLessThan(0.1);
  });

  test("shift what hangs on the same unknowns together", () => {
    const prior = priorDraws({ profiles, topology, foreign: true }, 500);
    const [identity, pruned] = [prior.latencies(run("mobile")), prior.latencies(run("mobile", "pruned"))];
    const alone = standardDeviation(identity.map(Math.log));
    const apart = standardDeviation(identity.map((value, draw) => Math.log(value / pruned[draw]!)));
    expect(alone).toBeGreaterThan(0.5);
    expect(apart).toBeLessThan(0.1 * alone);
  });

  test("leave open on other machines how much integer kernels gain", () => {
    const apart = (foreign: boolean) => {
      const prior = priorDraws({ profiles, topology, foreign }, 500);
      const [identity, sptq] = [prior.latencies(run("mobile")), prior.latencies(run("mobile", "sptq"))];
      return standardDeviation(identity.map((value, draw) => Math.log(value / sptq[draw]!)));
    };
    expect(apart(true)).toBeGreaterThan(0.25);
    expect(apart(false)).toBeLessThan(0.1);
  });

  test("are the same for the same seed, whatever was asked before", () => {
    const one = fit.draws(20, 7);
    const other = fit.draws(20, 7);
    other.latencies(run("edge", "sptq"));
    expect(other.latencies(run("mobile", "pruned"))).toEqual(one.latencies(run("mobile", "pruned")));
    expect(fit.draws(20, 8).latencies(run("mobile"))).not.toEqual(one.latencies(run("mobile")));
  });
});
