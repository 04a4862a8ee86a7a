import { type Work, workOf } from "../../src/devices/index.ts";
import type { Bench, Device } from "../../src/formats/device.ts";
import type { Profile, ProfileNode } from "../../src/formats/profile.ts";
import { CODEC_COSTS, profileOf } from "../costmodel/profiles.ts";

/** A made-up machine: what it takes for a kernel follows from these numbers alone. */
export interface Machine {
  readonly name: string;
  readonly flops_per_s: number;
  readonly bytes_per_s: number;
  readonly overhead_s: number;
  readonly threads: number;
  /** Seconds are multiplied by this, as a function of the kernel. */
  readonly quirk?: (work: Work) => number;
}

export const HERE: Machine = { name: "here", flops_per_s: 1e11, bytes_per_s: 2e10, overhead_s: 2e-6, threads: 1 };

/** Node and kernel of a convolution of so many channels over a square map. */
export function convolution(channels: number, side: number, kernel = 3): ProfileNode {
  const flops = 2 * channels * channels * kernel ** 2 * side ** 2;
  return {
    name: `conv${channels}x${side}x${kernel}`,
    op: "Conv",
    flops,
    bytes: 8 * channels * side ** 2 + 4 * channels ** 2 * kernel ** 2,
    parameters: channels ** 2 * kernel ** 2,
    shapes: {
      inputs: [
        [1, channels, side, side],
        [channels, channels, kernel, kernel],
      ],
      output: [1, channels, side, side],
    },
    attributes: { kernel_shape: [kernel, kernel], strides: [1, 1], group: 1 },
  };
}

export function relu(channels: number, side: number): ProfileNode {
  const elements = channels * side ** 2;
  return {
    name: `relu${channels}x${side}`,
    op: "Relu",
    flops: elements,
    bytes: 8 * elements,
    parameters: 0,
    shapes: { inputs: [[1, channels, side, side]], output: [1, channels, side, side] },
    attributes: {},
  };
}

export function secondsOn(machine: Machine, work: Work): number {
  const roof = machine.overhead_s + Math.max(work.flops / machine.flops_per_s, work.bytes / machine.bytes_per_s);
  return roof * (machine.quirk?.(work) ?? 1);
}

export function describe(node: ProfileNode): Work {
  return workOf({ op: node.op, nodes: [node], flops: node.flops, bytes: node.bytes })!;
}

const NODES = [8, 16, 32, 64, 128].flatMap((channels) =>
  [7, 14, 28, 56].flatMap((side) => [
    convolution(channels, side),
    convolution(channels, side, 1),
    relu(channels, side),
  ]),
);

/** The machine's device document, as a bench would write it. */
export function benched(machine: Machine): Device {
  const kernels = NODES.map((node) => {
    const work = describe(node);
    const median_s = secondsOn(machine, work);
    return { ...work, dims: { ...work.dims }, op: node.op, median_s, low_s: median_s, high_s: median_s, samples: 20 };
  });
  const bench: Bench = {
    host: { ...profileOf(EMPTY).host, id: machine.name },
    threads: machine.threads,
    created: "2026-01-01T00:00:00Z",
    seconds: 1,
    load_average: 0,
    passes: 1,
    trace_cost_s: 0,
    trace_cost_per_input_s: 0,
    kernels,
    run: { request_base_s: machine.overhead_s, request_per_kernel_s: 0, request_per_byte_s: 0 },
    session: { base_s: 0.01, per_kernel_s: 0, per_weight_byte_s: 1e-9 },
    codecs: [...CODEC_COSTS],
  };
  const figure = (value: number) => ({
    value,
    source: "made up",
    date: "2026-01-01",
    measured: true,
    verified: true,
  });
  return {
    format: "tierwise/device",
    version: 1,
    name: machine.name,
    title: machine.name,
    kind: "host",
    peak_flops_per_s: { float32: figure(machine.flops_per_s) },
    memory_bandwidth_bytes_per_s: figure(machine.bytes_per_s),
    bench,
  };
}

const EMPTY = {
  kernels: [{ median_s: 0, spread_s: 0 }],
  cuts: [],
  weight_bytes: 4e6,
  inputElements: 1000,
  outputElements: 10,
  threads: 1,
  overhead_s: 1e-5,
};

/** The profile of a chain of nodes as it would be measured on the machine. */
export function profiled(machine: Machine, nodes: readonly ProfileNode[]): Profile {
  const times = nodes.map((node) => secondsOn(machine, describe(node)));
  const profile = profileOf({
    ...EMPTY,
    kernels: times.map((median_s) => ({ median_s, spread_s: 0 })),
    cuts: nodes.slice(1).map(() => ({ elements: [100], boundary_s: 0 })),
    threads: machine.threads,
    overhead_s: machine.overhead_s,
  });
  return {
    ...profile,
    host: { ...profile.host, id: machine.name },
    nodes: [...nodes],
    kernels: profile.kernels.map((kernel) => {
      const node = nodes[kernel.nodes[0]!]!;
      return { ...kernel, op: node.op, flops: node.flops, bytes: node.bytes };
    }),
  };
}
