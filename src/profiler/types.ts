import { Problem } from "../formats/problem.ts";
import {
  constantType,
  type Graph,
  isWeightType,
  rewrite,
  type TensorType,
  typedValueInfo,
  valueInfoOf,
  withOutputs,
} from "../onnx/index.ts";
import { type Feeds, loadSession } from "./runtime.ts";

/** Weights from this size on are left out where only shapes are asked for: shapes never hang on them. */
const BIG_WEIGHT_BYTES = 4096;

/**
 * Types of all tensors of a model, given its inputs' types. ONNX Runtime infers them: the model is loaded with every
 * tensor among its outputs and its big weights replaced by inputs, so that a model of any size loads in an instant.
 * Dimensions that depend on values stay null, as {@link observedTypes} can fill in.
 * @throws Problem when ONNX Runtime refuses the model or the shapes do not fit.
 */
export async function tensorTypes(graph: Graph, inputs: ReadonlyMap<string, TensorType>): Promise<Map<string, TensorType>> {
  const { model } = graph;
  const types = new Map<string, TensorType>(inputs);
  const big = new Map<string, TensorType>();
  for (const [name, weight] of model.initializers) {
    types.set(name, weight);
    if (isWeightType(weight.dtype) && weight.bytes >= BIG_WEIGHT_BYTES) big.set(name, weight);
  }
  const nodes = new Set(model.nodes);
  for (const node of graph.constantNodes) {
    const type = constantType(node);
    if (!type) continue;
    types.set(node.outputs[0]!, type);
    if (isWeightType(type.dtype) && node.field.end - node.field.start >= BIG_WEIGHT_BYTES) {
      big.set(node.outputs[0]!, type);
      nodes.delete(node);
    }
  }
  const outputs = new Set(model.outputs.map((output) => output.name));
  for (const node of nodes)
    for (const name of node.outputs) if (name !== "" && !types.has(name)) outputs.add(name);
  for (const name of big.keys()) outputs.delete(name);
  const skeleton = rewrite(model, {
    nodes,
    initializers: new Set([...model.initializers.keys()].filter((name) => !big.has(name))),
    inputs: [...[...inputs].map(([name, type]) => typedValueInfo(name, type)), ...[...big].map(([name, type]) => typedValueInfo(name, type))],
    outputs: [...outputs].map((name) => valueInfoOf(model, name, inputs)),
  });
  const session = await loadSession(skeleton, { threads: 1, optimisation: "basic" });
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
  const open = graph.steps.flatMap((step) => step.outputs).filter((name) => name !== "" && !isResolved(types.get(name)));
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
    throw new Problem(`the model does not run on the given input shapes: ${error instanceof Error ? error.message : error}`);
  } finally {
    await session.release();
  }
  return observed;
}

function inputsOnly(graph: Graph, types: ReadonlyMap<string, TensorType>): Map<string, TensorType> {
  return new Map(graph.inputs.flatMap(({ name }) => (types.has(name) ? [[name, types.get(name)!] as const] : [])));
}
