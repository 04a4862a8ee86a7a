import { fcnnlsVector } from "ml-fcnnls";
import { Matrix } from "ml-matrix";
import { median, quantile } from "simple-statistics";
import type { Profile, ProfileKernel } from "../formats/profile.ts";
import type { Topology } from "../formats/topology.ts";
import type { Baseline } from "./baselines.ts";
import type { Cell } from "./cells.ts";
import { PipelineModel } from "./pipeline.ts";

/**
 * Other ways to know how long kernels take, each in the same pipeline of stages, so that what differs is the kernels alone. Nothing
 * is fitted to runs. The first is our own profile: what calibration adds is the difference to it.
 */
export function rivals(cells: readonly Cell[], profiles: readonly Profile[], topology?: Topology): Baseline[] {
  const kernels = profiles.flatMap((profile) => profile.kernels.slice(0, profile.whole_kernels));
  const peak = {
    flops: quantile(
      kernels.filter(({ flops }) => flops > 0).map(({ flops, median_s }) => flops / median_s),
      0.95,
    ),
    bytes: quantile(
      kernels.map(({ bytes, median_s }) => bytes / median_s),
      0.95,
    ),
  };
  const layer = layerRegression(kernels);
  const estimates: Record<string, (kernel: ProfileKernel, profile: Profile) => number> = {
    "the profile, nothing fitted": ({ median_s }) => median_s,
    "time shared out by FLOPs": ({ flops }, { run, model }) => (run.kernels.median_s * flops) / model.flops,
    "roofline of the profiled host": ({ flops, bytes }) => Math.max(flops / peak.flops, bytes / peak.bytes),
    "regression per kind of layer (Neurosurgeon)": layer,
    "the whole model's time, by number of nodes": ({ nodes }, { run, nodes: all }) =>
      (run.kernels.median_s * nodes.length) / all.length,
  };
  const known: Record<string, readonly Profile[]> = {
    "layers measured, sizes over bandwidth (Scission)": profiles.map(layersAlone),
  };
  for (const [i, [name, estimate]] of Object.entries(estimates).entries()) {
    known[name] =
      i === 0
        ? profiles
        : profiles.map((profile) => withTimes(profile, (kernel: ProfileKernel) => estimate(kernel, profile)));
  }
  return Object.entries(known).map(([name, own]) => {
    const model = new PipelineModel(cells, own, topology);
    return {
      name,
      predict: (run) => {
        const predictor = model.predictor(run);
        return median(predictor.latencies(model.unknowns.priorMedians()));
      },
    };
  });
}

/**
 * What benchmarking each layer on each device and adding up knows (Lockhart et al., Scission, 2020): the whole model's kernels and the
 * tensors' sizes, but not what a cut brings about at its boundary, nor what coding costs.
 */
function layersAlone(profile: Profile): Profile {
  const own = withTimes(profile, ({ median_s }) => median_s);
  const nothing = { median_s: 0, low_s: 0, high_s: 0 };
  return {
    ...own,
    kernels: own.kernels.map((kernel, i) => (i < profile.whole_kernels ? kernel : { ...kernel, ...nothing })),
    codecs: own.codecs.map(({ integers: _, ...codec }) => ({
      ...codec,
      encode_s_per_element: 0,
      decode_s_per_element: 0,
      encode_base_s: 0,
      decode_base_s: 0,
    })),
  };
}

/** The profile with other times, and without what only measuring finds: anchors, and how medians of kernels add up. */
function withTimes(profile: Profile, of: (kernel: ProfileKernel) => number): Profile {
  const { anchors: _, ...rest } = profile;
  return {
    ...rest,
    run: { ...profile.run, skew: 1 },
    kernels: profile.kernels.map((kernel) => {
      const seconds = of(kernel);
      return { ...kernel, median_s: seconds, low_s: seconds, high_s: seconds };
    }),
  };
}

/** Kernels of one kind that a regression needs at least; rarer kinds share one. */
const ENOUGH = 6;

/**
 * Seconds as a + b·FLOPs + c·bytes, per kind of kernel, by non-negative least squares on relative errors (Kang et al., Neurosurgeon,
 * 2017, regress per layer type in the same manner).
 */
function layerRegression(kernels: readonly ProfileKernel[]): (kernel: ProfileKernel) => number {
  const kinds = new Map<string, ProfileKernel[]>();
  for (const kernel of kernels) {
    const own = kinds.get(kernel.op);
    if (own) own.push(kernel);
    else kinds.set(kernel.op, [kernel]);
  }
  const fitted = new Map([...kinds].filter(([, own]) => own.length >= ENOUGH).map(([op, own]) => [op, regress(own)]));
  const others = regress(kernels);
  return ({ op, flops, bytes }) => {
    const [a, b, c] = fitted.get(op) ?? others;
    return a + b * flops + c * bytes;
  };
}

function regress(kernels: readonly ProfileKernel[]): readonly [number, number, number] {
  const scale = { flops: 1e9, bytes: 1e9 };
  const weighted = kernels.filter(({ median_s }) => median_s > 0);
  const rows = weighted.map(({ flops, bytes, median_s }) => [
    1 / median_s,
    flops / scale.flops / median_s,
    bytes / scale.bytes / median_s,
  ]);
  const solution = fcnnlsVector(
    new Matrix(rows),
    weighted.map(() => 1),
  ).K.to1DArray();
  return [solution[0] ?? 0, (solution[1] ?? 0) / scale.flops, (solution[2] ?? 0) / scale.bytes];
}
