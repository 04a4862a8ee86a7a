import { createHash } from "node:crypto";
import os from "node:os";
import { keyOf, type Work, workOf } from "../devices/index.ts";
import type { Bench, Device, Figure, MicroKernel, ThreadScaling } from "../formats/device.ts";
import type { ProfileNode } from "../formats/profile.ts";
import { analyse, type Graph, nodeCost, nodeShape, readModel, type TensorType, tensorBytes } from "../onnx/index.ts";
import { Journal } from "../store/index.ts";
import { type BenchRuntime, nativeRuntime, type TracedKernel } from "./benchruntime.ts";
import { measureCodecs } from "./codecs.ts";
import { makeFeeds } from "./feeds.ts";
import { fitLoad, fitRequest, type LoadPoint, type RequestPoint } from "./fits.ts";
import { describeHost } from "./host.ts";
import { kernelMeasurement } from "./measuring.ts";
import { MicroGraph } from "./micrograph.ts";
import { type MicroCase, microCases } from "./microkernels.ts";
import { type Subject, Workspace } from "./planning.ts";
import { RUNTIME } from "./runtime.ts";
import { Runner, type Samples, sampleInterleaved } from "./sampling.ts";
import { medianInterval } from "./statistics.ts";
import type { TraceCost } from "./trace.ts";
import { measureTraceCost } from "./tracecost.ts";
import { planningTwin } from "./twin.ts";
import { tensorTypes } from "./types.ts";

export interface BenchOptions {
  readonly runtime: BenchRuntime;
  /** Time for repetitions, seconds. */
  readonly budgetSeconds: number;
  /** Times that all micro-kernels are gone through, so that a drift of the machine hits all alike. */
  readonly passes?: number;
  /** Take one micro-kernel of so many: for trying out. */
  readonly every?: number;
  /** Where finished pieces are kept until the bench is whole; nowhere when left out. */
  readonly journal?: string;
  readonly onProgress: (done: number, total: number) => void;
}

/** Micro-kernels of one model: what one session holds, in memory and in tensors to look through. */
const CASES_PER_MODEL = 20;
const PASSES = 3;
/** Samples of chains around kernels for longer would make traces that no string holds. */
const MOST_AROUND_S = 2;

/** What one model showed in one pass, as the journal keeps it. Times are in seconds. */
interface Entry {
  readonly model: number;
  readonly kernels: readonly { readonly work: Work; readonly op: string; readonly samples: readonly number[] }[];
  readonly point: LoadPoint;
}

/** What a bench learns before it measures micro-kernels. */
interface Start {
  readonly model: -1;
  readonly traceCost: TraceCost;
  readonly points: readonly RequestPoint[];
  readonly load_average: number;
}

/**
 * A bench of this machine with one of its runtimes, pass by pass: a caller that compares two runtimes can go through them by
 * turns.
 */
export class DeviceBench {
  readonly #options: BenchOptions;
  readonly #models: readonly (readonly MicroCase[])[];
  readonly #journal: Journal<Entry | Start> | undefined;
  readonly #entries: Entry[] = [];
  #start: Start | undefined;
  #spent = 0;
  readonly passes: number;

  constructor(options: BenchOptions) {
    this.#options = options;
    this.passes = options.passes ?? PASSES;
    const cases = microCases()
      .filter((_, index) => index % (options.every ?? 1) === 0)
      .sort((a, b) => a.bytes - b.bytes);
    const count = Math.ceil(cases.length / CASES_PER_MODEL);
    // Kernels of like size share a model: as in real ones, small kernels then find their weights in the caches, and
    // large ones do not.
    this.#models = Array.from({ length: count }, (_, model) =>
      cases.slice(model * CASES_PER_MODEL, (model + 1) * CASES_PER_MODEL),
    );
    const { runtime, budgetSeconds, every } = options;
    const work = [describeHost().id, runtime.name, runtime.threads, budgetSeconds, this.passes, every, cases.length];
    const fingerprint = createHash("sha256").update(JSON.stringify(work)).digest("hex");
    this.#journal = options.journal ? new Journal(options.journal, fingerprint) : undefined;
    for (const entry of this.#journal?.entries ?? [])
      if ("traceCost" in entry) this.#start = entry;
      else this.#entries.push(entry);
  }

  /** Goes once through all micro-kernels, or through those that an interrupted run left. */
  async pass(pass: number): Promise<void> {
    const began = performance.now();
    const { runtime, budgetSeconds, onProgress } = this.#options;
    const total = this.passes * this.#models.length;
    if (!this.#start) {
      const load_average = os.loadavg()[0] ?? 0;
      const traceCost = await measureTraceCost({ threads: runtime.threads, optimisation: "all" }, runtime);
      const points = await aroundKernels(runtime, traceCost, Math.min(MOST_AROUND_S, budgetSeconds / 30));
      this.#start = { model: -1, traceCost, points, load_average };
      this.#journal?.append(this.#start);
    }
    for (const [model, cases] of this.#models.entries()) {
      if (pass * this.#models.length + model < this.#entries.length) continue;
      const entry = await measure(model, cases, runtime, this.#start.traceCost, budgetSeconds / total);
      this.#entries.push(entry);
      this.#journal?.append(entry);
      onProgress(this.#entries.length, total);
    }
    this.#spent += (performance.now() - began) / 1000;
  }

  /** What was measured, as a document. */
  finish(name: string | undefined): Device {
    const { runtime } = this.#options;
    const host = { ...describeHost(), runtime: runtime.name };
    const id = createHash("sha256").update(`${host.id} ${runtime.name}`).digest("hex").slice(0, 12);
    // Profiles of the native runtime bear the host's own fingerprint.
    const identified = runtime.name === describeHost().runtime ? host : { ...host, id };
    const points = this.#entries.map(({ point }) => point);
    const random = makeFeeds(new Map([["x", { dtype: "float32", shape: [1 << 16] }]])).x!;
    const bench: Bench = {
      host: identified,
      threads: runtime.threads,
      created: new Date().toISOString(),
      seconds: this.#spent,
      load_average: this.#start?.load_average ?? 0,
      passes: this.passes,
      trace_cost_s: this.#start?.traceCost.kernel_s ?? 0,
      trace_cost_per_input_s: this.#start?.traceCost.input_s ?? 0,
      kernels: pooled(this.#entries),
      run: fitRequest(this.#start?.points ?? []),
      session: fitLoad(points),
      codecs: measureCodecs([random]),
    };
    this.#journal?.remove();
    return document(bench, name ?? `host-${identified.id}-${runtime.threads}t`);
  }
}

/** Benches this machine, and how it scales with threads where the runtime has them. */
export async function benchDevice(options: BenchOptions, name?: string): Promise<Device> {
  const bench = new DeviceBench(options);
  for (let pass = 0; pass < bench.passes; pass++) await bench.pass(pass);
  const device = bench.finish(name);
  const scaling = await threadScaling(options.runtime, options.budgetSeconds / 20);
  return scaling.length > 0 ? { ...device, thread_scaling: scaling } : device;
}

/** Speed-up of a chain of convolutions by number of threads: powers of two, and all cores. None where there is one thread. */
async function threadScaling({ name }: BenchRuntime, budgetSeconds: number): Promise<ThreadScaling[]> {
  const cores = os.availableParallelism();
  if (name !== RUNTIME || cores < 2) return [];
  const counts = [...new Set([...Array.from({ length: Math.floor(Math.log2(cores)) + 1 }, (_, i) => 2 ** i), cores])];
  const shape = [1, 64, 28, 28];
  const micro = new MicroGraph();
  let last = micro.input("float32", shape);
  for (let layer = 0; layer < 8; layer++)
    last = micro.node("Conv", [last, micro.weight([64, 64, 3, 3])], { kernel_shape: [3, 3], pads: [1, 1, 1, 1] });
  micro.finish(last, 4);
  const source = micro.build();
  const feeds = makeFeeds(micro.inputs);
  const runners: Runner[] = [];
  for (const threads of counts) {
    const session = await nativeRuntime({ threads, optimisation: "all" }).plain(source);
    runners.push(new Runner(session, feeds, undefined, threads));
  }
  await sampleInterleaved(runners, budgetSeconds);
  const medians: number[] = [];
  for (const runner of runners) medians.push(medianInterval((await runner.finish()).request).median_s);
  return counts.map((threads, index) => ({ threads, speedup: medians[0]! / medians[index]! }));
}

/**
 * Models whose requests tell apart what a request takes beyond its kernels: one kernel, many kernels, a large output.
 * (Micro-models have dozens of inputs and outputs, each of which costs the binding several microseconds.)
 */
const AROUND: readonly (readonly [kernels: number, shape: readonly number[]])[] = [
  [1, [1, 8]],
  [100, [1, 8]],
  [1, [1, 1 << 20]],
];

async function aroundKernels(runtime: BenchRuntime, cost: TraceCost, budgetSeconds: number): Promise<RequestPoint[]> {
  const points: RequestPoint[] = [];
  for (const [kernels, shape] of AROUND) {
    const micro = new MicroGraph();
    let last = micro.input("float32", shape);
    for (let kernel = 0; kernel < kernels; kernel++) last = micro.node("Abs", [last]);
    micro.output(last, shape);
    const { executed, traced, untraced } = await sample(micro, runtime, cost, budgetSeconds);
    points.push({
      request_s: medianInterval(untraced.request).median_s,
      kernels_s: medianInterval(kernelSums(traced)).median_s,
      kernels: executed.length,
      outputBytes: tensorBytes("float32", shape),
    });
  }
  return points;
}

async function measure(
  model: number,
  cases: readonly MicroCase[],
  runtime: BenchRuntime,
  traceCost: TraceCost,
  budgetSeconds: number,
): Promise<Entry> {
  const micro = new MicroGraph();
  for (const one of cases) one.add(micro);
  const { graph, types, executed, traced, load_s } = await sample(micro, runtime, traceCost, budgetSeconds);
  const nodes = profileNodes(graph, types);
  const covered = claimed(graph, executed);
  return {
    model,
    kernels: executed.flatMap((kernel) => {
      const covers = covered.get(kernel.name)!.map((index) => nodes.get(index)!);
      const flops = covers.reduce((sum, node) => sum + node.flops, 0);
      // A runtime that cannot write its plan down still says what it executed.
      const shown = traced.ops.get(kernel.name)!;
      const op = kernel.op.endsWith(shown) ? kernel.op : shown;
      const work = workOf({ op, nodes: covers, flops, bytes: traced.bytes.get(kernel.name)! });
      const samples = traced.kernels.get(kernel.name)!.map((seconds) => Math.round(seconds * 1e7) / 1e7);
      return work && samples.length > 0 ? [{ work, op, samples }] : [];
    }),
    point: {
      kernels: executed.length,
      load_s,
      weightBytes: [...graph.model.initializers.values()].reduce((sum, { bytes }) => sum + bytes, 0),
    },
  };
}

/** Runs a micro-model traced and untraced, by turns. */
async function sample(micro: MicroGraph, runtime: BenchRuntime, traceCost: TraceCost, budgetSeconds: number) {
  const workspace = new Workspace();
  try {
    const graph = analyse(readModel(micro.build(), "the micro-kernels"));
    const twin = planningTwin(graph, workspace.folder, undefined);
    const types = await tensorTypes(graph, twin, workspace.folder, micro.inputs);
    const settings = { threads: runtime.threads, optimisation: "all" } as const;
    const subject: Subject = { graph, twin, types, settings, externalFolder: undefined, workspace, traceCost };
    const feeds = makeFeeds(micro.inputs);
    const { session, kernels } = await runtime.traced(subject);
    const start = performance.now();
    const plain = await runtime.plain(graph.model.source);
    const load_s = (performance.now() - start) / 1000;
    const { threads } = runtime;
    const runners = [
      new Runner(session, feeds, { kernels, traceCost }, threads),
      new Runner(plain, feeds, undefined, threads),
    ] as const;
    await sampleInterleaved(runners, budgetSeconds);
    const [traced, untraced] = [await runners[0].finish(), await runners[1].finish()];
    const executed = kernels.filter(({ name }) => traced.bytes.has(name));
    return { graph, types, executed, traced, untraced, load_s };
  } finally {
    workspace.close();
  }
}

function kernelSums(traced: Samples): number[] {
  const kernels = [...traced.kernels.values()];
  return traced.executor.map((_, run) => kernels.reduce((sum, times) => sum + times[run]!, 0));
}

function profileNodes(graph: Graph, types: ReadonlyMap<string, TensorType>): Map<number, ProfileNode> {
  return new Map(
    graph.steps.map((step) => [
      step.index,
      { name: step.name, op: step.op, ...nodeCost(graph.model, step, types), ...nodeShape(step, types) },
    ]),
  );
}

/** The nodes of each kernel; nodes that no kernel names were fused into the kernel before them. */
function claimed(graph: Graph, kernels: readonly TracedKernel[]): Map<string, number[]> {
  const covers = new Map(kernels.map(({ name, nodes }) => [name, [...nodes]]));
  const owner = new Map(kernels.flatMap(({ name, nodes }) => nodes.map((index) => [index, name] as const)));
  for (const step of graph.steps) {
    if (owner.has(step.index)) continue;
    const before = step.inputs.map((input) => owner.get(graph.producers.get(input)?.index ?? -1));
    const name = before.find((found) => found !== undefined);
    if (name === undefined) continue;
    owner.set(step.index, name);
    covers.get(name)!.push(step.index);
  }
  return covers;
}

/** One figure per micro-kernel, from the samples of all passes, and of all models that hold the same one. */
function pooled(entries: readonly Entry[]): MicroKernel[] {
  const found = new Map<string, { work: Work; op: string; samples: number[] }>();
  for (const { work, op, samples } of entries.flatMap(({ kernels }) => kernels)) {
    const known = found.get(keyOf(work));
    if (known) known.samples.push(...samples);
    else found.set(keyOf(work), { work, op, samples: [...samples] });
  }
  return [...found.values()].map(({ work, op, samples }) => ({
    ...work,
    dims: { ...work.dims },
    op,
    ...kernelMeasurement(samples),
  }));
}

function document(bench: Bench, name: string): Device {
  const { host, kernels } = bench;
  const figure = (value: number, note: string): Figure => ({
    value,
    source: "tierwise device bench",
    date: bench.created.slice(0, 10),
    measured: true,
    verified: true,
    note,
  });
  const rate = (amount: (kernel: MicroKernel) => number, of: readonly MicroKernel[]) =>
    Math.max(0, ...of.filter(({ median_s }) => median_s > 1e-5).map((kernel) => amount(kernel) / kernel.median_s));
  const peak = (dtype: "float32" | "int8") => {
    const value = rate(
      ({ flops }) => flops,
      kernels.filter((kernel) => kernel.dtype === dtype),
    );
    return value > 0 ? { [dtype]: figure(value, `best of the micro-kernels, ${bench.threads} thread(s)`) } : {};
  };
  const maps = kernels.filter(({ kind }) => kind === "unary:Relu").toSorted((a, b) => a.bytes - b.bytes);
  const [smallest, largest] = [maps[0], maps.at(-1)];
  const { per_weight_byte_s } = bench.session;
  return {
    format: "tierwise/device",
    version: 1,
    name,
    title: `${host.cpu}, ${host.platform}, ${host.runtime}`,
    kind: "host",
    cores: figure(host.cores, "cores that the process may use"),
    peak_flops_per_s: { ...peak("float32"), ...peak("int8") },
    ...(largest
      ? {
          memory_bandwidth_bytes_per_s: figure(
            largest.bytes / largest.median_s,
            `a Relu over ${(largest.bytes / 2e6).toFixed(1)} MB: caches may hold some of it`,
          ),
        }
      : {}),
    memory_bytes: figure(host.memory_bytes, "of the machine"),
    ...(smallest && smallest.median_s > 0
      ? { kernel_overhead_s: figure(smallest.median_s, `a Relu over ${smallest.bytes / 2} bytes`) }
      : {}),
    ...(per_weight_byte_s > 0
      ? { session_load_bytes_per_s: figure(1 / per_weight_byte_s, "weights into a session, file cache warm") }
      : {}),
    bench,
  };
}
