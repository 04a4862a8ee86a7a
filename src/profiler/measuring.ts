import { performance } from "node:perf_hooks";
import { tensorBytes, withOutputs } from "../onnx/index.ts";
import type { CutPlans, Window } from "./cutplans.ts";
import type { PlannedKernel } from "./plan.ts";
import { loadTraced, type Subject, segmentOf } from "./planning.ts";
import { type Feeds, loadSession, type Values } from "./runtime.ts";
import { Runner, type Samples, sampleInterleaved } from "./sampling.ts";
import { groupedMedianSorted, medianInterval } from "./statistics.ts";
import { TRACE_GRID_S } from "./trace.ts";
import { isResolved } from "./types.ts";

/** A stretch of steps, run for real. */
export interface MeasuredSegment {
  readonly from: number;
  readonly to: number;
  /** In execution order, each with its time in each run, seconds. */
  readonly kernels: readonly {
    readonly plan: PlannedKernel;
    readonly samples: readonly number[];
    readonly bytes: number;
  }[];
  /** Time inside kernels in each run, seconds. */
  readonly kernelSums: readonly number[];
  /** Time of each untraced run as JavaScript sees it, seconds; none where only the kernels were wanted. */
  readonly requests: readonly number[];
  /** Creating the untraced session, seconds. */
  readonly load_s: number;
  readonly weightBytes: number;
  readonly outputBytes: number;
  readonly warmUpRuns: number;
}

/** After so many segments the whole takes a turn again. */
const SEGMENTS_PER_WHOLE = 12;

/**
 * Runs the whole model, which comes first, and other segments by turns until each median is known to ±2 % or the budget is spent. Each is
 * loaded twice, once traced for the kernels' times, once untraced for the time of a request, unless that is not wanted.
 * @param beside other sessions to sample in the same turns; they are left for the caller to finish
 */
export async function measureSegments(
  subject: Subject,
  feeds: Feeds,
  segments: readonly (Window & { readonly tracedOnly?: boolean })[],
  budgetSeconds: number,
  onProgress: (share: number) => void,
  beside: readonly Runner[] = [],
): Promise<MeasuredSegment[]> {
  const values = await seamValues(subject, feeds, segments);
  const loaded = [];
  for (const { from, to, tracedOnly = false } of segments) {
    const segment = segmentOf(subject, from, to);
    const inputs = Object.fromEntries(segment.inputs.map((name) => [name, values[name]!]));
    const traced = await loadTraced(subject, segment);
    const start = performance.now();
    const settings = { ...subject.settings, externalFolder: subject.externalFolder };
    const plain = tracedOnly ? undefined : await loadSession(segment.source, settings);
    const load_s = (performance.now() - start) / 1000;
    loaded.push({
      segment,
      from,
      to,
      load_s,
      kernels: traced.kernels,
      traced: new Runner(
        traced.session,
        inputs,
        { kernels: traced.kernels, traceCost: subject.traceCost },
        subject.settings.threads,
      ),
      plain: plain && new Runner(plain, inputs, undefined, subject.settings.threads),
    });
  }
  const runners = loaded.map(({ traced, plain }) => (plain ? [traced, plain] : [traced]));
  // Every prediction hangs on the whole's times; where there are many segments, one turn of it in a round of all is too little.
  const turns = runners.flatMap((own, i) => (i > 0 && i % SEGMENTS_PER_WHOLE === 0 ? [...runners[0]!, ...own] : own));
  await sampleInterleaved([...turns, ...beside], budgetSeconds, onProgress);
  const measured: MeasuredSegment[] = [];
  for (const { segment, from, to, load_s, kernels, traced, plain } of loaded) {
    const samples = await traced.finish();
    const requests = await plain?.finish();
    measured.push({
      from,
      to,
      load_s,
      kernels: kernels.map((plan) => ({
        plan,
        samples: samples.kernels.get(plan.name) ?? [],
        bytes: samples.bytes.get(plan.name) ?? 0,
      })),
      kernelSums: sums(samples),
      requests: requests?.request ?? [],
      weightBytes: weightBytes(subject, segment.initializers, segment.nodes),
      outputBytes: segment.outputs.reduce((sum, name) => sum + sizeOf(subject, name), 0),
      warmUpRuns: requests?.warmUpRuns ?? 0,
    });
  }
  return measured;
}

function sums(samples: Samples): number[] {
  return samples.executor.map((_, run) => {
    let sum = 0;
    for (const times of samples.kernels.values()) sum += times[run]!;
    return sum;
  });
}

/** Values of all tensors that enter the segments, from one run of the whole model. */
async function seamValues(
  subject: Subject,
  feeds: Feeds,
  segments: readonly Window[],
): Promise<Record<string, Values>> {
  const needed = new Set(segments.flatMap(({ from, to }) => segmentOf(subject, from, to).inputs));
  for (const name of Object.keys(feeds)) needed.delete(name);
  if (needed.size === 0) return { ...feeds };
  const session = await loadSession(withOutputs(subject.graph, [...needed], subject.types), {
    ...subject.settings,
    optimisation: "basic",
    externalFolder: subject.externalFolder,
  });
  const values = await session.run(feeds, [...needed]);
  await session.release();
  return { ...feeds, ...values };
}

/** Size of a tensor in memory; 0 when its shape hangs on values. */
export function sizeOf(subject: Subject, name: string): number {
  const type = subject.types.get(name);
  return isResolved(type) ? tensorBytes(type.dtype, type.shape) : 0;
}

/** Bytes of a segment's weights: initializers, and what constant nodes hold. */
export function weightBytes(
  subject: Subject,
  initializers: readonly string[],
  nodes: readonly { readonly op: string; readonly outputs: readonly string[] }[],
): number {
  const constants = nodes.filter((node) => node.op === "Constant").flatMap((node) => node.outputs);
  return [...initializers, ...constants].reduce((sum, name) => sum + sizeOf(subject, name), 0);
}

/** Bytes of the whole model's weights. */
export function weightsOf(subject: Subject): number {
  const { model } = subject.graph;
  return weightBytes(subject, [...model.initializers.keys()], model.nodes);
}

/** Largest sum of the tensors alive at once when the steps [from, to) run in order, bytes. */
export function peakActivation(subject: Subject, from: number, to: number): number {
  const { graph } = subject;
  const steps = graph.steps.slice(from, to);
  const lastUse = new Map<string, number>();
  steps.forEach((step, position) => {
    for (const tensor of graph.needs(step)) if (!graph.isConstant(tensor)) lastUse.set(tensor, position);
  });
  const made = new Set(steps.flatMap((step) => step.outputs));
  let alive = [...lastUse.keys()]
    .filter((name) => !made.has(name))
    .reduce((sum, name) => sum + sizeOf(subject, name), 0);
  let peak = alive;
  steps.forEach((step, position) => {
    for (const output of step.outputs) alive += sizeOf(subject, output);
    peak = Math.max(peak, alive);
    for (const tensor of graph.needs(step)) if (lastUse.get(tensor) === position) alive -= sizeOf(subject, tensor);
  });
  return peak;
}

/** The median of a kernel's traced samples with its interval. */
export function kernelMeasurement(samples: readonly number[]) {
  return medianInterval(samples, TRACE_GRID_S);
}

/** The median alone, of traced samples. */
export function kernelMedian(samples: readonly number[]): number {
  return Math.max(
    0,
    groupedMedianSorted(
      samples.toSorted((a, b) => a - b),
      TRACE_GRID_S,
    ),
  );
}

/** Boundary kernels shown by a measured segment: index in the plans → samples and bytes. */
export function boundarySamples(
  plans: CutPlans,
  segment: MeasuredSegment,
): Map<number, { samples: readonly number[]; bytes: number }> {
  const identities = new Set(plans.whole.map((kernel) => kernel.identity));
  const index = new Map(plans.boundary.map((kernel, offset) => [kernel.signature, plans.whole.length + offset]));
  const found = new Map<number, { samples: readonly number[]; bytes: number }>();
  for (const { plan, samples, bytes } of segment.kernels) {
    const known = index.get(plan.signature);
    if (known !== undefined && !identities.has(plan.identity) && !found.has(known))
      found.set(known, { samples, bytes });
  }
  return found;
}
