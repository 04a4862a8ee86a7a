import fc from "fast-check";
import type { TensorInfo } from "../../src/formats/common.ts";
import type { CodecCost, Profile } from "../../src/formats/profile.ts";

/** What a synthetic profile is made from: a chain of nodes, one kernel each, with a cut after each but the last. */
export interface Chain {
  /** Seconds of each kernel: median, and how far the interval reaches to both sides. */
  readonly kernels: readonly { readonly median_s: number; readonly spread_s: number }[];
  /** What crosses each cut, and the seconds of the boundary kernel that it adds to its head and its tail. */
  readonly cuts: readonly { readonly elements: readonly number[]; readonly boundary_s: number }[];
  readonly weight_bytes: number;
  readonly inputElements: number;
  readonly outputElements: number;
  readonly threads: number;
  readonly overhead_s: number;
}

export const CODEC_COSTS: readonly CodecCost[] = [
  cost("json", 10.9, 120e-9, 90e-9),
  cost("base64", 16 / 3, 12e-9, 25e-9),
  cost("raw", 4, 0.6e-9, 0.2e-9),
  cost("float16", 2, 5e-9, 5e-9),
];

function cost(codec: CodecCost["codec"], bytes_per_element: number, encode: number, decode: number): CodecCost {
  return {
    codec,
    bytes_per_element,
    encode_s_per_element: encode,
    decode_s_per_element: decode,
    encode_base_s: 5e-6,
    decode_base_s: 5e-6,
  };
}

/** The id of the cut after the node with this index. */
export const cutAfter = (node: number) => `/layer${node}/Conv`;

/** Builds the profile of a chain. Cut i has the boundary kernels 2i (head) and 2i + 1 (tail) after the whole's. */
export function profileOf(chain: Chain): Profile {
  const whole = chain.kernels.length;
  const tensors: TensorInfo[] = [];
  const tensor = (elements: number) => {
    const name = `t${tensors.length}`;
    return tensors.push({ name, dtype: "float32", shape: [elements], bytes: elements * 4 }) - 1;
  };
  const measured = (median_s: number, spread_s: number) => ({
    median_s,
    low_s: Math.max(0, median_s - spread_s),
    high_s: median_s + spread_s,
    samples: 20,
  });
  const kernel = (name: string, median_s: number, spread_s: number, nodes: number[]) => ({
    ...measured(median_s, spread_s),
    name,
    op: "Conv",
    nodes,
    flops: 0,
    bytes: 0,
  });
  const inputs = [tensor(chain.inputElements)];
  const outputs = [tensor(chain.outputElements)];
  const peak = 4 * Math.max(...chain.cuts.flatMap(({ elements }) => elements), chain.inputElements);
  const segment = (kernels: string, share: number) => ({
    kernels,
    weight_bytes: Math.round(chain.weight_bytes * share),
    peak_activation_bytes: peak,
  });
  const total_s = chain.kernels.reduce((sum, { median_s }) => sum + median_s, 0);
  return {
    format: "tierwise/profile",
    version: 1,
    created: "2026-01-01T00:00:00Z",
    model: {
      name: "chain",
      file: "chain.onnx",
      fingerprint: "f".repeat(64),
      sha256: "0".repeat(64),
      bytes: chain.weight_bytes,
      operator: "identity",
      parameters: chain.weight_bytes / 4,
      flops: 0,
      weight_bytes: chain.weight_bytes,
      inputs,
      outputs,
    },
    host: {
      id: "host",
      cpu: "cpu",
      cores: 2,
      cpu_features: [],
      memory_bytes: 8e9,
      platform: "linux-x64",
      node: "20",
      runtime: "onnxruntime 1",
    },
    settings: {
      threads: chain.threads,
      optimisation: "all",
      trace_cost_s: 0,
      load_average: 0,
      budget_s: 10,
      converged: true,
      relative_ci: 0.01,
    },
    session: {
      cold_load: measured(0.1, 0),
      first_load_s: 0.2,
      base_s: 0.01,
      per_kernel_s: 1e-4,
      per_weight_byte_s: 1e-9,
      resident_bytes: 2 * chain.weight_bytes,
    },
    run: {
      warmup_runs: 3,
      kernels: measured(total_s, 0),
      request: measured(total_s + chain.overhead_s, 0),
      skew: 1,
      request_base_s: chain.overhead_s,
      request_per_kernel_s: 1e-6,
      request_per_byte_s: 1e-11,
    },
    nodes: chain.kernels.map((_, i) => ({ name: `/layer${i}/Conv`, op: "Conv", flops: 0, bytes: 0, parameters: 0 })),
    tensors,
    kernels: [
      ...chain.kernels.map(({ median_s, spread_s }, i) => kernel(`k${i}`, median_s, spread_s, [i])),
      ...chain.cuts.flatMap(({ boundary_s }, i) => [
        kernel(`head${i}`, boundary_s, 0, [i]),
        kernel(`tail${i}`, boundary_s, 0, [i + 1]),
      ]),
    ],
    whole_kernels: whole,
    cuts: chain.cuts.map(({ elements }, i) => ({
      id: cutAfter(i),
      position: i + 1,
      tensors: elements.map(tensor),
      bytes: elements.reduce((sum, n) => sum + n * 4, 0),
      head: segment(`0-${i},${whole + 2 * i}`, (i + 1) / whole),
      tail: segment(`${i + 1}-${whole - 1},${whole + 2 * i + 1}`, 1 - (i + 1) / whole),
    })),
    codecs: [...CODEC_COSTS],
  };
}

const seconds = fc.double({ min: 0, max: 0.1, noNaN: true });
const elements = fc.integer({ min: 1, max: 500_000 });

/** A deep network: tensors shrink and kernels vary in a fixed pattern. */
export function deepChain(kernels: number): Chain {
  return {
    kernels: Array.from({ length: kernels }, (_, i) => ({ median_s: (50 + ((i * 37) % 101)) * 1e-6, spread_s: 1e-6 })),
    cuts: Array.from({ length: kernels - 1 }, (_, i) => ({
      elements: [Math.round(800_000 / 2 ** ((6 * i) / kernels)) + ((i * 7919) % 997)],
      boundary_s: ((i * 13) % 29) * 1e-6,
    })),
    weight_bytes: 100e6,
    inputElements: 150_528,
    outputElements: 1000,
    threads: 1,
    overhead_s: 1e-4,
  };
}

/** Chains of two to six kernels. */
export const chain: fc.Arbitrary<Chain> = fc.integer({ min: 2, max: 6 }).chain((length) =>
  fc.record({
    kernels: fc.array(fc.record({ median_s: seconds, spread_s: fc.double({ min: 0, max: 0.01, noNaN: true }) }), {
      minLength: length,
      maxLength: length,
    }),
    cuts: fc.array(
      fc.record({
        elements: fc.array(elements, { minLength: 1, maxLength: 2 }),
        boundary_s: fc.double({ min: 0, max: 0.005, noNaN: true }),
      }),
      { minLength: length - 1, maxLength: length - 1 },
    ),
    weight_bytes: fc.integer({ min: 1, max: 100 }).map((mega) => mega * 4e6),
    inputElements: elements,
    outputElements: fc.integer({ min: 1, max: 1000 }),
    threads: fc.constantFrom(1, 2, 4),
    overhead_s: fc.double({ min: 0, max: 0.001, noNaN: true }),
  }),
);
