import { create, toBinary } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import {
  TensorShapeProto_DimensionSchema,
  TensorShapeProtoSchema,
  TypeProto_TensorSchema,
  TypeProtoSchema,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from "onnx-buf";
import type { Dtype } from "../formats/common.ts";
import { codeOfDtype } from "./dtype.ts";
import type { Graph } from "./graph.ts";
import { GRAPH, MODEL, type Model, type Node, type ValueInfo } from "./model.ts";
import { type ByteSource, ropeSource, type Span, spanOf } from "./source.ts";
import { type Field, lengthDelimited } from "./wire.ts";

/** Element type and shape of a tensor, as far as they are known: a string names a free dimension, null is unknown. */
export interface TensorType {
  readonly dtype: Dtype;
  readonly shape: readonly (number | string | null)[];
}

/** A model made of consecutive steps of another, as a source that shares the other's bytes. */
export interface Segment {
  /** Tensors that the segment needs and does not make, in the order of its graph inputs. */
  readonly inputs: readonly string[];
  /** Tensors that the segment makes and others need, or that are outputs of the whole. */
  readonly outputs: readonly string[];
  /** Weights that the segment carries, by name. */
  readonly initializers: readonly string[];
  readonly nodes: readonly Node[];
  readonly source: ByteSource;
}

/**
 * The steps [from, to) of a graph as a model of their own: a head is (0, position), a tail (position, steps), and head
 * and tail chained give the whole's outputs. Nodes, weights, functions and metadata are taken over byte for byte;
 * nodes without a name of their own get one, so that what the runtime reports can be told apart.
 * @param types types of the tensors at the seams; a whole model's inputs and outputs default to what the file says
 */
export function extractSegment(
  graph: Graph,
  from: number,
  to: number,
  types: ReadonlyMap<string, TensorType>,
): Segment {
  const steps = graph.steps.slice(from, to);
  const made = new Set(steps.flatMap((step) => step.outputs));
  const needed = new Set(steps.flatMap((step) => graph.needs(step)));
  const whole = graph.model.outputs.map((output) => output.name);
  const usedLater = new Set(graph.steps.slice(to).flatMap((step) => graph.needs(step)));
  const last = to === graph.steps.length;
  const graphInputs = new Set(graph.inputs.map((input) => input.name));
  // Outputs of the whole that no step makes (constants, passed-through inputs) leave with the tail.
  const passed = last ? whole.filter((name) => graph.isConstant(name) || graphInputs.has(name)) : [];
  const outputs = [
    ...new Set([
      ...whole.filter((name) => made.has(name)),
      ...passed,
      ...[...made].filter((name) => usedLater.has(name)),
    ]),
  ];
  for (const name of passed) needed.add(name);

  const inputs = [...needed].filter((name) => !made.has(name) && !graph.isConstant(name));
  const inputOrder = new Map(graph.inputs.map((input, index) => [input.name, index]));
  inputs.sort((a, b) => (inputOrder.get(a) ?? Infinity) - (inputOrder.get(b) ?? Infinity) || 0);

  const constants = new Set<Node>();
  const toVisit = [...needed].flatMap((name) => (graph.isConstant(name) ? (graph.producers.get(name) ?? []) : []));
  for (let node = toVisit.pop(); node; node = toVisit.pop()) {
    if (constants.has(node)) continue;
    constants.add(node);
    for (const tensor of graph.needs(node)) {
      needed.add(tensor);
      const maker = graph.producers.get(tensor);
      if (maker) toVisit.push(maker);
    }
  }
  const initializers = [...graph.model.initializers.keys()].filter((name) => needed.has(name));
  const nodes = [...graph.constantNodes.filter((node) => constants.has(node)), ...steps];
  return {
    inputs,
    outputs,
    initializers,
    nodes,
    source: rewrite(graph.model, {
      nodes: new Set(nodes),
      initializers: new Set(initializers),
      inputs: inputs.map((name) => valueInfoOf(graph.model, name, types)),
      outputs: outputs.map((name) => valueInfoOf(graph.model, name, types)),
    }),
  };
}

/** The same model with further tensors among its outputs, after those it has. */
export function withOutputs(
  graph: Graph,
  names: readonly string[],
  types: ReadonlyMap<string, TensorType>,
): ByteSource {
  const { model } = graph;
  const own = model.outputs.map((output) => output.name);
  return rewrite(model, {
    nodes: new Set(model.nodes),
    initializers: new Set(model.initializers.keys()),
    inputs: graph.inputs.map(({ name }) => valueInfoOf(model, name, types)),
    outputs: [...new Set([...own, ...names])].map((name) => valueInfoOf(model, name, types)),
  });
}

/** What a rewritten model keeps, and its new inputs and outputs. */
export interface Rewriting {
  readonly nodes: ReadonlySet<Node>;
  readonly initializers: ReadonlySet<string>;
  readonly inputs: readonly ValueInfoProto[];
  readonly outputs: readonly ValueInfoProto[];
}

/** The model with some nodes and weights left out and other inputs and outputs; all else byte for byte as it was. */
export function rewrite(model: Model, wanted: Rewriting): ByteSource {
  const nodes = new Map(model.nodes.map((node) => [node.field, node]));
  const initializers = new Map([...model.initializers.values()].map((tensor) => [tensor.field, tensor.name]));
  const infos = new Map<Span, ValueInfo>(
    [...model.inputs, ...model.outputs, ...model.valueInfos.values()].map((info) => [info.field, info]),
  );
  const seams = new Set([...wanted.inputs, ...wanted.outputs].map((info) => info.name));
  const alive = new Set([...wanted.nodes].flatMap((node) => node.outputs));
  const encode = (number: number, list: readonly ValueInfoProto[]) =>
    list.flatMap((info) => lengthDelimited(number, [spanOf(toBinary(ValueInfoProtoSchema, info))]));

  const graph: Span[] = [];
  for (const field of model.graphFields) {
    switch (field.number) {
      case GRAPH.node: {
        const node = nodes.get(field)!;
        if (wanted.nodes.has(node)) graph.push(...named(node));
        break;
      }
      case GRAPH.initializer:
      case GRAPH.sparseInitializer:
        if (wanted.initializers.has(initializers.get(field) ?? "")) graph.push(field);
        break;
      case GRAPH.input:
        // Up to IR version 3 an initializer's type stands among the graph's inputs.
        if (wanted.initializers.has(infos.get(field)?.name ?? "")) graph.push(field);
        break;
      case GRAPH.output:
        break;
      case GRAPH.valueInfo: {
        const name = infos.get(field)?.name ?? "";
        if (alive.has(name) && !seams.has(name)) graph.push(field);
        break;
      }
      default:
        graph.push(field);
    }
  }
  graph.push(...encode(GRAPH.input, wanted.inputs), ...encode(GRAPH.output, wanted.outputs));

  const pieces: Span[] = [];
  for (const field of model.fields)
    if (field.number === MODEL.graph) pieces.push(...lengthDelimited(MODEL.graph, graph));
    else pieces.push(field);
  return ropeSource(pieces);
}

/**
 * The model with some fields of its graph replaced.
 * @param replacement the new payloads of a field, none to drop it, or undefined to keep it as it is
 */
export function replaceFields(model: Model, replacement: (field: Field) => readonly Span[] | undefined): ByteSource {
  const graph = model.graphFields.flatMap((field): Span[] => {
    const payloads = replacement(field);
    return payloads ? payloads.flatMap((payload) => lengthDelimited(field.number, [payload])) : [field];
  });
  return ropeSource(
    model.fields.flatMap((field): Span[] =>
      field.number === MODEL.graph ? lengthDelimited(MODEL.graph, graph) : [field],
    ),
  );
}

const NODE_NAME = 3;

/** The node's bytes, with its given name appended where the file has none or a doubled one: the last one counts. */
function named(node: Node): Span[] {
  if (node.proto.name === node.name) return [node.field];
  const name = new BinaryWriter().tag(NODE_NAME, WireType.LengthDelimited).string(node.name).finish();
  const content: Span = { source: node.field.source, start: node.field.value, end: node.field.end };
  return lengthDelimited(GRAPH.node, [content, spanOf(name)]);
}

/** The description of a seam tensor: as `types` says, else as the file says, else by name alone. */
export function valueInfoOf(model: Model, name: string, types: ReadonlyMap<string, TensorType>): ValueInfoProto {
  const type = types.get(name);
  if (type) return typedValueInfo(name, type);
  const known = [...model.inputs, ...model.outputs].find((info) => info.name === name) ?? model.valueInfos.get(name);
  if (known) return known.proto;
  const constant = model.initializers.get(name);
  return constant ? typedValueInfo(name, constant) : create(ValueInfoProtoSchema, { name });
}

/** A graph input or output of a dense tensor. */
export function typedValueInfo(name: string, type: TensorType): ValueInfoProto {
  const dim = type.shape.map((size) =>
    create(TensorShapeProto_DimensionSchema, {
      value:
        typeof size === "number"
          ? { case: "dimValue", value: BigInt(size) }
          : size === null
            ? { case: undefined }
            : { case: "dimParam", value: size },
    }),
  );
  return create(ValueInfoProtoSchema, {
    name,
    type: create(TypeProtoSchema, {
      value: {
        case: "tensorType",
        value: create(TypeProto_TensorSchema, {
          elemType: codeOfDtype(type.dtype),
          shape: create(TensorShapeProtoSchema, { dim }),
        }),
      },
    }),
  });
}
