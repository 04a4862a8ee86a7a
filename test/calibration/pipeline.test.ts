import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { calibrate, calibratedPredictions, cellsOf, Fit, validate } from "../../src/calibration/index.ts";
import { compilePipeline, elapsedFromIdle, elapsedFromIdleAt, loadModel, predict } from "../../src/costmodel/index.ts";
import { Problem } from "../../src/formats/problem.ts";
import { type Profile, profileSchema } from "../../src/formats/profile.ts";
import type { MeasuredRun } from "../../src/formats/runs.ts";
import { parseTopology, type Topology } from "../../src/formats/topology.ts";
import { RandomStream } from "../../src/random/index.ts";
import { Draws } from "../../src/simulator/index.ts";

const [shipped] = readdirSync("profiles").filter((name) => name.endsWith(".json"));
const PROFILE: Profile = profileSchema.parse(JSON.parse(readFileSync(path.join("profiles", shipped!), "utf8")));
const MODEL = loadModel(PROFILE);
const CUTS = [20, 90, 160, 240, 300].map((i) => MODEL.cuts[i]!);

const topologyAt = (mbps: number, more = ""): Topology =>
  parseTopology(
    `tiers: [{ name: mobile }, { name: edge }]\nlinks: [{ from: mobile, to: edge, bandwidth: ${mbps} Mbit/s, delay: 3 ms${more} }]\n`,
    "two.yaml",
  );

/** What really happens in this world: inference takes longer than profiled, coding twice as long, links carry headers. */
const TRUTH = { infer: 1.3, coding: 2, goodput: 0.93, hop_s: 0.8e-3, scatter: 0.01 };

function measuredRuns(): MeasuredRun[] {
  const disturbance = new Draws({ kind: "lognormal", mean: 1, cv: TRUTH.scatter }, new RandomStream(3));
  const choices = [
    { placement: "mobile", cut: null },
    { placement: "edge", cut: null },
    ...CUTS.map((cut) => ({ placement: "mobile>edge", cut })),
  ];
  return choices.flatMap(({ placement, cut }) =>
    (["raw", "json"] as const).flatMap((codec) =>
      [20, 100, 400].flatMap((mbps) => {
        const { stages } = compilePipeline(MODEL, topologyAt(mbps), { placement, cut, codec });
        const real = stages.map((stage) => {
          switch (stage.stage) {
            case "infer":
              return { ...stage, seconds: stage.seconds * TRUTH.infer };
            case "transfer":
              return { ...stage, seconds: (stage.seconds - 3e-3) / TRUTH.goodput + 3e-3 + TRUTH.hop_s };
            default:
              return { ...stage, seconds: stage.seconds * TRUTH.coding };
          }
        });
        return Array.from({ length: 4 }, (_, repeat): MeasuredRun => {
          const stageColumns: Record<string, number> = {};
          for (const { stage, resource, seconds } of real) {
            const column = stage === "transfer" ? "mobile_edge_transfer" : `${resource.slice(5)}_${stage}`;
            stageColumns[column] = (stageColumns[column] ?? 0) + seconds;
          }
          return {
            model: PROFILE.model.name,
            operator: PROFILE.model.operator,
            placement,
            links: { "mobile>edge": { bandwidth_bps: mbps * 1e6, delay_s: 3e-3 } },
            tiers: {},
            request: 0,
            repeat,
            latency_s: real.reduce((sum, { seconds }) => sum + seconds, 0) * disturbance.next(),
            ...(cut === null ? {} : { cut }),
            codec,
            session: "warm",
            stages: stageColumns,
            bytes: {},
          };
        });
      }),
    ),
  );
}

describe("calibrating stages that profiles compile to", () => {
  const runs = measuredRuns();
  const known = { profiles: [PROFILE] };
  const isFitted = ({ cut }: MeasuredRun) => cut === undefined || CUTS.indexOf(cut) % 2 === 0;

  test("the factors of the world are found", () => {
    const { model, posterior } = new Fit(cellsOf(runs), known);
    const found = (name: string) => Math.exp(posterior.values[model.unknowns.find(name)!]!);
    expect(found(`infer of ${PROFILE.model.name}, warm session`)).toBeCloseTo(TRUTH.infer, 1);
    expect(found("encode as json")).toBeCloseTo(TRUTH.coding, 0);
    expect(found("goodput of mobile>edge")).toBeCloseTo(TRUTH.goodput, 1);
  });

  test("cuts that were never run are predicted, better than by the profile alone", () => {
    const found = validate([{ fit: runs.filter(isFitted), predict: runs.filter((run) => !isFitted(run)) }], { known });
    expect(found.mape).toBeLessThan(0.02);
    expect(found.coverage_90).toBeGreaterThan(0.7);
    expect(found.extrapolating).toBe(0);
    const bare = found.baselines.find(({ name }) => name.startsWith("the profile"))!;
    expect(bare.mape).toBeGreaterThan(3 * found.mape);
  });

  test("a calibrated prediction's stages add up to it, and it says what was never measured", () => {
    const calibrated = calibrate(runs, known);
    const topology = topologyAt(100);
    const bare = predict(PROFILE, topology, { cuts: "all" });
    const corrected = calibratedPredictions(bare, PROFILE, topology, calibrated);
    expect(corrected).toHaveLength(bare.length);
    for (const prediction of corrected) {
      const sum = prediction.stages.reduce((total, { seconds }) => total + seconds, 0);
      expect(sum).toBeCloseTo(prediction.latency_s, 9);
      expect(prediction.low_s).toBeLessThan(prediction.latency_s);
      expect(prediction.high_s).toBeGreaterThan(prediction.latency_s);
    }
    const beyond = (placement: string) => corrected.find((one) => one.placement === placement)!.extrapolates;
    expect(beyond("edge")).toEqual([]);
    const faster = topologyAt(900);
    const [prediction] = calibratedPredictions(
      predict(PROFILE, faster, { placements: ["edge"] }),
      PROFILE,
      faster,
      calibrated,
    );
    expect(prediction!.extrapolates).toContain("mobile>edge at 900 Mbit/s");
  });

  const fit = new Fit(cellsOf(runs), known);
  const cross = runs.find(({ placement }) => placement === "mobile>edge")!;
  test.prop([fc.double({ min: 0.05, max: 1, noNaN: true })])(
    "factors are of the work, of which a quota makes what it makes",
    (cores) => {
      // So many that they never limit: neither place was calibrated.
      const free = fit.stages({ ...cross, tiers: { mobile: { cpus: 1000 } } });
      const limited = fit.stages({ ...cross, tiers: { mobile: { cpus: cores } } });
      const throttled = (seconds: number) => elapsedFromIdle(seconds, seconds, { cores, period_s: 0.1 }).mean;
      // The answer comes back to a tier that has its allowance before it; the stages before it share one.
      expect(limited.mobile_infer! + limited.mobile_encode!).toBeCloseTo(
        throttled(free.mobile_infer! + free.mobile_encode!),
        9,
      );
      expect(limited.mobile_decode!).toBeCloseTo(throttled(free.mobile_decode!), 9);
      expect(limited.edge_infer).toBe(free.edge_infer);
    },
  );

  test("where stages were timed medians are fitted, and else the lower third's bound", () => {
    const repeats = (stages: Record<string, number>) =>
      [5, 1, 2, 9, 3].map((latency_s, repeat): MeasuredRun => ({ ...cross, repeat: 1 + repeat, latency_s, stages }));
    const typical = (stages: Record<string, number>) => cellsOf(repeats(stages))[0]!.summary.typical_s;
    expect(typical({ mobile_infer: 1 })).toBe(3);
    expect(typical({})).toBeGreaterThan(1);
    expect(typical({})).toBeLessThan(3);
  });

  test("of throttled stages means are fitted, without the farthest: half of them wait, and none takes the middle", () => {
    const repeats = [10, 10, 60, 60, 60, 10, 60, 10, 60, 900].map(
      (ms, repeat): MeasuredRun => ({
        ...{ ...cross, repeat, tiers: { mobile: { cpus: 0.5 } } },
        stages: { mobile_infer: ms / 1000, mobile_edge_transfer: ms / 1000, edge_infer: ms / 1000 },
      }),
    );
    const { stages_s } = cellsOf(repeats)[0]!.summary;
    expect(stages_s.mobile_infer).toBeCloseTo((3 * 10 + 5 * 60) / 8 / 1000, 12);
    expect(stages_s.mobile_edge_transfer).toBeCloseTo(0.06, 12);
    expect(stages_s.edge_infer).toBeCloseTo(0.06, 12);
  });

  test.prop([fc.double({ min: 0.1, max: 0.9, noNaN: true })])(
    "a throttled request's median is that of the moments at which it may come, between its least and its most",
    (cores) => {
      const whole = runs.find(({ placement, codec }) => placement === "mobile" && codec === "raw")!;
      const free = fit.predict({ ...whole, tiers: { mobile: { cpus: 1000 } } }, 1, false).latency_s;
      const limited = fit.predict({ ...whole, tiers: { mobile: { cpus: cores } } }, 1, false).latency_s;
      const quota = { cores, period_s: 0.1 };
      const infer = fit.stages({ ...whole, tiers: { mobile: { cpus: 1000 } } }).mobile_infer!;
      const moments = Array.from({ length: 999 }, (_, i) =>
        elapsedFromIdleAt(infer, infer, quota, ((i + 0.5) / 999) * 0.1),
      );
      const waits = moments.sort((a, b) => a - b).map((seconds) => seconds - infer);
      // The median of 64 moments lies between neighbouring quantiles of them all.
      expect(limited - free).toBeGreaterThanOrEqual(0.99 * waits[Math.floor(0.44 * 999)]! - 1e-3);
      expect(limited - free).toBeLessThanOrEqual(1.01 * waits[Math.ceil(0.56 * 999)]! + 1e-3);
    },
  );

  test("texts of integers have factors of their own, whatever the model's floats take", () => {
    const integers: Profile = {
      ...PROFILE,
      model: { ...PROFILE.model, name: "integers" },
      tensors: PROFILE.tensors.map((tensor) => ({ ...tensor, dtype: "uint8" as const })),
    };
    const sent = runs.filter(({ codec }) => codec === "json").map((run) => ({ ...run, model: "integers" }));
    const { model } = new Fit(cellsOf([...runs, ...sent]), { profiles: [PROFILE, integers] });
    expect(model.unknowns.find("encode as json of integers")).toBeDefined();
    expect(model.unknowns.find(`encode as json of ${PROFILE.model.name}`)).toBeDefined();
    expect(new Fit(cellsOf(runs), known).model.unknowns.find("encode as json of integers")).toBeUndefined();
  });

  test("what passes a link at once is asked of the runs, but not where a bucket is stated", () => {
    const asks = (topology: Topology) =>
      new Fit(cellsOf(runs), { ...known, topology }).model.unknowns.find("bits passed at once") !== undefined;
    expect(asks(topologyAt(100))).toBe(true);
    expect(asks(topologyAt(100, ", burst: 1 s"))).toBe(false);
  });

  test("a model without a profile is named", () => {
    const other = runs.map((run) => ({ ...run, model: "other" }));
    expect(() => new Fit(cellsOf(other), known)).toThrow(Problem);
    expect(() => new Fit(cellsOf(other), known)).toThrow(/no profile of other \(identity\) was given; there are ch_PP/);
  });
});
