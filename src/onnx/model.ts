import { fromBinary } from "@bufbuild/protobuf";
import {
  AttributeProto_AttributeType,
  type GraphProto,
  type NodeProto,
  NodeProtoSchema,
  OperatorSetIdProtoSchema,
  StringStringEntryProtoSchema,
  TensorProto_DataLocation,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from "onnx-buf";
import type { Dtype } from "../formats/common.ts";
import { Problem } from "../formats/problem.ts";
import { dtypeOfCode, tensorBytes } from "./dtype.ts";
import type { ByteSource } from "./source.ts";
import { type Field, fieldsOf, integer, integers, payload, text } from "./wire.ts";

/** Field numbers of onnx.proto (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto) that this module reads. */
export const MODEL = { irVersion: 1, producer: 2, graph: 7, opset: 8, metadata: 14 } as const;
export const GRAPH = { node: 1, initializer: 5, input: 11, output: 12, valueInfo: 13, sparseInitializer: 15 } as const;
export const TENSOR = { dims: 1, dtype: 2, name: 8, raw: 9, external: 13, location: 14 } as const;
const SPARSE_VALUES = 1;

/** A graph's input or output: `shape` has a number per known dimension, a string per named one, null per unknown one. */
export interface ValueInfo {
  readonly name: string;
  /** Undefined for sequences, maps, optionals and sparse tensors. */
  readonly dtype: Dtype | undefined;
  /** Undefined when the rank is unknown. */
  readonly shape: readonly (number | string | null)[] | undefined;
  readonly proto: ValueInfoProto;
  readonly field: Field;
}

/** A weight, its values unread. */
export interface Initializer {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  /** Size in memory. */
  readonly bytes: number;
  /** Where the values lie when they are stored as raw bytes in the model file itself. */
  readonly raw: Field | undefined;
  /** Set when the values lie in another file: ONNX's external data. */
  readonly external: { readonly location: string; readonly offset: number; readonly length: number } | undefined;
  readonly field: Field;
}

/** One node as it stands in the file. */
export interface Node {
  /** Position in the file. */
  readonly index: number;
  /** The node's own name when it has one that no earlier node bears, else `Op#index`. */
  readonly name: string;
  readonly op: string;
  /** "" for ONNX's own operators. */
  readonly domain: string;
  /** Input tensors; "" for an omitted optional input. */
  readonly inputs: readonly string[];
  /** Output tensors; "" for an omitted optional output. */
  readonly outputs: readonly string[];
  /** Tensors of the enclosing graph that the node's subgraphs (If, Loop, Scan) use. */
  readonly captured: readonly string[];
  readonly proto: NodeProto;
  readonly field: Field;
}

/** A model: a parsed view of a source. Nothing in it is copied out of the source but names, shapes and small values. */
export interface Model {
  readonly source: ByteSource;
  readonly irVersion: number;
  readonly producer: string;
  readonly opsets: ReadonlyMap<string, number>;
  readonly metadata: ReadonlyMap<string, string>;
  /** The model's fields in file order. */
  readonly fields: readonly Field[];
  /** The fields of its graph in file order. */
  readonly graphFields: readonly Field[];
  readonly nodes: readonly Node[];
  readonly initializers: ReadonlyMap<string, Initializer>;
  /** Graph inputs, those that only give an initializer's type included (IR version 3). */
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
  readonly valueInfos: ReadonlyMap<string, ValueInfo>;
}

/**
 * Reads a model without reading its weights.
 * @param source the file's bytes
 * @param name how messages call the file
 * @throws Problem when the bytes are not an ONNX model or end early.
 */
export function readModel(source: ByteSource, name: string): Model {
  try {
    return parse(source);
  } catch (error) {
    if (error instanceof Problem) throw new Problem(`${name}: ${error.message}`);
    throw new Problem(
      `${name} is not a readable ONNX model: ${error instanceof Error ? error.message : error}. ` +
        "Check that the file is complete and was written by an ONNX exporter.",
    );
  }
}

function parse(source: ByteSource): Model {
  if (source.length === 0) throw new Error("it is empty");
  const fields = [...fieldsOf(source)];
  const graph = fields.findLast((field) => field.number === MODEL.graph);
  const irVersion = fields.find((field) => field.number === MODEL.irVersion);
  if (!graph || !irVersion) throw new Error("it has no graph");
  const producer = fields.find((field) => field.number === MODEL.producer);
  const opsets = messages(fields, MODEL.opset).map((field) => fromBinary(OperatorSetIdProtoSchema, payload(field)));
  const metadata = messages(fields, MODEL.metadata).map((field) =>
    fromBinary(StringStringEntryProtoSchema, payload(field)),
  );
  const graphFields = [...fieldsOf(source, graph.value, graph.end)];
  const valueInfos = (number: number) => messages(graphFields, number).map(readValueInfo);
  return {
    source,
    irVersion: integer(irVersion),
    producer: producer ? text(producer) : "",
    opsets: new Map(opsets.map((opset) => [opset.domain === "ai.onnx" ? "" : opset.domain, Number(opset.version)])),
    metadata: new Map(metadata.map((entry) => [entry.key, entry.value])),
    fields,
    graphFields,
    nodes: readNodes(messages(graphFields, GRAPH.node)),
    initializers: readInitializers(graphFields),
    inputs: valueInfos(GRAPH.input),
    outputs: valueInfos(GRAPH.output),
    valueInfos: new Map(valueInfos(GRAPH.valueInfo).map((info) => [info.name, info])),
  };
}

function messages(fields: readonly Field[], number: number): Field[] {
  return fields.filter((field) => field.number === number);
}

function readValueInfo(field: Field): ValueInfo {
  const proto = fromBinary(ValueInfoProtoSchema, payload(field));
  const type = proto.type?.value;
  const tensor = type?.case === "tensorType" ? type.value : undefined;
  return {
    name: proto.name,
    dtype: tensor && dtypeOfCode(tensor.elemType),
    shape: tensor?.shape?.dim.map(({ value }) => {
      if (value.case === "dimValue") return Number(value.value);
      return value.case === "dimParam" && value.value ? value.value : null;
    }),
    proto,
    field,
  };
}

function readNodes(fields: readonly Field[]): Node[] {
  const taken = new Set<string>();
  return fields.map((field, index) => {
    const proto = fromBinary(NodeProtoSchema, payload(field));
    let name = proto.name && !taken.has(proto.name) ? proto.name : `${proto.opType}#${index}`;
    // A file can hold names that look like the given ones.
    while (taken.has(name)) name += "'";
    taken.add(name);
    return {
      index,
      name,
      op: proto.opType,
      domain: proto.domain === "ai.onnx" ? "" : proto.domain,
      inputs: proto.input,
      outputs: proto.output,
      captured: capturedBy(proto),
      proto,
      field,
    };
  });
}

/** Names that a node's subgraphs use and do not define themselves, nested subgraphs included. */
function capturedBy(node: NodeProto): string[] {
  const captured = new Set<string>();
  for (const attribute of node.attribute) {
    const graphs = attribute.g ? [attribute.g, ...attribute.graphs] : attribute.graphs;
    for (const graph of graphs) for (const name of freeNames(graph)) captured.add(name);
  }
  return [...captured];
}

function freeNames(graph: GraphProto): Set<string> {
  const defined = new Set<string>([
    ...graph.input.map((input) => input.name),
    ...graph.initializer.map((tensor) => tensor.name),
    ...graph.sparseInitializer.map((tensor) => tensor.values?.name ?? ""),
    ...graph.node.flatMap((node) => node.output),
  ]);
  const used = new Set<string>();
  for (const node of graph.node) for (const name of [...node.input, ...capturedBy(node)]) used.add(name);
  for (const output of graph.output) used.add(output.name);
  for (const name of [...used]) if (name === "" || defined.has(name)) used.delete(name);
  return used;
}

function readInitializers(graphFields: readonly Field[]): Map<string, Initializer> {
  const initializers = new Map<string, Initializer>();
  for (const field of messages(graphFields, GRAPH.initializer)) {
    const initializer = readInitializer(field, field);
    initializers.set(initializer.name, initializer);
  }
  for (const field of messages(graphFields, GRAPH.sparseInitializer)) {
    const values = [...fieldsOf(field.source, field.value, field.end)].find(({ number }) => number === SPARSE_VALUES);
    if (!values) continue;
    const initializer = readInitializer(values, field);
    initializers.set(initializer.name, { ...initializer, raw: undefined });
  }
  return initializers;
}

/** Reads the header of the TensorProto in `tensor`; `field` is the graph's field that it belongs to. */
function readInitializer(tensor: Field, field: Field): Initializer {
  let name = "";
  let code = 0;
  let raw: Field | undefined;
  let external = false;
  const shape: number[] = [];
  const entries = new Map<string, string>();
  for (const part of fieldsOf(tensor.source, tensor.value, tensor.end)) {
    if (part.number === TENSOR.dims) shape.push(...integers(part));
    else if (part.number === TENSOR.dtype) code = integer(part);
    else if (part.number === TENSOR.name) name = text(part);
    else if (part.number === TENSOR.raw) raw = part;
    else if (part.number === TENSOR.location) external = integer(part) === TensorProto_DataLocation.EXTERNAL;
    else if (part.number === TENSOR.external) {
      const entry = fromBinary(StringStringEntryProtoSchema, payload(part));
      entries.set(entry.key, entry.value);
    }
  }
  const dtype = dtypeOfCode(code);
  if (!dtype) throw new Problem(`initializer '${name}' has the element type ${code}, which ONNX 1.20 does not define.`);
  const bytes = tensorBytes(dtype, shape);
  return {
    name,
    dtype,
    shape,
    bytes,
    raw,
    external: external
      ? {
          location: entries.get("location") ?? "",
          offset: Number(entries.get("offset") ?? 0),
          length: Number(entries.get("length") ?? bytes),
        }
      : undefined,
    field,
  };
}

/** Element type and shape of the value of a Constant node, or undefined for other nodes and for strings. */
export function constantType(node: Node): { dtype: Dtype; shape: number[] } | undefined {
  if (node.op !== "Constant" || node.domain !== "") return undefined;
  const attribute = node.proto.attribute[0];
  switch (attribute?.type) {
    case AttributeProto_AttributeType.TENSOR: {
      const dtype = dtypeOfCode(attribute.t?.dataType ?? 0);
      return dtype && { dtype, shape: (attribute.t?.dims ?? []).map(Number) };
    }
    case AttributeProto_AttributeType.FLOAT:
      return { dtype: "float32", shape: [] };
    case AttributeProto_AttributeType.FLOATS:
      return { dtype: "float32", shape: [attribute.floats.length] };
    case AttributeProto_AttributeType.INT:
      return { dtype: "int64", shape: [] };
    case AttributeProto_AttributeType.INTS:
      return { dtype: "int64", shape: [attribute.ints.length] };
    default:
      return undefined;
  }
}
