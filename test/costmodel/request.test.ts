import { test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { compilePipeline, elapsedFromIdle, predict } from "../../src/costmodel/index.ts";
import type { Stage } from "../../src/formats/prediction.ts";
import type { TopologyDocument } from "../../src/formats/topology.ts";
import { type Chain, CODEC_COSTS, cutAfter, profileOf } from "./profiles.ts";
import { PAIR, topologyOf } from "./topologies.ts";

/** Three kernels of 10, 20 and 30 ms; 250,000 elements, that is 1 MB, cross the first cut and 25,000 the second. */
const CHAIN: Chain = {
  kernels: [10, 20, 30].map((ms) => ({ median_s: ms / 1000, spread_s: ms / 10_000 })),
  cuts: [
    { elements: [250_000], boundary_s: 0.001 },
    { elements: [25_000], boundary_s: 0.002 },
  ],
  weight_bytes: 30_000_000,
  inputElements: 150_000,
  outputElements: 10,
  threads: 1,
  overhead_s: 0,
};
const profile = withoutOverheads(CHAIN);
const raw = CODEC_COSTS.find(({ codec }) => codec === "raw")!;

function withoutOverheads(chain: Chain) {
  const made = profileOf(chain);
  return { ...made, run: { ...made.run, request_per_kernel_s: 0, request_per_byte_s: 0 } };
}

const ROW = {
  tiers: [{ name: "a" }, { name: "b" }, { name: "c" }],
  links: [
    { from: "a", to: "b", bandwidth: "80 Mbit/s", delay: "2 ms" },
    { from: "b", to: "c", bandwidth: "8 Mbit/s", delay: "10 ms", reverse: { bandwidth: "16 Mbit/s" } },
  ],
} satisfies TopologyDocument;

const stagesOf = (document: TopologyDocument, placement: string, cut: string | null = null) =>
  compilePipeline(profile, topologyOf(document), { placement, cut, codec: "raw" }).stages;
const path = (stages: readonly Stage[]) => stages.map(({ stage, resource }) => `${stage} ${resource.split(":")[1]}`);
const find = (stages: readonly Stage[], stage: Stage["stage"], on: string) =>
  stages.find((candidate) => candidate.stage === stage && candidate.resource.endsWith(`:${on}`))!;

describe("the way of a request", () => {
  test("to the tier where it enters is just inference", () => {
    expect(path(stagesOf(ROW, "a"))).toEqual(["infer a"]);
  });

  test("goes through tiers in between, and back", () => {
    const stages = stagesOf(ROW, "c");
    expect(path(stages)).toEqual([
      ...["encode a", "transfer a>b", "relay b", "transfer b>c", "decode c", "infer c"],
      ...["encode c", "transfer c>b", "relay b", "transfer b>a", "decode a"],
    ]);
    expect(stages.map(({ direction }) => direction)).toEqual([
      ...Array<string>(6).fill("request"),
      ...Array<string>(5).fill("response"),
    ]);
  });

  test("carries the crossing tensors from head to tail", () => {
    expect(path(stagesOf(ROW, "a>b", cutAfter(0)))).toEqual([
      ...["infer a", "encode a", "transfer a>b", "decode b", "infer b"],
      ...["encode b", "transfer b>a", "decode a"],
    ]);
  });

  test("may visit three tiers", () => {
    expect(path(stagesOf(ROW, "a>b>c", `${cutAfter(0)}>${cutAfter(1)}`))).toEqual([
      ...["infer a", "encode a", "transfer a>b", "decode b", "infer b", "encode b", "transfer b>c", "decode c"],
      ...["infer c", "encode c", "transfer c>b", "relay b", "transfer b>a", "decode a"],
    ]);
  });

  test("starts at the tier that the topology says", () => {
    expect(path(stagesOf({ ...ROW, enters: "b" }, "a>b", cutAfter(0)))).toEqual([
      ...["encode b", "transfer b>a", "decode a", "infer a"],
      ...["encode a", "transfer a>b", "decode b", "infer b"],
    ]);
  });

  test("takes the fewest links", () => {
    const links = [...ROW.links, { from: "a", to: "c", bandwidth: "1 kbit/s" }];
    expect(path(stagesOf({ ...ROW, links }, "c")).slice(0, 3)).toEqual(["encode a", "transfer a>c", "decode c"]);
  });

  test("loads each segment where sessions are cold", () => {
    const stages = stagesOf({ ...ROW, session: "cold" }, "a>b", cutAfter(0));
    expect(path(stages).filter((stage) => /load|infer/.test(stage))).toEqual([
      "load a",
      "infer a",
      "load b",
      "infer b",
    ]);
    // 10 ms, 0.1 ms a kernel (with the boundary's), 1 ns a weight byte.
    expect(find(stages, "load", "a").seconds).toBeCloseTo(0.01 + 2e-4 + 10e6 * 1e-9, 12);
    expect(find(stages, "load", "b").seconds).toBeCloseTo(0.01 + 3e-4 + 20e6 * 1e-9, 12);
  });
});

describe("seconds of a stage", () => {
  test("inference runs the segment's kernels, boundary kernels included", () => {
    const stages = stagesOf(ROW, "a>b>c", `${cutAfter(0)}>${cutAfter(1)}`);
    expect(find(stages, "infer", "a").seconds).toBeCloseTo(0.01 + 0.001, 12);
    // Between two cuts: the tail's kernel of the first, the head's kernel of the second.
    expect(find(stages, "infer", "b").seconds).toBeCloseTo(0.02 + 0.001 + 0.002, 12);
    expect(find(stages, "infer", "c").seconds).toBeCloseTo(0.03 + 0.002, 12);
  });

  test("without boundary costs a head or tail of all kernels is the whole model", () => {
    const cuts = CHAIN.cuts.map((cut) => ({ ...cut, boundary_s: 0 }));
    const kernels = [...CHAIN.kernels.slice(0, 2), { median_s: 0, spread_s: 0 }];
    const { stages } = compilePipeline(withoutOverheads({ ...CHAIN, kernels, cuts }), topologyOf(PAIR), {
      placement: "mobile>edge",
      cut: cutAfter(1),
    });
    const whole = compilePipeline(withoutOverheads({ ...CHAIN, kernels, cuts }), topologyOf(PAIR), {
      placement: "mobile",
      cut: null,
    });
    expect(find(stages, "infer", "mobile")).toEqual(whole.stages[0]);
    expect(find(stages, "infer", "edge").seconds).toBe(0);
  });

  test("a request costs its overhead, per run, per kernel and per byte that it makes", () => {
    const run = { ...profile.run, skew: 1.5, request_base_s: 1, request_per_kernel_s: 0.1, request_per_byte_s: 1e-6 };
    const { stages } = compilePipeline({ ...profile, run }, topologyOf(ROW), { placement: "a>b", cut: cutAfter(0) });
    expect(find(stages, "infer", "a").seconds).toBeCloseTo(1.5 * 0.011 + 1 + 0.2 + 1, 12);
    expect(find(stages, "infer", "b").seconds).toBeCloseTo(1.5 * 0.051 + 1 + 0.3 + 40e-6, 12);
  });

  test("a device's speed divides all that its processor does", () => {
    const devices = { slow: { speed: 0.5 } };
    const slow = stagesOf(
      { ...ROW, devices, tiers: [{ name: "a" }, { name: "b", device: "slow" }, { name: "c" }] },
      "c",
    );
    const even = stagesOf(ROW, "c");
    for (const [i, { resource, seconds }] of even.entries()) {
      expect(slow[i]!.seconds).toBeCloseTo(resource === "tier:b" ? 2 * seconds : seconds, 15);
    }
  });

  test("coding scales with the tensor's size, relaying with the message's", () => {
    const stages = stagesOf(ROW, "c");
    expect(find(stages, "encode", "a").seconds).toBeCloseTo(5e-6 + 150_000 * raw.encode_s_per_element, 12);
    expect(find(stages, "decode", "c").seconds).toBeCloseTo(5e-6 + 150_000 * raw.decode_s_per_element, 12);
    const { seconds, bytes } = find(stages, "relay", "b");
    expect(seconds).toBeCloseTo((bytes! / 4) * raw.encode_s_per_element, 12);
  });

  test("a link takes what exceeds its burst at its rate, and its delay", () => {
    const bytes = find(stagesOf(ROW, "c"), "transfer", "a>b").bytes!;
    expect(bytes).toBeGreaterThanOrEqual(600_000);
    expect(bytes).toBeLessThan(600_200);
    const seconds = (burst: string) => {
      const links = ROW.links.map((link) => ({ ...link, burst }));
      return find(stagesOf({ ...ROW, links }, "c"), "transfer", "a>b").seconds;
    };
    expect(seconds("0 B")).toBeCloseTo(bytes / 10e6 + 0.002, 12);
    expect(seconds("100 kB")).toBeCloseTo((bytes - 100_000) / 10e6 + 0.002, 12);
    expect(seconds("20 ms")).toBeCloseTo(bytes / 10e6 - 0.02 + 0.002, 12);
    expect(seconds("1 GB")).toBe(0.002);
  });

  test("the way back has its own bandwidth", () => {
    const stages = stagesOf(ROW, "c");
    const { bytes, seconds } = find(stages, "transfer", "c>b");
    expect(seconds).toBeCloseTo((bytes! * 8) / 16e6 + 0.01, 12);
  });

  test("under a quota a tier's stages share one allowance", () => {
    const tiers = [{ name: "a", cpu_quota: 0.25, cpu_period: "100 ms" }, { name: "b" }, { name: "c" }];
    const throttled = stagesOf({ ...ROW, tiers, session: "cold" }, "a>b", cutAfter(0)).slice(0, 3);
    const free = stagesOf({ ...ROW, session: "cold" }, "a>b", cutAfter(0)).slice(0, 3);
    const sum = (stages: readonly Stage[]) => stages.reduce((total, { seconds }) => total + seconds, 0);
    // Load and inference take 20.2 + 11 ms: each fits into the 25 ms of a period, both together do not.
    expect(throttled[0]!.seconds).toBe(free[0]!.seconds);
    expect(throttled[1]!.seconds).toBeGreaterThan(free[1]!.seconds);
    expect(sum(throttled)).toBeCloseTo(elapsedFromIdle(sum(free), sum(free), { cores: 0.25, period_s: 0.1 }).mean, 12);
  });

  test("inference on several threads burns the quota several times as fast", () => {
    const two = { ...profile, settings: { ...profile.settings, threads: 2 } };
    const topology = topologyOf({ tiers: [{ name: "a", threads: 2, cpu_quota: 0.5 }] });
    const [infer] = compilePipeline(two, topology, { placement: "a", cut: null }).stages;
    expect(infer!.seconds).toBeCloseTo(elapsedFromIdle(0.12, 0.06, { cores: 0.5, period_s: 0.1 }).mean, 12);
  });
});

describe("bytes on the wire", () => {
  test.each([
    ["raw", 1_000_000],
    ["float16", 500_000],
    ["base64", 1_333_336],
    ["json", 10.9 * 250_000],
  ] as const)("%s", (codec, expected) => {
    const cut = { placement: "a>b", cut: cutAfter(0), codec };
    const { bytes } = find(compilePipeline(profile, topologyOf(ROW), cut).stages, "transfer", "a>b");
    expect(bytes! - expected).toBeGreaterThan(0);
    expect(bytes! - expected).toBeLessThan(150);
  });

  test("json takes the measured length of the text where the profile has it", () => {
    const tensors = profile.tensors.map((tensor) => ({ ...tensor, json_bytes: 500_000 }));
    const cut = { placement: "a>b", cut: cutAfter(0), codec: "json" };
    const { bytes } = find(compilePipeline({ ...profile, tensors }, topologyOf(ROW), cut).stages, "transfer", "a>b");
    expect(Math.round(bytes! / 1000)).toBe(500);
  });

  test("json of integers takes what was measured of it, by its text's length", () => {
    const tensors = profile.tensors.map((tensor) => ({ ...tensor, dtype: "uint8" as const, json_bytes: 500_000 }));
    const integers = { encode_s_per_byte: 20e-9, decode_s_per_byte: 8e-9 };
    const codecs = profile.codecs.map((cost) => (cost.codec === "json" ? { ...cost, integers } : cost));
    const cut = { placement: "a>b", cut: cutAfter(0), codec: "json" };
    const secondsOf = (changed: Partial<typeof profile>, stage: "encode" | "decode") =>
      find(
        compilePipeline({ ...profile, ...changed }, topologyOf(ROW), cut).stages,
        stage,
        stage === "encode" ? "a" : "b",
      ).seconds;
    expect(secondsOf({ tensors, codecs }, "encode")).toBeCloseTo(5e-6 + 500_000 * 20e-9, 12);
    expect(secondsOf({ tensors, codecs }, "decode")).toBeCloseTo(5e-6 + 500_000 * 8e-9, 12);
    // Floats of as many bytes take what floats do, and so do integers where the profile is an older one.
    const asFloats = 5e-6 + (500_000 * 120e-9) / 10.9;
    const floats = profile.tensors.map((tensor) => ({ ...tensor, json_bytes: 500_000 }));
    expect(secondsOf({ tensors: floats, codecs }, "encode")).toBeCloseTo(asFloats, 12);
    expect(secondsOf({ tensors }, "encode")).toBeCloseTo(asFloats, 12);
  });

  test("float16 halves no other type", () => {
    const tensors = profile.tensors.map((tensor) => ({ ...tensor, dtype: "int32" as const }));
    const cut = { placement: "a>b", cut: cutAfter(0), codec: "float16" };
    const { bytes } = find(compilePipeline({ ...profile, tensors }, topologyOf(ROW), cut).stages, "transfer", "a>b");
    expect(bytes).toBeGreaterThan(1_000_000);
  });

  test("float16 passes on what is no float32 in the time that raw takes, and not in that of rounding", () => {
    const tensors = profile.tensors.map((tensor) => ({ ...tensor, dtype: "uint8" as const }));
    const codings = (codec: "float16" | "raw") => {
      const { stages } = compilePipeline({ ...profile, tensors }, topologyOf(ROW), {
        placement: "a>b",
        cut: cutAfter(0),
        codec,
      });
      const base = profile.codecs.find((cost) => cost.codec === codec)!;
      return [
        find(stages, "encode", "a").seconds - base.encode_base_s,
        find(stages, "decode", "b").seconds - base.decode_base_s,
      ];
    };
    const [encode, decode] = codings("float16");
    expect(encode).toBeCloseTo(codings("raw")[0]!, 12);
    expect(decode).toBeCloseTo(codings("raw")[1]!, 12);
  });

  test("what is relayed counts on each link", () => {
    const [prediction] = predict(profile, topologyOf(ROW), { placements: ["c"], codecs: ["raw"] });
    const message = find(prediction!.stages, "transfer", "a>b").bytes!;
    const answer = find(prediction!.stages, "transfer", "c>b").bytes!;
    expect(prediction!.transferred_bytes).toBe(2 * message + 2 * answer);
  });
});

describe("memory", () => {
  const limited = (memory: string) => topologyOf({ ...PAIR, tiers: [{ name: "mobile" }, { name: "edge", memory }] });

  test("a tier that cannot hold the model is not feasible, and says why", () => {
    // 30 MB of weights and 1 MB of activations; the runtime was seen to hold 60 MB.
    const [prediction] = predict(profile, limited("50 MB"), { placements: ["edge"] });
    expect(prediction).toMatchObject({
      feasible: false,
      infeasible_because: "edge has 50 MB of memory, its segment needs 60 MB",
    });
  });

  test("the best cut fits even where a faster one would not", () => {
    const slowMobile = (memory: string) => ({
      ...limited(memory),
      tiers: limited(memory).tiers.map((tier, i) => (i === 0 ? { ...tier, speed: 0.1 } : tier)),
    });
    const best = (memory: string) => predict(profile, slowMobile(memory), { placements: ["mobile>edge"] })[0]!;
    expect(best("1 GB").cut).toBe(cutAfter(0));
    expect(best("30 MB")).toMatchObject({ cut: cutAfter(1), feasible: true });
    expect(best("1 MB").feasible).toBe(false);
  });
});

describe("the interval", () => {
  test("holds all kernels' bounds at once, and nothing of the network", () => {
    const [prediction] = predict(profile, topologyOf(PAIR), { placements: ["edge"] });
    expect(prediction!.latency_s - prediction!.low_s).toBeCloseTo(0.006, 12);
    expect(prediction!.high_s - prediction!.latency_s).toBeCloseTo(0.006, 12);
  });
});
