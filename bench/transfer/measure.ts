/** What `bench:transfer` measures of a model: its profile on the source, and by turns with it the model on every target. */
import type { Measurement } from "../../src/formats/common.ts";
import type { Profile } from "../../src/formats/profile.ts";
import {
  analyse,
  type ByteSource,
  cutsOf,
  extractSegment,
  type Graph,
  readModel,
  type TensorType,
} from "../../src/onnx/index.ts";
import {
  type BenchRuntime,
  type Feeds,
  inputTypes,
  inspectModel,
  makeFeeds,
  medianInterval,
  planModel,
  profileModel,
  Runner,
  type Shapes,
  type TraceCost,
  Workspace,
} from "../../src/profiler/index.ts";
import { openModel } from "../../src/store/index.ts";
import { type MeasuredKernel, tracedRunner } from "./kernels.ts";

export type PairName = "threads" | "wasm" | "int8";

/** A model, or a part of it, on a target. */
export interface MeasuredPart {
  readonly pair: PairName;
  /** null for the whole model. */
  readonly cut: string | null;
  readonly part: "whole" | "head" | "tail";
  readonly request: Measurement;
}

/** Everything measured of one model. */
export interface MeasuredModel {
  readonly name: string;
  readonly profile: Profile;
  /** The integer variant as planned, without times. */
  readonly variant: Profile | undefined;
  readonly parts: readonly MeasuredPart[];
  /** The whole model's kernels on each target. */
  readonly kernels: Readonly<Partial<Record<PairName, readonly MeasuredKernel[]>>>;
  readonly load_average: number;
}

/** A device that a model is measured on. */
export interface Target {
  readonly runtime: BenchRuntime;
  readonly traceCost: TraceCost;
}

export interface MeasureOptions {
  readonly shapes: Shapes;
  readonly targets: ReadonlyMap<PairName, Target>;
  /** The integer variant's file. */
  readonly variant: string | undefined;
  readonly budgetSeconds: number;
  readonly load_average: number;
}

const SETTINGS = { threads: 1, optimisation: "all" } as const;
/** Cuts that are planned, of which those that follow are measured. */
const CUTS = 12;
const MEASURED_CUTS = [4, 8];

/** Profiles a model on one thread and, in the same turns, runs it whole and cut on each target. */
export async function measureModel(name: string, file: string, options: MeasureOptions): Promise<MeasuredModel> {
  const workspace = new Workspace();
  try {
    return await measureIn(workspace, name, file, options);
  } finally {
    workspace.close();
  }
}

async function measureIn(workspace: Workspace, name: string, file: string, options: MeasureOptions) {
  const beside: { label: Omit<MeasuredPart, "request">; runner: Runner }[] = [];
  const traced = new Map<PairName, Awaited<ReturnType<typeof tracedRunner>>>();
  for (const [pair, target] of options.targets) {
    const subject = pair === "int8" ? options.variant : file;
    if (subject === undefined) continue;
    beside.push(...(await runners(pair, subject, options.shapes, target.runtime)));
    traced.set(pair, await tracedRunner(subject, options.shapes, target, workspace));
  }
  const { profile } = await profileModel(file, openModel(file), undefined, {
    settings: SETTINGS,
    shapes: options.shapes,
    inputs: new Map(),
    budgetSeconds: options.budgetSeconds,
    cuts: CUTS,
    operator: "identity",
    onProgress: () => {},
    beside: [...beside, ...traced.values()].map(({ runner }) => runner),
  });
  const parts: MeasuredPart[] = [];
  for (const { label, runner } of beside)
    parts.push({ ...label, request: medianInterval((await runner.finish()).request) });
  const kernels: Partial<Record<PairName, readonly MeasuredKernel[]>> = {};
  for (const [pair, { finish }] of traced) kernels[pair] = await finish();
  const variant = options.variant
    ? await planModel(options.variant, openModel(options.variant), undefined, {
        settings: SETTINGS,
        shapes: options.shapes,
        cuts: CUTS,
        operator: "sptq",
      })
    : undefined;
  return { name, profile, variant, parts, kernels, load_average: options.load_average };
}

async function runners(pair: PairName, file: string, shapes: Shapes, runtime: BenchRuntime) {
  const { graph, types } = await inspectModel(file, shapes);
  const feeds = makeFeeds(inputTypes(graph, shapes));
  const made: { label: Omit<MeasuredPart, "request">; runner: Runner }[] = [];
  const add = async (cut: string | null, part: MeasuredPart["part"], source: ByteSource, inputs: Feeds) => {
    const session = await runtime.plain(source);
    made.push({ label: { pair, cut, part }, runner: new Runner(session, inputs, undefined, runtime.threads) });
  };
  // With the given shapes written in, as the profile has it: with open ones the runtime fuses less, and that is another model.
  const whole = segment(graph, 0, graph.steps.length, types);
  await add(null, "whole", whole.source, pick(feeds, whole.inputs));
  const cuts = spreadCuts(graph);
  for (const { id, position } of cuts) {
    const [head, tail] = [segment(graph, 0, position, types), segment(graph, position, graph.steps.length, types)];
    const crossing = await valuesOf(head.source, pick(feeds, head.inputs), runtime);
    await add(id, "head", head.source, pick(feeds, head.inputs));
    await add(id, "tail", tail.source, pick({ ...feeds, ...crossing }, tail.inputs));
  }
  return made;
}

/** The cuts that the profile plans, as it chooses them; of these a few. */
function spreadCuts(graph: Graph) {
  const cuts = cutsOf(graph);
  const planned =
    cuts.length <= CUTS
      ? cuts
      : Array.from({ length: CUTS }, (_, index) => cuts[Math.floor(((index + 0.5) * cuts.length) / CUTS)]!);
  return MEASURED_CUTS.flatMap((index) => planned[Math.floor((index * planned.length) / CUTS)] ?? []);
}

function segment(graph: Graph, from: number, to: number, types: ReadonlyMap<string, TensorType>) {
  const made = extractSegment(graph, from, to, types);
  // Checked here, so that a part that does not stand on its own shows before it is measured.
  analyse(readModel(made.source, "a part"));
  return made;
}

async function valuesOf(source: ByteSource, feeds: Feeds, runtime: BenchRuntime): Promise<Feeds> {
  const session = await runtime.plain(source);
  const values = await session.run(feeds);
  await session.release();
  return values;
}

function pick(feeds: Feeds, names: readonly string[]): Feeds {
  return Object.fromEntries(names.map((name) => [name, feeds[name]!]));
}
