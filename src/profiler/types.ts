import { Problem } from "../formats/problem.ts";
import { constantType, type Graph, type TensorType, withOutputs } from "../onnx/index.ts";
import { type Feeds, loadSession } from "./runtime.ts";

/**
 * Types of all tensors of a model, given its inputs' types. ONNX Runtime infers them: the model's planning twin is
 * loaded with every tensor among its outputs. Dimensions that hang on values stay null; {@link observedTypes} fills
 * them in.
 * @param twin the model's planning twin, in `folder`
 * @throws Problem when ONNX Runtime refuses the model or the shapes do not fit.
 */
export async function tensorTypes(
  graph: Graph,
  twin: Graph,
  folder: string,
  inputs: ReadonlyMap<string, TensorType>,
): Promise<Map<string, TensorType>> {
  const types = new Map<string, TensorType>(inputs);
  for (const [name, weight] of graph.model.initializers) types.set(name, weight);
  for (const node of graph.constantNodes) {
    const type = constantType(node);
    if (type) types.set(node.outputs[0]!, type);
  }
  const open = twin.model.nodes.flatMap((node) => node.outputs).filter((name) => name !== "" && !types.has(name));
  const session = await loadSession(withOutputs(twin, open, inputs), {
    threads: 1,
    optimisation: "basic",
    externalFolder: folder,
    planOnly: true,
  });
  for (const [name, type] of session.outputs) if (!types.has(name)) types.set(name, type);
  await session.release();
  return types;
}

/** Whether all dimensions are known. */
export function isResolved(type: TensorType | undefined): type is TensorType & { shape: readonly number[] } {
  return type?.shape.every((size) => typeof size === "number") ?? false;
}

/** The same types with dimensions that hang on values filled in from one run on `feeds`. */
export async function observedTypes(
  graph: Graph,
  types: ReadonlyMap<string, TensorType>,
  feeds: Feeds,
  externalFolder: string | undefined,
): Promise<Map<string, TensorType>> {
  const observed = new Map(types);
  const open = graph.steps
    .flatMap((step) => step.outputs)
    .filter((name) => name !== "" && !isResolved(types.get(name)));
  if (open.length === 0) return observed;
  const session = await loadSession(withOutputs(graph, open, inputsOnly(graph, types)), {
    threads: 1,
    optimisation: "basic",
    externalFolder,
  });
  try {
    const values = await session.run(feeds, open);
    for (const [name, value] of Object.entries(values))
      observed.set(name, { dtype: value.type as TensorType["dtype"], shape: value.dims });
  } catch (error) {
    throw new Problem(
      `the model does not run on the given input shapes: ${error instanceof Error ? error.message : error}`,
    );
  } finally {
    await session.release();
  }
  return observed;
}

function inputsOnly(graph: Graph, types: ReadonlyMap<string, TensorType>): Map<string, TensorType> {
  return new Map(graph.inputs.flatMap(({ name }) => (types.has(name) ? [[name, types.get(name)!] as const] : [])));
}
