/** Kernel by kernel: what each took on a target, beside what it was predicted to take. Evidence; nothing predicts from it. */
import { type Work, workOf } from "../../src/devices/index.ts";
import type { Profile } from "../../src/formats/profile.ts";
import {
  type BenchRuntime,
  inputTypes,
  inspectWithTwin,
  kernelMeasurement,
  makeFeeds,
  Runner,
  type Shapes,
  type TraceCost,
  type TracedKernel,
  type Workspace,
} from "../../src/profiler/index.ts";

/** A kernel of the whole model on a target. */
export interface MeasuredKernel {
  /** As the target's trace calls it. */
  readonly op: string;
  /** Source nodes that it covers, by name. */
  readonly nodes: readonly string[];
  readonly median_s: number;
}

/** A traced session of a whole model, to be sampled beside the others. The workspace is where its trace lies. */
export async function tracedRunner(
  file: string,
  shapes: Shapes,
  { runtime, traceCost }: { readonly runtime: BenchRuntime; readonly traceCost: TraceCost },
  workspace: Workspace,
) {
  return inspectWithTwin(file, shapes, async ({ graph, types }, twin) => {
    const settings = { threads: runtime.threads, optimisation: "all" } as const;
    const subject = { graph, twin, types, settings, externalFolder: undefined, workspace, traceCost };
    const { session, kernels } = await runtime.traced(subject);
    const runner = new Runner(session, makeFeeds(inputTypes(graph, shapes)), { kernels, traceCost }, runtime.threads);
    const names = new Map(graph.steps.map(({ index, name }) => [index, name]));
    return { runner, finish: () => finished(runner, kernels, names) };
  });
}

async function finished(
  runner: Runner,
  kernels: readonly TracedKernel[],
  names: ReadonlyMap<number, string>,
): Promise<MeasuredKernel[]> {
  const samples = await runner.finish();
  return kernels.flatMap(({ name, op, nodes }) => {
    const times = samples.kernels.get(name) ?? [];
    if (!samples.bytes.has(name) || times.length === 0) return [];
    const shown = samples.ops.get(name) ?? op;
    return [
      {
        op: op.endsWith(shown) ? op : shown,
        nodes: nodes.map((index) => names.get(index) ?? ""),
        median_s: kernelMeasurement(times).median_s,
      },
    ];
  });
}

/** One kernel of a prediction. Times in seconds. */
export interface KernelRow {
  readonly op: string;
  readonly work: Work | undefined;
  /** What the source took for it; of integer kernels, for the float kernel of the same nodes. */
  readonly predicted_s: number;
  readonly measured_s: number;
}

/**
 * The predicted profile's kernels beside the measured ones that cover the same nodes. What no predicted kernel covers
 * comes last, predicted to take nothing.
 */
export function kernelRows(predicted: Profile, measured: readonly MeasuredKernel[]): KernelRow[] {
  const kernels = predicted.kernels.slice(0, predicted.whole_kernels);
  const owner = new Map(
    kernels.flatMap(({ nodes }, index) => nodes.map((node) => [predicted.nodes[node]!.name, index] as const)),
  );
  const same = kernels.length === measured.length && kernels.every(({ op }, index) => op === measured[index]!.op);
  const times = kernels.map(() => 0);
  const strangers: KernelRow[] = [];
  for (const [index, kernel] of measured.entries()) {
    const found = same ? index : kernel.nodes.map((node) => owner.get(node)).find((known) => known !== undefined);
    if (found !== undefined) times[found]! += kernel.median_s;
    else strangers.push({ op: kernel.op, work: undefined, predicted_s: 0, measured_s: kernel.median_s });
  }
  const rows = kernels.map((kernel, index): KernelRow => {
    const work = workOf({ ...kernel, nodes: kernel.nodes.map((node) => predicted.nodes[node]!) });
    return { op: kernel.op, work, predicted_s: kernel.median_s, measured_s: times[index]! };
  });
  return [...rows, ...strangers];
}

/** What a class of kernels took in all, and was predicted to. */
export interface ClassRow {
  readonly kind: string;
  readonly n: number;
  readonly predicted_s: number;
  readonly measured_s: number;
}

/** The classes that rows fall into, those first in which the prediction is off by most. */
export function byClass(rows: readonly KernelRow[]): ClassRow[] {
  const classes = new Map<string, ClassRow>();
  for (const { work, op, predicted_s, measured_s } of rows) {
    const kind = work?.kind ?? op;
    const known = classes.get(kind) ?? { kind, n: 0, predicted_s: 0, measured_s: 0 };
    classes.set(kind, {
      kind,
      n: known.n + 1,
      predicted_s: known.predicted_s + predicted_s,
      measured_s: known.measured_s + measured_s,
    });
  }
  const off = (row: ClassRow) => Math.abs(row.predicted_s - row.measured_s);
  return [...classes.values()].sort((a, b) => off(b) - off(a));
}
