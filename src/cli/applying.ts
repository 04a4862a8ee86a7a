import { unknownName } from "../formats/names.ts";
import { Problem } from "../formats/problem.ts";
import { analyse, type ByteSource, Draft, type Graph, readModel, type TensorType } from "../onnx/index.ts";
import {
  type ActivationType,
  checkStudent,
  exitEarly,
  mark,
  operatorOf,
  PROVENANCE,
  prepareQuantisation,
  pruneChannels,
  pruneWeights,
  type Range,
  type SparsityPattern,
  writeQdq,
} from "../operators/index.ts";
import {
  calibrate,
  digest,
  generatedSample,
  inputTypes,
  integerShare,
  NO_TRACE_COST,
  outputsOn,
  planningTwin,
  type RangeMethod,
  relativeError,
  type Samples,
  type Shapes,
  spread,
  tensorTypes,
  Workspace,
} from "../profiler/index.ts";
import { openWhole } from "../store/index.ts";
import { readSamples, withBatchOfOne } from "./calibrationdata.ts";

/** What `apply` is asked for. */
export interface ApplyRequest {
  readonly shapes: Shapes;
  /** Calibration data as `--data` gives it. */
  readonly data: readonly string[];
  /** Calibrate on at most so many samples. */
  readonly samples: number;
  readonly method: RangeMethod;
  readonly activations: ActivationType;
  readonly weightBits: 7 | 8;
  readonly exclude: readonly string[];
  readonly sensitivity: boolean;
  /** Share of weights or channels to remove, in (0, 1). */
  readonly sparsity: number;
  readonly pattern: SparsityPattern | "channels";
  readonly exit: string | undefined;
  readonly classes: number | undefined;
  readonly student: string | undefined;
  /** Do without what makes a variant accurate: it is marked as good for its latency only. */
  readonly twin: boolean;
  readonly onProgress: (phase: string, done: number, total: number) => void;
}

/** A latency twin with the operators' defaults: neither data nor training. */
export const TWIN: Omit<ApplyRequest, "shapes" | "onProgress"> = {
  data: [],
  samples: 1,
  method: { name: "min-max" },
  activations: "uint8",
  weightBits: 8,
  exclude: [],
  sensitivity: false,
  sparsity: 0.5,
  pattern: "unstructured",
  exit: undefined,
  classes: undefined,
  student: undefined,
  twin: true,
};

/** Error that quantising one node alone brings: energy of the outputs' difference over energy of the outputs. */
export interface NodeSensitivity {
  readonly node: string;
  readonly op: string;
  readonly error: number;
}

/** A variant that was made, not yet written. */
export interface Variant {
  readonly operator: string;
  readonly source: ByteSource;
  readonly notes: readonly string[];
  readonly twin: string | undefined;
  readonly integerShare: number | undefined;
  readonly sensitivity: readonly NodeSensitivity[] | undefined;
}

interface Context {
  readonly request: ApplyRequest;
  readonly file: string;
  readonly sha256: string;
  readonly workspace: Workspace;
  readonly notes: string[];
  integerShare?: number;
  sensitivity?: NodeSensitivity[];
}

const OPERATORS: Readonly<Record<string, (graph: Graph, context: Context) => Promise<Graph>>> = {
  sptq: (graph, context) => quantised("sptq", graph, context),
  qat: (graph, context) => quantised("qat", graph, context),
  pruned,
  "early-exit": earlyExit,
  distilled,
};
const QUANTISING = new Set(["sptq", "qat"]);

/**
 * Reads `a+b` and makes sure that it can be applied in this order.
 * @throws Problem that says what is unknown or out of order
 */
export function parseOperators(text: string): string[] {
  const names = text.split("+");
  for (const [index, name] of names.entries()) {
    if (!(name in OPERATORS)) throw unknownName("operator", name, Object.keys(OPERATORS));
    if (names.indexOf(name) !== index) throw new Problem(`operator '${name}' is asked for twice in '${text}'.`);
    if (QUANTISING.has(name) && index !== names.length - 1)
      throw new Problem(`'${text}': '${name}' has to come last, because quantised weights cannot be changed any more.`);
    if (name === "distilled" && index !== 0)
      throw new Problem(`'${text}': 'distilled' has to come first, because it replaces the model.`);
  }
  return names;
}

/** Applies one operator after another to the model in a file. */
export async function applyOperators(file: string, operators: string, request: ApplyRequest): Promise<Variant> {
  const names = parseOperators(operators);
  const model = openWhole(file);
  const workspace = new Workspace();
  try {
    const context: Context = { request, file, sha256: digest(model), workspace, notes: [] };
    let graph = analyse(model);
    for (const name of names) graph = await OPERATORS[name]!(graph, context);
    const twin = graph.model.metadata.get(PROVENANCE.twin);
    if (twin) context.notes.push(`latency twin (${twin}): its outputs mean nothing, no accuracy may be measured on it`);
    return {
      operator: operatorOf(graph.model),
      source: graph.model.source,
      notes: context.notes,
      twin,
      integerShare: context.integerShare,
      sensitivity: context.sensitivity,
    };
  } finally {
    workspace.close();
  }
}

function finish(draft: Draft, { file, sha256, request }: Context, what: Record<string, unknown>, twin?: string): Graph {
  const { operator, ...settings } = what as { operator: string };
  const marked = twin ?? (request.twin ? "made without training or data" : undefined);
  mark(draft, { operator, source: sha256, settings, twin: marked });
  return analyse(readModel(draft.finish(), file));
}

/** Types of all tensors, as the runtime infers them, with the inputs' dimensions known. */
async function typesOf(graph: Graph, { request, workspace }: Context) {
  const inputs = inputTypes(graph, withBatchOfOne(graph, request.shapes));
  const twin = planningTwin(graph, workspace.folder, undefined);
  return { inputs, twin, types: await tensorTypes(graph, twin, workspace.folder, inputs) };
}

async function pruned(graph: Graph, context: Context): Promise<Graph> {
  const { sparsity, pattern, onProgress } = context.request;
  const draft = new Draft(graph);
  context.notes.push(
    ...(pattern === "channels"
      ? pruneChannels(draft, (await typesOf(graph, context)).types, sparsity)
      : pruneWeights(draft, sparsity, pattern, (done, total) => onProgress("pruning weights", done, total))),
  );
  return finish(draft, context, { operator: "pruned", sparsity, pattern });
}

async function earlyExit(graph: Graph, context: Context): Promise<Graph> {
  const { exit, classes = lastDimension(graph) } = context.request;
  if (!exit)
    throw new Problem("early-exit needs --exit ID: the cut behind which the model ends; `inspect` lists them.");
  if (!classes) throw new Problem("early-exit needs --classes N: the model does not say how many classes it knows.");
  const draft = new Draft(graph);
  const batch = graph.model.outputs[0]?.shape?.[0] ?? null;
  context.notes.push(...exitEarly(draft, exit, classes, (await typesOf(graph, context)).types, batch));
  return finish(draft, context, { operator: "early-exit", exit, classes }, "exit head untrained");
}

function lastDimension(graph: Graph): number | undefined {
  const size = graph.model.outputs[0]?.shape?.at(-1);
  return typeof size === "number" ? size : undefined;
}

async function distilled(graph: Graph, context: Context): Promise<Graph> {
  const { student } = context.request;
  if (!student) throw new Problem("distilled needs --student FILE: a smaller model for the same task.");
  const model = openWhole(student);
  checkStudent(graph.model, model);
  context.notes.push(`the architecture of ${student} stands for a student distilled from ${context.file}`);
  const draft = new Draft(analyse(model));
  return finish(draft, context, { operator: "distilled", student: digest(model) }, "student not distilled here");
}

async function quantised(operator: "sptq" | "qat", graph: Graph, context: Context): Promise<Graph> {
  const { request } = context;
  const twin = operator === "qat" || request.twin;
  if (!twin && request.data.length === 0)
    throw new Problem("sptq needs calibration data: give --data, or --twin for a variant that has only the latency.");
  const { inputs, types } = await typesOf(graph, context);
  const data =
    request.data.length > 0 ? await readSamples(request.data, inputs, request.samples, context.file) : undefined;
  try {
    return await calibratedOn(operator, graph, data ?? generatedSample(inputs), types, context);
  } finally {
    data?.close();
  }
}

async function calibratedOn(
  operator: "sptq" | "qat",
  graph: Graph,
  samples: Samples,
  types: ReadonlyMap<string, TensorType>,
  context: Context,
): Promise<Graph> {
  const { request, workspace, notes } = context;
  const { activations, weightBits, method, exclude } = request;
  const twin = operator === "qat" || request.twin;
  const draft = new Draft(graph);
  const { plan, tensors, notes: made } = prepareQuantisation(draft, types, { exclude });
  notes.push(...made);
  const everyNode = request.sensitivity
    ? prepareQuantisation(new Draft(graph), types, { exclude, only: "every" })
    : undefined;
  const ranges = await calibrate(
    analyse(readModel(draft.finish(), "the prepared model")),
    types,
    [...new Set([...tensors, ...(everyNode?.tensors ?? [])])],
    samples,
    method,
    workspace,
    (done, total) => request.onProgress("running calibration data", done, total),
  );
  if (everyNode)
    context.sensitivity = await sensitivities(graph, types, ranges, samples, [...everyNode.plan.nodes.keys()], context);
  writeQdq(draft, plan, ranges, {
    activations,
    weightBits,
    onProgress: (share) => request.onProgress("quantising weights", share, 1),
  });
  const settings = {
    operator,
    calibration: method,
    samples: samples.count,
    activations,
    weight_bits: weightBits,
    ...(exclude.length > 0 ? { exclude } : {}),
  };
  const why = request.data.length > 0 ? "not trained for quantisation" : "ranges of generated data";
  const result = finish(draft, context, settings, twin ? why : undefined);
  context.integerShare = await shareOf(result, context);
  if (context.integerShare < 0.999)
    notes.push(
      `integer kernels do ${(context.integerShare * 100).toFixed(1)} % of the multiply-adds here; the runtime computes the rest in float`,
    );
  return result;
}

async function shareOf(graph: Graph, context: Context): Promise<number> {
  const { types, twin } = await typesOf(graph, context);
  const settings = { threads: 1, optimisation: "all" } as const;
  const { workspace } = context;
  return (
    await integerShare({ graph, twin, types, settings, externalFolder: undefined, workspace, traceCost: NO_TRACE_COST })
  ).share;
}

/** Samples on which the error of a single quantised node is taken. */
const SENSITIVITY_SAMPLES = 16;

async function sensitivities(
  graph: Graph,
  types: ReadonlyMap<string, TensorType>,
  ranges: ReadonlyMap<string, Range>,
  samples: Samples,
  nodes: readonly { readonly name: string; readonly op: string }[],
  { request, workspace }: Context,
): Promise<NodeSensitivity[]> {
  const few = spread(samples, SENSITIVITY_SAMPLES);
  const expected = await outputsOn(graph.model.source, few, few.count, workspace);
  const found: NodeSensitivity[] = [];
  for (const [index, { name, op }] of nodes.entries()) {
    request.onProgress("quantising one node at a time", index, nodes.length);
    const draft = new Draft(graph);
    const { plan } = prepareQuantisation(draft, types, { exclude: request.exclude, only: new Set([name]) });
    writeQdq(draft, plan, ranges, { activations: request.activations, weightBits: request.weightBits });
    const actual = await outputsOn(draft.finish(), few, few.count, workspace);
    found.push({ node: name, op, error: relativeError(expected, actual) });
  }
  return found.toSorted((a, b) => b.error - a.error);
}
