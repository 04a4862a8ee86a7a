import { describe, expect, test } from "vitest";
import {
  bestOverBandwidth,
  bytesByCut,
  CHARTS,
  kernelTime,
  latencyByCut,
  type ReportData,
  reportSchema,
  selfCheck,
  toSvg,
  toVega,
  winner,
} from "../../src/report/index.ts";
import { rowsOf, words } from "./reading.ts";
import { sample } from "./sample.ts";

const longName = (position: number) =>
  `/model/backbone/stages.${position}/attention/${"very_long_name_".repeat(6)}${position}`;

const SAMPLES: Record<string, ReportData> = {
  "a usual model": sample(),
  "a small model": sample({ nodes: 8, kernels: 6, cuts: 5, checks: 3 }),
  "700 cuts with long names": sample({ nodes: 1400, kernels: 400, cuts: 700, cutName: longName }),
  "one cut": sample({ nodes: 3, kernels: 2, cuts: 1 }),
  "no cut and no check": sample({ nodes: 3, kernels: 1, cuts: 0, checks: 0 }),
  "a single tier": sample({ tiers: ["edge"], checks: 1 }),
  "six tiers": sample({ tiers: ["a", "b", "c", "d", "e", "f"] }),
  "long names of tiers": sample({ tiers: ["warehouse-handheld-scanner-3", "on-premises-edge-server", "eu-central-1"] }),
  "nothing that fits": infeasible(sample({ cuts: 4 })),
  "no predictions": { ...sample({ cuts: 4 }), predictions: [] },
  "nothing takes time": atOnce(sample({ cuts: 4, checks: 2 })),
};

describe.each(Object.entries(SAMPLES))("with %s", (_, data) => {
  test("the sample is a report", () => {
    expect(reportSchema.safeParse(data).error).toBeUndefined();
  });

  for (const { name, spec, missing } of CHARTS) {
    test.each([720, 350])(`${name} is drawn %i pixels wide, without a warning`, async (width) => {
      const warnings: string[] = [];
      toVega(spec(data, { width }), (message) => warnings.push(message));
      expect(warnings).toEqual([]);

      const svg = await toSvg(spec(data, { width }));
      expect(Number(/ width="([\d.]+)"/.exec(svg)?.[1])).toBeLessThanOrEqual(width);
      expect(svg).not.toMatch(/NaN|undefined|Infinity/);
      expect(svg.includes("Nothing to draw")).toBe(missing(data) !== undefined);
    });
  }
});

describe("latencyByCut", () => {
  test("names the fastest cut in the headline and over its panel", async () => {
    const data = sample();
    const fastest = data.predictions.reduce((a, b) => (b.latency_s < a.latency_s ? b : a));
    expect(winner(data)).toEqual(fastest);

    const said = await words(latencyByCut(data));
    const milliseconds = `${(fastest.latency_s * 1e3).toFixed(0)} ms`;
    expect(said[0]).toContain(`Cut after ${fastest.cut} on ${fastest.placement}: ${milliseconds}`);
    expect(said).toContain(`${fastest.cut} ${milliseconds}`);
  });

  test("stacks the stages of each cut up to its latency", () => {
    const data = sample({ cuts: 5 });
    const [panel] = rowsOf(latencyByCut(data)).filter((rows) => rows[0] && "y0" in rows[0]);
    const placement = winner(data)!.placement;
    for (const row of panel!) {
      const prediction = data.predictions.find((one) => one.placement === placement && one.cut === row.cut)!;
      const edges = Object.keys(row).filter((key) => /^y\d+$/.test(key));
      const top = Math.max(...edges.map((key) => Number(row[key])));
      expect(top / 1e3).toBeCloseTo(prediction.latency_s, 4);
    }
  });

  test("does not call a placement the best that does not fit", () => {
    const data = sample();
    const best = winner(data)!;
    const crowded = {
      ...data,
      predictions: data.predictions.map((one) =>
        one.placement === best.placement ? { ...one, feasible: false } : one,
      ),
    };
    expect(winner(crowded)?.placement).not.toBe(best.placement);
    expect(JSON.stringify(latencyByCut(crowded).title)).toContain("Pale cuts do not fit in memory.");
  });

  test("keeps the best of 700 cuts among the columns that it draws", () => {
    const data = sample({ nodes: 1400, cuts: 700 });
    const drawn = rowsOf(latencyByCut(data)).flat();
    expect(drawn.length).toBeLessThan(500);
    expect(drawn.some((row) => row.cut === winner(data)!.cut)).toBe(true);
  });
});

test("bestOverBandwidth says where the fastest placement changes", async () => {
  const point = (bandwidth_bps: number, placement: string, latency_s: number) => ({
    bandwidth_bps,
    placement,
    cut: null,
    latency_s,
  });
  const data: ReportData = {
    ...sample(),
    crossover: {
      link: "mobile>edge",
      current_bps: 4e6,
      points: [1e6, 1e7, 1e8].flatMap((bps) => [point(bps, "mobile", 0.1), point(bps, "edge", 1e6 / bps)]),
    },
  };
  const said = await words(bestOverBandwidth(data));
  expect(said[0]).toContain("All on mobile up to 10 Mbit/s, all on edge above; now 4 Mbit/s");
  expect(said).toContain("10 Mbit/s");
  expect(said).toContain("now 4 Mbit/s");
});

test("bestOverBandwidth draws the placements that come nearest to the fastest, and says so", async () => {
  const data = sample({ tiers: ["a", "b", "c", "d", "e", "f"] });
  const drawn = rowsOf(bestOverBandwidth(data)).flat();
  expect(new Set(drawn.flatMap((row) => row.placement ?? [])).size).toBe(9);
  expect(JSON.stringify(bestOverBandwidth(data).title)).toContain("9 placements that come nearest");
});

test("bytesByCut compares the cut's bytes with the input's, both as they travel", async () => {
  const data = sample();
  const said = await words(bytesByCut(data));
  const cut = data.profile.cuts.find(({ id }) => id === winner(data)!.cut)!;
  expect(said[0]).toBe(
    `The cut after ${cut.id} moves ${Math.round(602_112 / cut.bytes)}× fewer bytes than sending the input`,
  );
  expect(said).toEqual(expect.arrayContaining(["input", "602 kB", "output", "4 kB"]));
});

test("kernelTime's shares add up to the whole run", () => {
  const { profile } = sample();
  const [rows] = rowsOf(kernelTime(sample()));
  const total = rows!.reduce((sum, row) => sum + Number(row.ms), 0);
  const kernels = profile.kernels.reduce((sum, { median_s }) => sum + median_s, 0) * profile.run.skew;
  const outside = profile.run.request.median_s - profile.run.kernels.median_s;
  expect(total / 1e3).toBeCloseTo(kernels + outside, 4);
  expect(rows!.map((row) => row.ms)).toContain(Math.max(...rows!.map((row) => Number(row.ms))));
});

test("selfCheck counts what lies within 8 %", async () => {
  const check = (measured_s: number) => ({
    cut: null,
    segment: "whole" as const,
    predicted_s: 0.1,
    measured_s,
    low_s: 0.099,
    high_s: 0.101,
  });
  const said = await words(selfCheck({ ...sample(), checks: [check(0.1), check(0.096), check(0.08)] }));
  expect(said[0]).toBe("2 of 3 predictions within 8 % of measured; median error 4.2 %");
  expect(said).toEqual(expect.arrayContaining(["0.0 %", "+4.2 %", "+25 %"]));
});

test.each(CHARTS)("$name compiles to the Vega that was looked at", async ({ name, spec }) => {
  const vega = toVega(spec(sample({ nodes: 8, kernels: 6, cuts: 5, checks: 3 })));
  await expect(`${JSON.stringify(vega, null, 1)}\n`).toMatchFileSnapshot(`golden/${name}.vg.golden`);
});

function infeasible(data: ReportData): ReportData {
  const because = { feasible: false, infeasible_because: "the head needs 3 GB of 2 GB" };
  return { ...data, predictions: data.predictions.map((prediction) => ({ ...prediction, ...because })) };
}

function atOnce(data: ReportData): ReportData {
  const none = { latency_s: 0, low_s: 0, high_s: 0 };
  return {
    ...data,
    predictions: data.predictions.map((prediction) => ({
      ...prediction,
      ...none,
      stages: prediction.stages.map((stage) => ({ ...stage, seconds: 0 })),
    })),
    crossover: { ...data.crossover!, points: data.crossover!.points.map((point) => ({ ...point, latency_s: 0 })) },
    checks: data.checks.map((check) => ({ ...check, measured_s: 0 })),
  };
}
