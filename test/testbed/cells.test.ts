import { fc, test as property } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import { type MeasuredRun, measuredRunOf, recordOf } from "../../src/formats/runs.ts";
import { parseScenario } from "../../src/formats/scenario.ts";
import { parseTopology } from "../../src/formats/topology.ts";
import { RandomStream } from "../../src/random/index.ts";
import { type Cell, cellsOf, columnsOf, keyOf, type MeasuredModel, roundOf, rowOf } from "../../src/testbed/cells.ts";
import { poissonTimes } from "../../src/testbed/poisson.ts";

const TOPOLOGY = parseTopology(
  `
tiers: [{ name: mobile, cpu_quota: 0.5 }, { name: edge }, { name: cloud }]
links:
  - { from: mobile, to: edge, bandwidth: 10 Mbit/s, delay: 5 ms, reverse: { bandwidth: 40 Mbit/s } }
  - { from: edge, to: cloud, bandwidth: 100 Mbit/s }`,
  "t.yaml",
);
const MODEL: MeasuredModel = {
  ...{ name: "net", operator: "identity", path: "net.onnx", sha256: "0", shapes: {}, input: new Uint8Array(0) },
  cuts: Array.from({ length: 30 }, (_, i) => `cut${i}`),
  wanted: undefined,
};

function cells(measure: string, models = [MODEL], limits = true): Cell[] {
  const text = `topology: t\nmeasure:\n  models: [net.onnx]\n${measure.replace(/^/gm, "  ")}`;
  return cellsOf(parseScenario(text, "s.yaml").measure!, TOPOLOGY, models, { limits });
}

describe("the product", () => {
  test("by default has every tier and every pair, at three cuts", () => {
    const found = cells("");
    expect(found.map(({ placement, cut }) => `${placement} ${cut ?? ""}`.trim())).toEqual([
      ...["mobile", "edge", "cloud"],
      ...["mobile>edge", "mobile>cloud", "edge>cloud"].flatMap((pair) =>
        ["cut5", "cut15", "cut25"].map((cut) => `${pair} ${cut}`),
      ),
    ]);
  });

  test("does not vary what a placement does not touch", () => {
    const grid = "placements: [mobile, edge]\ncodecs: [raw, json]\nlinks: { edge>cloud: { bandwidth: [1e6, 2e6] } }";
    expect(cells(grid).map(({ placement, codec }) => [placement, codec])).toEqual([
      ["mobile", undefined],
      ["edge", "raw"],
      ["edge", "json"],
    ]);
  });

  test("spans bandwidths, whose other direction keeps its proportion, quotas and threads", () => {
    const found = cells(
      "placements: edge\nlinks: { mobile>edge: { bandwidth: [5 Mbit/s, 20 Mbit/s], delay: 1 ms } }\ntiers: { edge: { cpus: [0.5, 1], threads: [1, 2] } }",
    );
    expect(found).toHaveLength(8);
    expect(found[0]!.links).toEqual({
      "mobile>edge": { bandwidth_bps: 5e6, delay_s: 0.001 },
      "edge>mobile": { bandwidth_bps: 20e6, delay_s: 0.001 },
    });
    expect(found[0]!.tiers).toEqual({ mobile: { cpus: 0.5, threads: 1 }, edge: { cpus: 0.5, threads: 1 } });
  });

  test("leaves quotas out where nothing keeps them", () => {
    const found = cells("placements: edge\ntiers: { edge: { cpus: [0.5, 1] } }", [MODEL], false);
    expect(found).toHaveLength(1);
    expect(found[0]!.tiers).toEqual({ mobile: { threads: 1 }, edge: { threads: 1 } });
  });

  test("lets requests relay over tiers that run nothing, and cuts in two places for three tiers", () => {
    const [far, three] = cells("placements: [mobile>cloud, mobile>edge>cloud]\ncuts: 1");
    expect(far!.visits).toEqual([
      { tier: "mobile", part: { from: null, to: "cut15" } },
      { tier: "edge" },
      { tier: "cloud", part: { from: "cut15", to: null } },
    ]);
    expect(three!.visits[1]).toEqual({ tier: "edge", part: { from: "cut7", to: "cut22" } });
    expect(three!.cut).toBe("cut7>cut22");
  });

  test("takes a sample that the seed decides", () => {
    const keys = (seed: number) => cells(`sample: 5\nseed: ${seed}`).map(({ key }) => key);
    expect(keys(1)).toHaveLength(5);
    expect(keys(1)).toEqual(keys(1));
    expect(keys(1)).not.toEqual(keys(2));
  });

  const MISTAKES: readonly (readonly [string, RegExp])[] = [
    ["placements: mobil", /unknown tier "mobil"/],
    ["links: { mobile>cloud: { bandwidth: 1e6 } }", /unknown link "mobile>cloud"/],
    ["tiers: { moon: { cpus: 1 } }", /unknown tier "moon".*measure/],
    ["cuts: [nowhere]\nplacements: mobile>edge", /net has none of them for 2 tiers/],
    [
      "agents: { edge: { url: 'http://x' } }\nlinks: { mobile>edge: { bandwidth: [1e6, 2e6] } }",
      /nothing shapes the link/,
    ],
    ["placements: edge\nagents: { mobile: { url: 'http://x' } }", /"mobile" runs elsewhere and cannot reach "edge"/],
    ["links: { mobile>edge: { bandwidth: 5 apples } }", /no unit is called 'apples'/],
    ["links: { mobile>edge: { bandwidth: [5e6, 5 apples] } }", /no unit is called 'apples'/],
    ["tiers: { edge: { cpus: [1, 0] } }", /measure\.tiers\.edge\.cpus/],
    ["repeats: 0", /measure\.repeats/],
    ["until: { precision: 5 }", /measure\.until\.precision/],
    ["agents: { edge: { url: 'edge:7411' } }", /measure\.agents\.edge\.url: write a URL/],
  ];
  test.each(MISTAKES)("refuses %s", (measure, says) => {
    expect(() => cells(measure)).toThrow(says);
  });
});

test("each repeat has an order of its own, and every cell once", () => {
  const all = cells("cuts: 10");
  const rounds = [0, 1, 2].map((repeat) => roundOf(all, 7, repeat));
  for (const round of rounds) expect(new Set(round)).toEqual(new Set(all));
  expect(rounds[0]).not.toEqual(rounds[1]);
  expect(rounds[0]).toEqual(roundOf(all, 7, 0));
});

test("rows are measured runs: they read as they were written, and the key survives", () => {
  const all = cells(
    "placements: [mobile, mobile>edge>cloud]\nrates: [closed, 2.5]\nlinks: { mobile>edge: { bandwidth: 0.3 Mbit/s } }",
  );
  const columns = columnsOf(all, TOPOLOGY);
  for (const cell of all) {
    const run: MeasuredRun = rowOf(cell, {
      ...{ request: 3, repeat: 1, latency_s: 0.1 + 0.2 },
      stages: { mobile_infer: 1e-7, mobile_edge_transfer: 0.25 },
      bytes: { "mobile>edge": 7 },
    });
    const record = recordOf(run);
    // The columns are those of what the cells pass.
    for (const column of Object.keys(record))
      if (!/transfer|bytes/.test(column) || cell.visits.length > 1) expect(columns).toContain(column);
    expect(measuredRunOf(record, "row")).toEqual(run);
    expect(keyOf(record)).toBe(cell.key);
  }
  expect(new Set(all.map(({ key }) => key)).size).toBe(all.length);
});

property.prop({ rate: fc.double({ min: 0.01, max: 1000, noNaN: true }), seed: fc.nat() }, { numRuns: 20 })(
  "a Poisson stream comes in order, at about its rate",
  ({ rate, seed }) => {
    const times = poissonTimes(2000, rate, new RandomStream(seed));
    for (let i = 1; i < times.length; i++) expect(times[i]!).toBeGreaterThanOrEqual(times[i - 1]!);
    // The sum of 2,000 exponential gaps is within six of its standard deviations.
    expect(Math.abs(times.at(-1)! * rate - 2000)).toBeLessThan(6 * Math.sqrt(2000));
  },
);
