import path from "node:path";
import { analyse, type Cut, cutsOf, type Graph, type Model, type TensorType } from "../onnx/index.ts";
import { externalFiles, openModel } from "../store/index.ts";
import { inputTypes, makeFeeds, type Shapes } from "./feeds.ts";
import { Workspace } from "./planning.ts";
import { planningTwin } from "./twin.ts";
import { isResolved, observedTypes, tensorTypes } from "./types.ts";

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
  return inspectWithTwin(file, shapes, async (inspection) => inspection);
}

/** {@link inspectModel}, and then whatever needs the model's planning twin, which is gone afterwards. */
export async function inspectWithTwin<T>(
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
