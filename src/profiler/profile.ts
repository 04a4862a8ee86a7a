import { createHash } from "node:crypto";
import os from "node:os";
import path from "node:path";
import type { TensorInfo } from "../formats/common.ts";
import { Problem } from "../formats/problem.ts";
import type { CodecCost, Profile, ProfileCut, ProfileKernel, ProfileNode, ProfileSegment } from "../formats/profile.ts";
import {
  analyse,
  cutsOf,
  edgesOf,
  extractSegment,
  type Model,
  nodeCost,
  nodeShape,
  parameterCount,
} from "../onnx/index.ts";
import { Journal } from "../store/index.ts";
import { chooseAnchors } from "./anchors.ts";
import { type BatchEntry, boundaryMeasurements, measureBatches } from "./batches.ts";
import { measureCodecs, measureJson } from "./codecs.ts";
import {
  type BoundaryKernel,
  type CutPlans,
  chooseWindows,
  type PlannedCutEntry,
  planCuts,
  spread,
  type Window,
} from "./cutplans.ts";
import { inputTypes, makeFeeds, type RawInputs, type Shapes } from "./feeds.ts";
import { fitLoad, fitRequest } from "./fits.ts";
import { describeHost } from "./host.ts";
import { probeLoad } from "./load.ts";
import {
  kernelMeasurement,
  kernelMedian,
  type MeasuredSegment,
  peakActivation,
  sizeOf,
  weightBytes,
  weightsOf,
} from "./measuring.ts";
import { type Settings, type Subject, Workspace } from "./planning.ts";
import { PRECISION, type Runner } from "./sampling.ts";
import { medianInterval, relativeInterval } from "./statistics.ts";
import { NO_TRACE_COST } from "./trace.ts";
import { measureTraceCost } from "./tracecost.ts";
import { planningTwin } from "./twin.ts";
import { isResolved, observedTypes, tensorTypes } from "./types.ts";

/** Told of the progress of long work. */
export type OnProgress = (phase: "plan" | "windows" | "measure" | "load", done: number, total: number) => void;

export interface ProfileOptions {
  readonly settings: Settings;
  readonly shapes: Shapes;
  readonly inputs: RawInputs;
  /** Time for repetitions, seconds. */
  readonly budgetSeconds: number;
  /** At most so many cuts, evenly spread over the graph. */
  readonly cuts: number;
  /** Cuts that are among them whatever their number; ids that the model has not are passed over. */
  readonly cutIds?: readonly string[];
  /** Deployment operator that made the variant. */
  readonly operator: string;
  readonly onProgress: OnProgress;
  /** Where finished pieces are kept until the profile is whole; nowhere when left out. */
  readonly journal?: string;
  /** Segments to measure in the same turns, for comparing with predictions. */
  readonly alsoMeasure?: (cuts: readonly { id: string; position: number }[], end: number) => readonly Window[];
  /** Sessions of other models to sample in the same turns; whoever made them finishes them. */
  readonly beside?: readonly Runner[];
}

type Entry = PlannedCutEntry | BatchEntry;

/**
 * Profiles a model: plans what the runtime executes for the whole and for both sides of every cut, then times each
 * kernel once, those of the whole in the whole, those that only cuts bring in small windows around a cut.
 * @param file the ONNX file
 * @throws Problem when the model, its shapes or its inputs do not fit.
 */
export async function profileModel(
  file: string,
  model: Model,
  externalFolder: string | undefined,
  options: ProfileOptions,
): Promise<{ profile: Profile; measured: MeasuredSegment[] }> {
  const { settings, onProgress } = options;
  const graph = analyse(model);
  if (graph.steps.length === 0) throw new Problem(`${file} computes nothing that depends on its inputs.`);
  const load = os.loadavg()[0] ?? 0;
  const inputs = inputTypes(graph, options.shapes);
  const feeds = makeFeeds(inputs, options.inputs);
  const workspace = new Workspace();
  try {
    const twin = planningTwin(graph, workspace.folder, externalFolder);
    const inferred = await tensorTypes(graph, twin, workspace.folder, inputs);
    const types = await observedTypes(graph, inferred, feeds, externalFolder);
    const traceCost = await measureTraceCost(settings);
    const subject: Subject = { graph, twin, types, settings, externalFolder, workspace, traceCost };
    const sha256 = digest(model);
    const journal = options.journal ? new Journal<Entry>(options.journal, fingerprint(model, options)) : undefined;
    const known = journal?.entries ?? [];
    const cuts = cutsOf(graph);
    const evenly = spread(cuts, options.cuts);
    const asked = cuts.filter((cut) => evenly.includes(cut) || options.cutIds?.includes(cut.id));
    const anchors = chooseAnchors(cuts, asked, workOf(subject), weightsOf(subject));
    const plans = await planCuts(
      subject,
      cuts.filter((cut) => asked.includes(cut) || anchors.includes(cut)),
      known.filter((entry) => entry.kind === "cut"),
      (entry, done, total) => {
        if (entry) journal?.append(entry);
        onProgress("plan", done, total);
      },
    );
    const windows = await chooseWindows(subject, plans, (done, total) => onProgress("windows", done, total));
    const { batches, measured } = await measureBatches(
      subject,
      feeds,
      plans,
      windows,
      {
        budgetSeconds: options.budgetSeconds,
        anchors,
        extras: options.alsoMeasure?.(asked, graph.steps.length) ?? [],
        beside: options.beside ?? [],
        onProgress: (done, total) => onProgress("measure", done, total),
      },
      journal,
      known.filter((entry) => entry.kind === "batch"),
    );
    const crossing = new Set([
      ...plans.cuts.flatMap(({ cut }) => cut.tensors),
      ...model.outputs.map(({ name }) => name),
    ]);
    const json = await measureJson(subject, feeds, [...crossing]);
    const codecs = measureCodecs(json.values);
    onProgress("load", 0, 1);
    const session = await probeLoad(file, settings, feeds);
    onProgress("load", 1, 1);
    const profile = assemble(file, model, subject, plans, batches, {
      session,
      json: json.bytes,
      codecs,
      sha256,
      load,
      options,
    });
    journal?.remove();
    return { profile, measured };
  } finally {
    workspace.close();
  }
}

/**
 * A model's profile without times: what the runtime would execute for the whole and for both sides of every cut. The model is
 * loaded and never run; every time in the result is 0.
 * @throws Problem when shapes hang on values, which only a run would show
 */
export async function planModel(
  file: string,
  model: Model,
  externalFolder: string | undefined,
  options: Pick<ProfileOptions, "settings" | "shapes" | "cuts" | "operator">,
): Promise<Profile> {
  const { settings } = options;
  const graph = analyse(model);
  const inputs = inputTypes(graph, options.shapes);
  const workspace = new Workspace();
  try {
    const twin = planningTwin(graph, workspace.folder, externalFolder);
    const types = await tensorTypes(graph, twin, workspace.folder, inputs);
    const open = graph.steps.find((step) => step.outputs.some((name) => name !== "" && !isResolved(types.get(name))));
    if (open)
      throw new Problem(`${file}: the shape that node '${open.name}' makes hangs on values; profile the model.`);
    const subject = { graph, twin, types, settings, externalFolder, workspace, traceCost: NO_TRACE_COST };
    const plans = await planCuts(subject, spread(cutsOf(graph), options.cuts), [], () => {});
    const nothing = { median_s: 0, low_s: 0, high_s: 0, samples: 0 };
    const batch: BatchEntry = {
      kind: "batch",
      index: 0,
      windows: [],
      whole: {
        kernels: plans.whole.map(() => [0]),
        bytes: plans.whole.map(({ bytes }) => bytes),
        sums: [0],
        requests: [0],
        warmUpRuns: 0,
      },
      boundary: plans.boundary.map(({ bytes = 0 }, offset) => ({
        index: plans.whole.length + offset,
        bytes,
        measured: nothing,
      })),
      points: [],
      anchors: [],
    };
    return assemble(file, model, subject, plans, [batch], {
      session: { cold_load: nothing, first_load_s: 0, resident_bytes: 0 },
      json: new Map(),
      codecs: [],
      sha256: digest(model),
      load: 0,
      options: { ...options, inputs: new Map(), budgetSeconds: 0, onProgress: () => {} },
    });
  } finally {
    workspace.close();
  }
}

/**
 * What decides a profile: the model's bytes, its inputs, how it is run and where, and which cuts are asked for. Profiles
 * of equal fingerprints are repetitions of the same measurement.
 */
export function fingerprint(
  model: Model,
  options: Pick<ProfileOptions, "settings" | "shapes" | "inputs" | "cuts" | "cutIds" | "operator">,
): string {
  const raw = [...options.inputs].map(([name, bytes]) => [name, createHash("sha256").update(bytes).digest("hex")]);
  const inputs = [...inputTypes(analyse(model), options.shapes)];
  const named = options.cutIds?.length ? [options.cutIds] : [];
  const { settings, cuts, operator } = options;
  const work = [digest(model), describeHost().id, settings, inputs, raw, cuts, operator, ...named];
  return createHash("sha256").update(JSON.stringify(work)).digest("hex");
}

/** What each step costs, roughly, for placing anchors: its operations, and a few more per byte that it moves. */
function workOf({ graph, types }: Subject): number[] {
  return graph.steps.map((step) => {
    const { flops, bytes } = nodeCost(graph.model, step, types);
    return 1 + flops + 5 * bytes;
  });
}

/** SHA-256 of a model's bytes, read block by block. */
export function digest(model: Model): string {
  const hash = createHash("sha256");
  const block = 4 << 20;
  for (let offset = 0; offset < model.source.length; offset += block)
    hash.update(model.source.read(offset, Math.min(block, model.source.length - offset)));
  return hash.digest("hex");
}

function assemble(
  file: string,
  model: Model,
  subject: Subject,
  plans: CutPlans,
  batches: readonly BatchEntry[],
  context: {
    session: Awaited<ReturnType<typeof probeLoad>>;
    json: ReadonlyMap<string, number>;
    codecs: CodecCost[];
    sha256: string;
    load: number;
    options: ProfileOptions;
  },
): Profile {
  const { graph, types, settings } = subject;
  const end = graph.steps.length;
  const costs = new Map(graph.steps.map((step) => [step.index, nodeCost(model, step, types)]));
  const nodes: ProfileNode[] = graph.steps.map((step) => ({
    name: step.name,
    op: step.op,
    ...costs.get(step.index)!,
    ...nodeShape(step, types),
  }));
  const positionOf = new Map(graph.steps.map((step, position) => [step.index, position]));
  const describe = (kernel: { op: string; nodes: readonly number[] }) => ({
    op: kernel.op,
    nodes: kernel.nodes.map((index) => positionOf.get(index)!),
    flops: kernel.nodes.reduce((sum, index) => sum + (costs.get(index)?.flops ?? 0), 0),
  });

  const kernels: ProfileKernel[] = plans.whole.map((kernel, index) => ({
    name: kernel.name,
    ...describe(kernel),
    bytes: batches[0]!.whole.bytes[index]!,
    ...kernelMeasurement(batches.flatMap((batch) => batch.whole.kernels[index]!)),
  }));
  const measured = boundaryMeasurements(batches);
  plans.boundary.forEach((kernel, offset) => {
    const found = measured.get(plans.whole.length + offset);
    kernels.push(
      found
        ? { name: kernel.op, ...describe(kernel), bytes: found.bytes, ...found.measured }
        : { name: kernel.op, ...describe(kernel), ...estimate(kernel, kernels, costs) },
    );
  });

  const tensors: TensorInfo[] = [];
  const tensorIndex = new Map<string, number>();
  const index = (name: string) => {
    const known = tensorIndex.get(name);
    if (known !== undefined) return known;
    const type = types.get(name);
    if (!isResolved(type)) throw new Problem(`the shape of tensor '${name}' is not known even after a run.`);
    tensorIndex.set(name, tensors.length);
    const json_bytes = context.json.get(name);
    tensors.push({
      name,
      dtype: type.dtype,
      shape: [...type.shape],
      bytes: sizeOf(subject, name),
      ...(json_bytes === undefined ? {} : { json_bytes }),
    });
    return tensors.length - 1;
  };
  const inputIndices = graph.inputs.map(({ name }) => index(name));
  const outputIndices = model.outputs.map(({ name }) => index(name));
  const segment = (from: number, to: number, list: readonly number[]): ProfileSegment => {
    const extracted = extractSegment(graph, from, to, types);
    return {
      kernels: ranges(list),
      weight_bytes: weightBytes(subject, extracted.initializers, extracted.nodes),
      peak_activation_bytes: peakActivation(subject, from, to),
    };
  };
  const cuts: ProfileCut[] = plans.cuts.map(({ cut, head, tail }) => ({
    id: cut.id,
    position: cut.position,
    tensors: cut.tensors.map(index),
    bytes: cut.tensors.reduce((sum, name) => sum + sizeOf(subject, name), 0),
    head: segment(0, cut.position, head),
    tail: segment(cut.position, end, tail),
  }));

  const edges = edgesOf(graph).map(({ tensor, ...ends }) => ({ tensor: index(tensor), ...ends }));

  const sums = batches.flatMap((batch) => batch.whole.sums);
  const requests = medianInterval(batches.flatMap((batch) => batch.whole.requests));
  const medians = kernels.slice(0, plans.whole.length).reduce((sum, kernel) => sum + kernel.median_s, 0);
  const kernelRun = medianInterval(sums);
  const points = batches.flatMap((batch) => batch.points);
  const ci = relativeInterval(requests);
  const wholeLoad = {
    load_s: context.session.cold_load.median_s,
    kernels: plans.whole.length,
    weightBytes: weightsOf(subject),
  };
  return {
    format: "tierwise/profile",
    version: 1,
    created: new Date().toISOString(),
    model: {
      name: path.basename(file).replace(/\.onnx$/, ""),
      file: path.basename(file),
      fingerprint: fingerprint(model, context.options),
      sha256: context.sha256,
      bytes: model.source.length,
      operator: context.options.operator,
      parameters: parameterCount(model),
      flops: nodes.reduce((sum, node) => sum + node.flops, 0),
      weight_bytes: weightsOf(subject),
      inputs: inputIndices,
      outputs: outputIndices,
    },
    host: describeHost(),
    settings: {
      ...settings,
      trace_cost_s: subject.traceCost.kernel_s,
      trace_cost_per_input_s: subject.traceCost.input_s,
      load_average: context.load,
      budget_s: context.options.budgetSeconds,
      converged: ci <= PRECISION,
      relative_ci: Number.isFinite(ci) ? ci : 1,
    },
    session: { ...context.session, ...fitLoad(points, wholeLoad) },
    run: {
      warmup_runs: batches[0]!.whole.warmUpRuns,
      kernels: kernelRun,
      request: requests,
      request_samples_s: thinned(batches.flatMap((batch) => batch.whole.requests)),
      skew: medians > 0 ? kernelRun.median_s / medians : 1,
      ...fitRequest(points),
    },
    nodes,
    tensors,
    kernels,
    whole_kernels: plans.whole.length,
    cuts,
    edges,
    anchors: batches
      .flatMap((batch) => batch.anchors)
      .map(({ id, head, tail }) => ({
        cut: id,
        head_s: head.kernels * kernelRun.median_s,
        tail_s: tail.kernels * kernelRun.median_s,
        ...(head.request === undefined ? {} : { head_request_s: head.request * requests.median_s }),
        ...(tail.request === undefined ? {} : { tail_request_s: tail.request * requests.median_s }),
      })),
    codecs: context.codecs,
  };
}

/** A kernel that no window showed: as slow per byte or per operation as the measured kernels of the same operator. */
function estimate(
  kernel: BoundaryKernel,
  measured: readonly ProfileKernel[],
  costs: ReadonlyMap<number, { flops: number; bytes: number }>,
): Omit<ProfileKernel, "name" | "op" | "nodes" | "flops"> {
  const bytes = kernel.nodes.reduce((sum, index) => sum + (costs.get(index)?.bytes ?? 0), 0);
  const alike = measured.filter(({ op, bytes }) => op === kernel.op && bytes > 0);
  const basis = alike.length > 0 ? alike : measured.filter((other) => other.bytes > 0);
  const rates = basis.map((other) => other.median_s / other.bytes);
  const rate = rates.length > 0 ? kernelMedian(rates) : 0;
  const sorted = rates.toSorted((a, b) => a - b);
  return {
    bytes,
    median_s: rate * bytes,
    low_s: (sorted[0] ?? 0) * bytes,
    high_s: (sorted.at(-1) ?? 0) * bytes,
    samples: 0,
    estimated: true,
  };
}

/** Indices as ranges in ascending order, repeated ones repeated: "0-41,43,43". */
export function ranges(indices: readonly number[]): string {
  const parts: string[] = [];
  const sorted = indices.toSorted((a, b) => a - b);
  for (let start = 0; start < sorted.length; ) {
    let end = start;
    while (end + 1 < sorted.length && sorted[end + 1] === sorted[end]! + 1) end++;
    parts.push(end > start ? `${sorted[start]}-${sorted[end]}` : `${sorted[start]}`);
    start = end + 1;
  }
  return parts.join(",");
}

/** Request times that a profile keeps. */
const KEPT_SAMPLES = 200;

/** At most so many of the values, evenly spread over the time in which they were taken, to a tenth of a microsecond. */
function thinned(values: readonly number[]): number[] {
  const step = Math.max(1, values.length / KEPT_SAMPLES);
  const kept = Math.min(values.length, KEPT_SAMPLES);
  return Array.from({ length: kept }, (_, i) => Math.round(values[Math.floor(i * step)]! * 1e7) / 1e7);
}
