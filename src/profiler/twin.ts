import { closeSync, openSync, readSync, truncateSync } from "node:fs";
import path from "node:path";
import { create, toBinary } from "@bufbuild/protobuf";
import { NodeProtoSchema, TensorProto_DataLocation, TensorProtoSchema } from "onnx-buf";
import {
  analyse,
  codeOfDtype,
  type Graph,
  type Initializer,
  isWeightType,
  type Node,
  readModel,
  replaceFields,
  spanOf,
} from "../onnx/index.ts";

/** Weights from this size on carry no value in a twin. */
const HOLLOW_BYTES = 4096;
/** Weights from this size on are shared between nodes. */
const SHARED_BYTES = 1 << 16;
/** Operators whose weight (their second input) may be shared. */
const WEIGHTED = new Set(["Conv", "ConvTranspose", "MatMul", "Gemm"]);

/** Name of the file of zeros that stands for all hollow weights. */
export const ZEROS = "zeros";

/**
 * A model that the runtime plans like the original and that costs next to nothing to load: its large weights are zeros
 * in one sparse file, and weights of equal shape are one. Plans hang on which tensors are constant and on their shapes,
 * not on their values; a model of half a gigabyte is planned in the memory of its largest layer.
 * @param folder where the file of zeros is made; sessions of the twin need it as their external folder
 * @param externalFolder folder of the original's own external data
 */
export function planningTwin(graph: Graph, folder: string, externalFolder: string | undefined): Graph {
  const { model } = graph;
  const sharedAs = shareWeights(graph);
  let zeros = 0;
  const initializers = new Map([...model.initializers.values()].map((weight) => [weight.field, weight]));
  const nodes = new Map(model.nodes.map((node) => [node.field, node]));
  const source = replaceFields(model, (field) => {
    const weight = initializers.get(field);
    if (weight) {
      const shared = sharedAs.get(weight.name);
      if (shared !== undefined && shared !== weight.name) return [];
      if (isWeightType(weight.dtype) && weight.bytes >= HOLLOW_BYTES) {
        zeros = Math.max(zeros, weight.bytes);
        return [spanOf(hollow(weight))];
      }
      return weight.external ? [spanOf(embedded(weight, externalFolder ?? "."))] : undefined;
    }
    const node = nodes.get(field);
    if (!node?.inputs.some((name) => (sharedAs.get(name) ?? name) !== name)) return undefined;
    const input = node.inputs.map((name) => sharedAs.get(name) ?? name);
    return [spanOf(toBinary(NodeProtoSchema, { ...node.proto, input }))];
  });
  const file = path.join(folder, ZEROS);
  closeSync(openSync(file, "w"));
  truncateSync(file, zeros);
  return analyse(readModel(source, "the planning twin"));
}

/**
 * For each weight that may be shared, the name of the weight that stands for it. Nodes with an input in common never
 * share one: the runtime would take them for the same computation and merge them.
 */
function shareWeights(graph: Graph): Map<string, string> {
  const { model } = graph;
  const users = new Map<string, Node[]>();
  for (const node of model.nodes)
    for (const name of graph.needs(node)) {
      const list = users.get(name);
      if (list) list.push(node);
      else users.set(name, [node]);
    }
  const sharedAs = new Map<string, string>();
  const representatives = new Map<string, string>();
  const taken = new Map<string, Set<string>>();
  const outputs = new Set(model.outputs.map((output) => output.name));
  for (const node of model.nodes) {
    const [data = "", name = ""] = node.inputs;
    const weight = model.initializers.get(name);
    if (!weight || !WEIGHTED.has(node.op) || weight.bytes < SHARED_BYTES || !isWeightType(weight.dtype)) continue;
    if (users.get(name)!.length > 1 || outputs.has(name) || model.inputs.some((input) => input.name === name)) continue;
    const siblings = taken.get(data) ?? new Set();
    taken.set(data, siblings);
    for (let copy = 0; ; copy++) {
      const kind = `${weight.dtype}[${weight.shape.join("x")}]#${copy}`;
      if (siblings.has(kind)) continue;
      siblings.add(kind);
      const representative = representatives.get(kind) ?? name;
      representatives.set(kind, representative);
      sharedAs.set(name, representative);
      break;
    }
  }
  return sharedAs;
}

function hollow(weight: Initializer): Uint8Array {
  return toBinary(
    TensorProtoSchema,
    create(TensorProtoSchema, {
      ...header(weight),
      dataLocation: TensorProto_DataLocation.EXTERNAL,
      externalData: [
        { key: "location", value: ZEROS },
        { key: "offset", value: "0" },
        { key: "length", value: String(weight.bytes) },
      ],
    }),
  );
}

function embedded(weight: Initializer, externalFolder: string): Uint8Array {
  const rawData = new Uint8Array(weight.bytes);
  const descriptor = openSync(path.join(externalFolder, weight.external!.location), "r");
  readSync(descriptor, rawData, 0, rawData.length, weight.external!.offset);
  closeSync(descriptor);
  return toBinary(TensorProtoSchema, create(TensorProtoSchema, { ...header(weight), rawData }));
}

function header({ name, dtype, shape }: Initializer) {
  return { name, dataType: codeOfDtype(dtype), dims: shape.map(BigInt) };
}
