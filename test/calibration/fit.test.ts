import { mean } from "simple-statistics";
import { describe, expect, test } from "vitest";
import { calibrate, calibratedFrom, calibrationDocument, cellsOf, Fit, validate } from "../../src/calibration/index.ts";
import { calibrationSchema } from "../../src/formats/calibration.ts";
import type { MeasuredRun } from "../../src/formats/runs.ts";
import { RandomStream } from "../../src/random/index.ts";
import { measured, WORLD } from "./synthetic.ts";

const near = (run: MeasuredRun) => run.links["mobile>edge"]!.bandwidth_bps!;
const far = (run: MeasuredRun) => run.links["edge>cloud"]?.bandwidth_bps ?? 200e6;
/** The fastest network, and each link alone at its slowest. */
const corner = (run: MeasuredRun) =>
  [near(run), far(run)].every((rate) => rate === 200e6 || rate === 1e6) && near(run) + far(run) > 2e6;

describe("fitting to end-to-end latencies", () => {
  test("three networks of each configuration predict all others", () => {
    const runs = measured({ ...WORLD, scatter: 0.003 });
    const found = validate([{ fit: runs.filter(corner), predict: runs.filter((run) => !corner(run)) }]);
    expect(found.n).toBeGreaterThan(100);
    expect(found.mape).toBeLessThan(0.02);
    expect(found.baselines.map(({ mape }) => mape).every((mape) => mape > found.mape)).toBe(true);
    expect(found.regret.operator!.p95).toBeLessThan(0.02);
    expect(found.regret.placement!.p95).toBeLessThan(0.02);
  });

  test("a bucket that is not what was assumed is found where the networks show it", () => {
    const runs = measured({ ...WORLD, burst_s: 0.7, scatter: 0.003 });
    const { model, posterior } = new Fit(cellsOf(runs));
    const burst = Math.exp(posterior.values[model.unknowns.find("burst of mobile>edge")!]!);
    expect(burst).toBeGreaterThan(0.63);
    expect(burst).toBeLessThan(0.77);
  });

  test("inputs that are fetched first are noticed, and only these", () => {
    const fetching = measured({ ...WORLD, route: { ...WORLD.route, fetches: true } });
    expect(new Fit(cellsOf(fetching)).model.route.fetches).toBe(true);
    expect(new Fit(cellsOf(measured(WORLD))).model.route.fetches).toBe(false);
    // Without requests that stay on the first tier, those that go through tell.
    const through = fetching.filter(({ placement }) => placement !== "mobile");
    expect(new Fit(cellsOf(through)).model.route.fetches).toBe(true);
  });

  test("at rates that were not fitted the machine may have been slower, and predictions know", () => {
    const runs = measured({ ...WORLD, scatter: 0.003 });
    const fit = new Fit(cellsOf(runs.filter(corner)));
    const spreadAt = (rate: number) => {
      const run = runs.find((one) => one.placement === "cloud" && near(one) === rate && far(one) === rate)!;
      return fit.predict(run, 1, false).spread;
    };
    expect(spreadAt(200e6)).toBeLessThan(0.02);
    expect(spreadAt(50e6)).toBeGreaterThan(0.05);
  });

  test("one wild cell does not spoil the others", () => {
    const runs = measured({ ...WORLD, scatter: 0.003 });
    const wild = (run: MeasuredRun) =>
      run.model === "small" &&
      run.operator === "sptq" &&
      run.placement === "cloud" &&
      near(run) === 50e6 &&
      far(run) === 50e6;
    const spoilt = runs.map((run) => (wild(run) ? { ...run, latency_s: run.latency_s! * 4 } : run));
    const fit = new Fit(cellsOf(spoilt));
    const errors = cellsOf(runs.filter((run) => !wild(run))).map((cell) => {
      const { latency_s } = fit.predict(cell.run, cell.summary.n, cell.summary.from_start);
      return Math.abs(latency_s / cell.summary.median_s - 1);
    });
    expect(mean(errors)).toBeLessThan(0.01);
    const wildest = cellsOf(runs.filter(wild))[0]!;
    expect(fit.predict(wildest.run, 6, true).latency_s / wildest.summary.median_s).toBeCloseTo(1, 1);
  });

  test("failed requests are left out", () => {
    const runs = measured(WORLD, { models: ["small"], operators: ["identity"] });
    const failed = runs.map((run, i) =>
      i % 6 === 2 ? { ...run, latency_s: null, error: "edge did not answer" } : run,
    );
    const cells = cellsOf(failed);
    expect(cells.every(({ summary }) => summary.n === 5)).toBe(true);
    expect(cellsOf(failed.filter(({ error }) => error))).toEqual([]);
  });

  test("conditions that were not fitted are said to be extrapolated", () => {
    const runs = measured(WORLD);
    const fit = new Fit(cellsOf(runs.filter(({ operator }) => operator === "identity")));
    const cell = cellsOf(runs.filter(({ operator }) => operator === "sptq"))[0]!;
    const prediction = fit.predict(cell.run, 6, true);
    expect(prediction.extrapolates).toEqual(["operator sptq"]);
    const known = cellsOf(runs)[0]!;
    expect(fit.predict(known.run, 6, true).extrapolates).toEqual([]);
    expect(prediction.spread).toBeGreaterThan(3 * fit.predict(known.run, 6, true).spread);
    const faster = { ...known.run, links: { "mobile>edge": { bandwidth_bps: 1e9 } } };
    expect(fit.predict(faster, 6, true).extrapolates).toEqual(["mobile>edge at 1000 Mbit/s"]);
  });

  test("90 % intervals hold about 90 % of the cells that were not fitted", () => {
    const covered: number[] = [];
    for (let seed = 1; seed <= 4; seed++) {
      const runs = measured({ ...WORLD, scatter: 0.05 }, { seed });
      const coin = new RandomStream(seed);
      const cells = new Map<string, number>();
      const fold = (run: MeasuredRun) => {
        const key = JSON.stringify([run.model, run.operator, run.placement, run.links]);
        if (!cells.has(key)) cells.set(key, coin.uniform() < 0.5 ? 0 : 1);
        return cells.get(key)!;
      };
      const found = validate([
        { fit: runs.filter((run) => fold(run) === 0), predict: runs.filter((run) => fold(run) === 1) },
      ]);
      covered.push(found.coverage_90);
    }
    expect(mean(covered)).toBeGreaterThan(0.82);
    expect(mean(covered)).toBeLessThan(0.99);
  });

  test("a calibration's file predicts what the calibration did", () => {
    const calibrated = calibrate(measured(WORLD, { models: ["small"] }));
    const document = calibrationSchema.parse(JSON.parse(JSON.stringify(calibrationDocument(calibrated, "runs.csv"))));
    const again = calibratedFrom(document);
    for (const { run, summary } of cellsOf(measured(WORLD, { seed: 2 }))) {
      const before = calibrated.fit.predict(run, summary.n, true);
      const after = again.fit.predict(run, summary.n, true);
      expect(after.latency_s).toBeCloseTo(before.latency_s, 9);
      expect(after.spread).toBeCloseTo(before.spread, 4);
      expect(after.extrapolates).toEqual(before.extrapolates);
    }
  });

  test("parameters that no run can show are said to be assumed", () => {
    const oneNetwork = measured(WORLD).filter((run) => near(run) === 200e6 && far(run) === 200e6);
    const { parameters } = calibrationDocument(calibrate(oneNetwork), "runs.csv");
    const identified = (name: string) => parameters.find((parameter) => parameter.name === name)!.identified;
    expect(identified("burst of mobile>edge")).toBe(false);
    const all = calibrationDocument(calibrate(measured(WORLD)), "runs.csv").parameters;
    expect(all.find(({ name }) => name.startsWith("input of large"))!.identified).toBe(true);
  });
});
