import {
  analyse,
  type Graph,
  type Model,
  nodeCost,
  parameterCount,
  type TensorType,
  tensorBytes,
} from "../onnx/index.ts";
import { operatorOf, PROVENANCE } from "../operators/index.ts";
import {
  type Inspection,
  inputTypes,
  inspectWithTwin,
  isResolved,
  NO_TRACE_COST,
  type PlannedKernel,
  planningTwin,
  planSegment,
  type Settings,
  type Shapes,
  tensorTypes,
  Workspace,
} from "../profiler/index.ts";

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

/** {@link inspectWithTwin} with the kernels that the runtime would execute for the whole model. */
export async function inspectKernels(
  file: string,
  shapes: Shapes,
  settings: Settings,
): Promise<Inspection & { kernels: PlannedKernel[] }> {
  return inspectWithTwin(file, shapes, async (inspection, twin, workspace) => ({
    ...inspection,
    kernels: await planSegment(
      { ...inspection, twin, settings, externalFolder: undefined, workspace, traceCost: NO_TRACE_COST },
      0,
      inspection.graph.steps.length,
    ),
  }));
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
