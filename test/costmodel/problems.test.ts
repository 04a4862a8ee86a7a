import { test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { compilePipeline, crossover, loadModel, type PredictOptions, predict } from "../../src/costmodel/index.ts";
import { Problem } from "../../src/formats/problem.ts";
import type { Profile } from "../../src/formats/profile.ts";
import { type Chain, cutAfter, profileOf } from "./profiles.ts";
import { PAIR, topologyOf } from "./topologies.ts";

const CHAIN: Chain = {
  kernels: [1, 2, 3].map((ms) => ({ median_s: ms / 1000, spread_s: 0 })),
  cuts: [
    { elements: [1000], boundary_s: 0 },
    { elements: [1000], boundary_s: 0 },
  ],
  weight_bytes: 4000,
  inputElements: 10,
  outputElements: 10,
  threads: 1,
  overhead_s: 0,
};
const profile = profileOf(CHAIN);
const pair = topologyOf(PAIR);

const expectProblem = (attempt: () => unknown, message: string | RegExp) => {
  expect(attempt).toThrow(Problem);
  expect(attempt).toThrow(message);
};

describe("what cannot be predicted", () => {
  test.each<[string, PredictOptions, string]>([
    ["a tier", { placements: ["egde"] }, 'unknown tier "egde"; did you mean "edge"? (known: mobile, edge)'],
    ["a tier of a pair", { placements: ["mobile>cloud"] }, 'unknown tier "cloud" (known: mobile, edge)'],
    ["outward order", { placements: ["edge>mobile"] }, 'placement "edge>mobile" is not in the topology\'s order'],
    ["a tier twice", { placements: ["edge>edge"] }, 'placement "edge>edge" is not in the topology\'s order'],
    ["a codec", { codecs: ["float61"] }, 'unknown codec "float61"; did you mean "float16"?'],
    ["a cut", { cuts: "/layer1/Cnv" }, 'unknown cut "/layer1/Cnv"; did you mean "/layer1/Conv"?'],
    ["part of a cut's id", { cuts: "layer1" }, 'unknown cut "layer1"; did you mean "/layer1/Conv"?'],
    ["a cut of a single tier", { placements: ["edge"], cuts: cutAfter(0) }, "runs the whole model"],
  ])("%s", (_, options, message) => expectProblem(() => predict(profile, pair, options), message));

  test("more tiers than cuts", () => {
    const three = topologyOf({
      tiers: [...PAIR.tiers, { name: "cloud" }],
      links: [...PAIR.links, { from: "edge", to: "cloud", bandwidth: 1e6 }],
    });
    const short = profileOf({ ...CHAIN, kernels: CHAIN.kernels.slice(0, 2), cuts: CHAIN.cuts.slice(0, 1) });
    const placements = ["mobile>edge>cloud"];
    expectProblem(() => predict(short, three, { placements }), "needs more cuts than the 1 of chain");
    expectProblem(() => predict(profile, three, { placements, cuts: cutAfter(0) }), "3 tiers need 2 cuts");
    const swapped = `${cutAfter(1)}>${cutAfter(0)}`;
    expectProblem(() => predict(profile, three, { placements, cuts: swapped }), "not in the model's order");
  });

  test("a pipeline on two tiers without a cut", () => {
    expectProblem(() => compilePipeline(profile, pair, { placement: "mobile>edge", cut: null }), "needs a cut");
  });

  test("a model without cuts on two tiers is left out unless asked for", () => {
    const whole = profileOf({ ...CHAIN, kernels: CHAIN.kernels.slice(0, 1), cuts: [] });
    expect(predict(whole, pair).map(({ placement }) => placement)).toEqual(["mobile", "edge"]);
    expectProblem(() => predict(whole, pair, { placements: ["mobile>edge"] }), "needs more cuts than the 0");
  });
});

describe("profiles", () => {
  const threads = (n: number): Profile => ({ ...profile, settings: { ...profile.settings, threads: n } });
  const four = topologyOf({ ...PAIR, tiers: [{ name: "mobile" }, { name: "edge", threads: 4 }] });

  test("of another number of threads are told how to be had", () => {
    expectProblem(
      () => predict(profile, four),
      'tier "edge" runs 4 threads, but chain was profiled with 1 thread; run: tierwise profile chain.onnx --threads 4',
    );
  });

  test("are only needed for the tiers asked for", () => {
    expect(predict(profile, four, { placements: ["mobile"] })).toHaveLength(1);
  });

  test("are picked by each tier's number of threads", () => {
    const kernels = CHAIN.kernels.map((kernel) => ({ ...kernel, median_s: kernel.median_s / 3 }));
    const fast = profileOf({ ...CHAIN, kernels, threads: 4 });
    const [edge, mobile] = predict([profile, fast], four, { placements: ["mobile", "edge"] }).map(
      ({ stages }) => stages.find(({ stage }) => stage === "infer")!.seconds,
    );
    expect(mobile! - edge!).toBeCloseTo(0.004, 9);
  });

  test.each<[string, Profile[], RegExp]>([
    ["none", [], /needs a profile/],
    ["different models", [profile, { ...threads(2), model: { ...profile.model, sha256: "1" } }], /different models/],
    ["different hosts", [profile, { ...threads(2), host: { ...profile.host, id: "other" } }], /different hosts/],
    ["the same threads", [profile, profile], /two of the profiles of chain.onnx are for 1 thread/],
  ])("do not go together: %s", (_, profiles, message) => expectProblem(() => loadModel(profiles), message));

  test("that list kernels they do not have are refused", () => {
    const cuts = profile.cuts.map((cut) => ({ ...cut, head: { ...cut.head, kernels: "0-99" } }));
    expectProblem(() => loadModel({ ...profile, cuts }), 'cut "/layer0/Conv" lists the kernels 0-99, but there are 7');
  });
});

describe("a crossover", () => {
  test("over a link that is not there", () => {
    expectProblem(() => crossover(profile, pair, "mobile>egde", [1e6]), 'unknown link "mobile>egde"; did you mean');
  });

  test.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY])("at a bandwidth of %d", (bandwidth) => {
    expectProblem(() => crossover(profile, pair, "mobile>edge", [bandwidth]), "impossible");
  });
});
