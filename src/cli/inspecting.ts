import path from "node:path";
import {
  analyse,
  type Cut,
  cutsOf,
  type Graph,
  type Model,
  nodeCost,
  parameterCount,
  type TensorType,
  tensorBytes,
} from "../onnx/index.ts";
import { operatorOf, PROVENANCE } from "../operators/index.ts";
import {
  inputTypes,
  isResolved,
  makeFeeds,
  NO_TRACE_COST,
  observedTypes,
  type PlannedKernel,
  planningTwin,
  planSegment,
  type Settings,
  type Shapes,
  tensorTypes,
  Workspace,
} from "../profiler/index.ts";
import { externalFiles, openModel } from "../store/index.ts";

/** A model file with everything that can be said about it without timing anything. */
export interface Inspection {
  readonly model: Model;
  readonly graph: Graph;
  readonly types: ReadonlyMap<string, TensorType>;
  readonly cuts: readonly Cut[];
}

/** The folder in which a model's external data lies, if it has any. */
export function externalFolderOf(model: Model, file: string): string | undefined {
  return externalFiles(model, file).length > 0 ? path.resolve(path.dirname(file)) : undefined;
}

/** Opens a model and finds the types of all its tensors. */
export async function inspectModel(file: string, shapes: Shapes): Promise<Inspection> {
  return withTwin(file, shapes, async (inspection) => inspection);
}

/**
 * The types of all tensors of a model that lies in no file. Its weights are not read, so dimensions that hang on them
 * or on other values stay unknown.
 */
export async function typesOf(
  model: Model,
  shapes: Shapes,
): Promise<{ graph: Graph; types: ReadonlyMap<string, TensorType> }> {
  const graph = analyse(model);
  const workspace = new Workspace();
  try {
    const twin = planningTwin(graph, workspace.folder, undefined);
    return { graph, types: await tensorTypes(graph, twin, workspace.folder, inputTypes(graph, shapes)) };
  } finally {
    workspace.close();
  }
}

/** {@link inspectModel}, with the kernels that the runtime would execute for the whole model. */
export async function inspectKernels(
  file: string,
  shapes: Shapes,
  settings: Settings,
): Promise<Inspection & { kernels: PlannedKernel[] }> {
  return withTwin(file, shapes, async (inspection, twin, workspace) => ({
    ...inspection,
    kernels: await planSegment(
      { ...inspection, twin, settings, externalFolder: undefined, workspace, traceCost: NO_TRACE_COST },
      0,
      inspection.graph.steps.length,
    ),
  }));
}

async function withTwin<T>(
  file: string,
  shapes: Shapes,
  use: (inspection: Inspection, twin: Graph, workspace: Workspace) => Promise<T>,
): Promise<T> {
  const model = openModel(file);
  const graph = analyse(model);
  const inputs = inputTypes(graph, shapes);
  const externalFolder = externalFolderOf(model, file);
  const workspace = new Workspace();
  try {
    const twin = planningTwin(graph, workspace.folder, externalFolder);
    const inferred = await tensorTypes(graph, twin, workspace.folder, inputs);
    const open = graph.steps.some((step) =>
      step.outputs.some((name) => name !== "" && !isResolved(inferred.get(name))),
    );
    const types = open ? await observedTypes(graph, inferred, makeFeeds(inputs), externalFolder) : inferred;
    return await use({ model, graph, types, cuts: cutsOf(graph) }, twin, workspace);
  } finally {
    workspace.close();
  }
}

/** The document that `inspect --json` prints. */
export function describe(
  file: string,
  { model, graph, types, cuts, kernels }: Inspection & { kernels: PlannedKernel[] },
) {
  const nameOf = new Map(graph.steps.map((step) => [step.index, step.name]));
  const tensor = (name: string) => {
    const type = types.get(name);
    return {
      name,
      dtype: type?.dtype,
      shape: type?.shape,
      bytes: isResolved(type) ? tensorBytes(type.dtype, type.shape) : null,
    };
  };
  const nodes = graph.steps.map((step) => ({ name: step.name, op: step.op, ...nodeCost(model, step, types) }));
  return {
    file,
    operator: operatorOf(model),
    twin: model.metadata.get(PROVENANCE.twin) ?? null,
    producer: model.producer,
    ir_version: model.irVersion,
    opsets: Object.fromEntries(model.opsets),
    bytes: model.source.length,
    inputs: graph.inputs.map(({ name }) => tensor(name)),
    outputs: model.outputs.map(({ name }) => tensor(name)),
    parameters: parameterCount(model),
    flops: nodes.reduce((sum, node) => sum + node.flops, 0),
    constant_nodes: graph.constantNodes.length,
    nodes,
    kernels: kernels.map(({ name, op, nodes }) => ({ name, op, nodes: nodes.map((index) => nameOf.get(index)) })),
    cuts: cuts.map((cut) => {
      const tensors = cut.tensors.map(tensor);
      return {
        id: cut.id,
        position: cut.position,
        tensors,
        bytes: tensors.reduce((sum, { bytes }) => sum + (bytes ?? 0), 0),
      };
    }),
  };
}
