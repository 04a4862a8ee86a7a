import type { Prediction, Stage } from "../../src/formats/prediction.ts";
import type { Profile } from "../../src/formats/profile.ts";
import type { ReportData } from "../../src/report/index.ts";

export interface SampleOptions {
  model?: string;
  nodes?: number;
  kernels?: number;
  cuts?: number;
  /** Names of the tiers, from the device to the data centre. */
  tiers?: string[];
  checks?: number;
  cutName?: (position: number) => string;
  /** Bandwidth of the first link, bits per second. */
  bps?: number;
}

const OPS = [
  ["Conv", 0.42],
  ["com.microsoft.nchwc.Conv", 0.3],
  ["MatMul", 0.1],
  ["Add", 0.03],
  ["Mul", 0.02],
  ["HardSigmoid", 0.015],
  ["GlobalAveragePool", 0.02],
  ["ReorderInput", 0.025],
  ["ReorderOutput", 0.02],
  ["Softmax", 0.01],
  ["Transpose", 0.015],
  ["Concat", 0.01],
  ["Reshape", 0.002],
  ["Slice", 0.004],
  ["LayerNormalization", 0.02],
] as const;
const SPEEDS = [0.32, 1, 4.2, 6, 8];
const WHOLE_S = 0.09;
const INPUT_BYTES = 602_112;
const OUTPUT_BYTES = 4_000;

/** A report over a made-up network of convolutions: the same options give the same report, digit by digit. */
export function sample(options: SampleOptions = {}): ReportData {
  const { tiers = ["mobile", "edge", "cloud"], bps = 20e6, checks = 8 } = options;
  const profile = sampleProfile(options);
  const predictions = predict(profile, tiers, bps);
  const sweep = Array.from({ length: 37 }, (_, index) => 1e6 * 10 ** (index / 12));
  const noise = lcg(3);
  const link = tiers.length > 1 ? `${tiers[0]}>${tiers[1]}` : undefined;
  return {
    format: "tierwise/report",
    version: 1,
    profile,
    topology: {
      name: "campus",
      tiers: tiers.map((name, index) => ({ name, text: `${4 * (index + 1)} cores, ${SPEEDS[index]}× this host` })),
      links: tiers.slice(1).map((to, index) => ({ from: tiers[index]!, to, text: "20 Mbit/s, 4 ms" })),
    },
    codec: "raw",
    predictions,
    ...(link === undefined
      ? {}
      : {
          crossover: {
            link,
            current_bps: bps,
            points: sweep.flatMap((bandwidth_bps) =>
              bestByPlacement(predict(profile, tiers, bandwidth_bps)).map(({ placement, cut, latency_s }) => ({
                bandwidth_bps,
                placement,
                cut,
                latency_s,
              })),
            ),
          },
        }),
    checks: Array.from({ length: checks }, (_, index) => {
      const cut = profile.cuts[(index * 7) % Math.max(profile.cuts.length, 1)];
      const predicted_s = 0.01 + 0.08 * noise();
      const segment = (["head", "tail"] as const)[index % 2]!;
      return {
        cut: index === 0 || cut === undefined ? null : cut.id,
        segment: index === 0 || cut === undefined ? ("whole" as const) : segment,
        predicted_s,
        measured_s: predicted_s * (1 + 0.22 * (noise() - 0.5)),
        low_s: predicted_s * 0.97,
        high_s: predicted_s * 1.03,
      };
    }),
  };
}

/** The profile of the sample: `kernels` kernels over `nodes` nodes, with `cuts` cuts. */
export function sampleProfile(options: SampleOptions = {}): Profile {
  const { model = "mobilenet-like", nodes = 96, kernels = 60, cuts = 40 } = options;
  const { cutName = (position: number) => `p2o.Add.${position}` } = options;
  const noise = lcg(1);
  const weights = Array.from({ length: kernels }, (_, index) => {
    const [op, weight] = index < OPS.length ? OPS[index]! : OPS[Math.floor(noise() ** 2 * OPS.length)]!;
    return { op, weight: weight * (0.3 + noise()) };
  });
  const sum = weights.reduce((total, { weight }) => total + weight, 0);
  const measure = (median_s: number) => ({ median_s, low_s: median_s * 0.98, high_s: median_s * 1.03, samples: 40 });
  const tensor = (name: string, bytes: number) => ({ name, dtype: "float32" as const, shape: [1, bytes / 4], bytes });
  const positions = Array.from({ length: cuts }, (_, index) => Math.round(((index + 1) * nodes) / (cuts + 1)));
  const sizes = positions.map((position) => {
    const depth = position / nodes;
    const spike = noise() < 0.25 ? 0.3 : 1;
    return Math.round((3_200_000 * Math.exp(-5.2 * depth) * (0.5 + noise()) * spike) / 4 + 60) * 4;
  });
  return {
    format: "tierwise/profile",
    version: 1,
    created: "2026-11-20T12:00:00.000Z",
    model: {
      name: model,
      file: "model.onnx",
      fingerprint: "f".repeat(64),
      sha256: "0".repeat(64),
      bytes: 13_600_000,
      operator: "identity",
      parameters: 3_400_000,
      flops: 600e6,
      weight_bytes: 13_600_000,
      inputs: [0],
      outputs: [1],
    },
    host: {
      id: "sample",
      cpu: "Example CPU at 2.4 GHz",
      cores: 2,
      cpu_features: ["avx2"],
      memory_bytes: 8e9,
      platform: "linux-x64",
      node: "v20.20.2",
      runtime: "onnxruntime-node 1.30.0",
    },
    settings: {
      threads: 1,
      optimisation: "all",
      trace_cost_s: 2e-7,
      load_average: 0.12,
      budget_s: 60,
      converged: true,
      relative_ci: 0.014,
    },
    session: {
      cold_load: measure(0.08),
      first_load_s: 0.14,
      base_s: 0.02,
      per_kernel_s: 1e-4,
      per_weight_byte_s: 1e-9,
      resident_bytes: 40e6,
    },
    run: {
      warmup_runs: 10,
      kernels: measure(WHOLE_S * 0.985),
      request: measure(WHOLE_S * 1.01),
      skew: 1.01,
      request_base_s: 4e-4,
      request_per_kernel_s: 2e-5,
      request_per_byte_s: 1e-10,
    },
    nodes: Array.from({ length: nodes }, (_, index) => ({
      name: `n${index}`,
      op: "Conv",
      flops: 600e6 / nodes,
      bytes: 1e6,
      parameters: 0,
    })),
    tensors: [
      tensor("input", INPUT_BYTES),
      tensor("output", OUTPUT_BYTES),
      ...sizes.map((bytes, index) => tensor(`t${index}`, bytes)),
    ],
    kernels: weights.map(({ op, weight }, index) => ({
      ...measure((WHOLE_S * 0.97 * weight) / sum),
      name: `k${index}`,
      op,
      nodes: [index],
      flops: 1e7,
      bytes: 1e6,
    })),
    whole_kernels: kernels,
    cuts: positions.map((position, index) => ({
      id: cutName(position),
      position,
      tensors: [index + 2],
      bytes: sizes[index]!,
      head: { kernels: "0-1", weight_bytes: 1e6, peak_activation_bytes: 4e6 },
      tail: { kernels: "2-3", weight_bytes: 1e6, peak_activation_bytes: 4e6 },
    })),
    codecs: [
      {
        codec: "raw",
        bytes_per_element: 4,
        encode_s_per_element: 1e-9,
        decode_s_per_element: 1e-9,
        encode_base_s: 1e-5,
        decode_base_s: 1e-5,
      },
    ],
  };
}

function predict(profile: Profile, tiers: readonly string[], bps: number): Prediction[] {
  const nodes = profile.nodes.length;
  const speed = (tier: number) => SPEEDS[tier % SPEEDS.length]!;
  const depthTime = (position: number) => WHOLE_S * (1 - (1 - position / nodes) ** 1.35);
  const rate = (link: number) => bps * 5 ** link;
  const carry = (from: number, to: number, bytes: number, direction: Stage["direction"]): Stage[] => {
    const codec = (stage: "encode" | "decode", tier: number): Stage => ({
      stage,
      resource: `tier:${tiers[tier]}`,
      seconds: (1e-4 + bytes * 2e-9) / speed(tier),
      direction,
    });
    const hops: Stage[] = [];
    for (let link = from; link < to; link++) {
      if (link > from) {
        hops.push({ stage: "relay", resource: `tier:${tiers[link]}`, seconds: 2e-3 + bytes * 1e-9, bytes, direction });
      }
      const seconds = (bytes * 8) / rate(link) + 0.004 * (link + 1);
      hops.push({ stage: "transfer", resource: `link:${tiers[link]}>${tiers[link + 1]}`, seconds, bytes, direction });
    }
    const [sender, receiver] = direction === "request" ? [from, to] : [to, from];
    return [codec("encode", sender), ...hops, codec("decode", receiver)];
  };
  const infer = (tier: number, seconds: number): Stage[] => [
    { stage: "load", resource: `tier:${tiers[tier]}`, seconds: 0, direction: "request" },
    { stage: "infer", resource: `tier:${tiers[tier]}`, seconds: seconds / speed(tier), direction: "request" },
  ];
  const done = (placement: string, cut: string | null, stages: Stage[]): Prediction => {
    const latency_s = stages.reduce((sum, { seconds }) => sum + seconds, 0);
    const transferred_bytes = stages.reduce(
      (sum, { stage, bytes }) => sum + (stage === "transfer" ? (bytes ?? 0) : 0),
      0,
    );
    const interval = { low_s: latency_s * 0.96, high_s: latency_s * 1.05 };
    return { placement, cut, codec: "raw", latency_s, ...interval, transferred_bytes, feasible: true, stages };
  };
  return tiers.flatMap((head, from) => {
    const reach = from === 0 ? [] : carry(0, from, INPUT_BYTES, "request");
    const back = (to: number) => (to === 0 ? [] : carry(0, to, OUTPUT_BYTES, "response"));
    const whole = done(head, null, [...reach, ...infer(from, WHOLE_S), ...back(from)]);
    const splits = tiers.slice(from + 1).flatMap((tail, index) => {
      const to = from + 1 + index;
      return profile.cuts.map(({ id, position, bytes }) =>
        done(`${head}>${tail}`, id, [
          ...reach,
          ...infer(from, depthTime(position)),
          ...carry(from, to, bytes, "request"),
          ...infer(to, WHOLE_S - depthTime(position)),
          ...back(to),
        ]),
      );
    });
    return [whole, ...splits];
  });
}

function bestByPlacement(predictions: readonly Prediction[]): Prediction[] {
  const best = new Map<string, Prediction>();
  for (const prediction of predictions) {
    if (prediction.latency_s < (best.get(prediction.placement)?.latency_s ?? Number.POSITIVE_INFINITY)) {
      best.set(prediction.placement, prediction);
    }
  }
  return [...best.values()];
}

/** Numerical Recipes' linear congruential generator: numbers in [0, 1), the same on every machine. */
function lcg(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
