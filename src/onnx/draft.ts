import { create, toBinary } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import {
  type AttributeProto,
  AttributeProto_AttributeType,
  AttributeProtoSchema,
  NodeProtoSchema,
  OperatorSetIdProtoSchema,
  StringStringEntryProtoSchema,
  TensorProtoSchema,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from "onnx-buf";
import type { Dtype } from "../formats/common.ts";
import { Problem } from "../formats/problem.ts";
import { type Attribute, typed } from "./build.ts";
import { codeOfDtype, dtypeOfCode, elements } from "./dtype.ts";
import type { Graph } from "./graph.ts";
import { GRAPH, type Initializer, MODEL, type Model, type Node } from "./model.ts";
import { replaceFields, type TensorType, typedValueInfo } from "./segment.ts";
import { type ByteSource, ropeSource, type Span, spanOf } from "./source.ts";
import { asFloats, asIntegers, rawValues, valuesOf } from "./values.ts";
import { lengthDelimited } from "./wire.ts";

/** A constant tensor of a draft. Its values are read when they are asked for and kept by nobody. */
export interface DraftWeight {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  /** Raw little-endian values; not to be written to. */
  read(): Uint8Array;
  /** The whole graph field, where the weight is taken over from the source as it is. */
  readonly field?: Span;
}

/** A node of a draft: everything about it may be changed in place. */
export class DraftNode {
  readonly #attributes: Map<string, AttributeProto>;

  constructor(
    public op: string,
    public name: string,
    public inputs: string[],
    public outputs: string[],
    readonly domain = "",
    readonly captured: readonly string[] = [],
    attributes: readonly AttributeProto[] = [],
  ) {
    this.#attributes = new Map(attributes.map((attribute) => [attribute.name, attribute]));
  }

  has(attribute: string): boolean {
    return this.#attributes.has(attribute);
  }

  int(attribute: string, otherwise: number): number {
    const found = this.#attributes.get(attribute);
    return found ? Number(found.i) : otherwise;
  }

  ints(attribute: string): number[] | undefined {
    return this.#attributes.get(attribute)?.ints.map(Number);
  }

  float(attribute: string, otherwise: number): number {
    return this.#attributes.get(attribute)?.f ?? otherwise;
  }

  floats(attribute: string): number[] | undefined {
    return this.#attributes.get(attribute)?.floats;
  }

  text(attribute: string, otherwise: string): string {
    const found = this.#attributes.get(attribute);
    return found ? new TextDecoder().decode(found.s) : otherwise;
  }

  set(attribute: string, value: Attribute): void {
    this.#attributes.set(attribute, create(AttributeProtoSchema, typed(attribute, value)));
  }

  drop(attribute: string): void {
    this.#attributes.delete(attribute);
  }

  /** Tensors that the node needs, captured ones included. */
  needs(): string[] {
    return [...this.inputs, ...this.captured].filter((name) => name !== "");
  }

  encode(): Uint8Array {
    return toBinary(
      NodeProtoSchema,
      create(NodeProtoSchema, {
        opType: this.op,
        domain: this.domain,
        name: this.name,
        input: this.inputs,
        output: this.outputs,
        attribute: [...this.#attributes.values()],
      }),
    );
  }
}

/**
 * A model being rewritten: nodes and weights in plain lists that graph surgery changes in place, and from which
 * {@link Draft.finish} makes a model again. Weights that nobody touched stay spans of the source. Constant nodes, and
 * copies of weights, have become weights, so that a weight is found in one place. Types of inner tensors are not taken over: surgery makes them
 * stale, and the runtime infers them.
 */
export class Draft {
  readonly nodes: DraftNode[];
  readonly weights = new Map<string, DraftWeight>();
  readonly metadata: Map<string, string>;
  opset: number;
  readonly #graph: Graph;
  readonly #inputs: ValueInfoProto[];
  #outputs: ValueInfoProto[];
  readonly #names = new Set<string>();

  constructor(graph: Graph) {
    const { model } = graph;
    this.#graph = graph;
    this.opset = model.opsets.get("") ?? 0;
    this.metadata = new Map(model.metadata);
    this.#inputs = graph.inputs.map(({ proto }) => proto);
    this.#outputs = model.outputs.map(({ proto }) => proto);
    for (const weight of model.initializers.values())
      this.weights.set(weight.name, {
        dtype: weight.dtype,
        shape: weight.shape,
        read: () => valuesOf(weight),
        field: weight.field,
      });
    const isOutput = new Set(this.outputs);
    const kept: Node[] = [];
    for (const node of [...graph.constantNodes, ...graph.steps]) {
      const value = isOutput.has(node.outputs[0] ?? "") ? undefined : (constantValue(node) ?? this.#copied(node));
      if (value) this.weights.set(node.outputs[0]!, value);
      else kept.push(node);
    }
    this.nodes = kept.map(
      ({ op, name, inputs, outputs, domain, captured, proto }) =>
        new DraftNode(op, name, [...inputs], [...outputs], domain, captured, proto.attribute),
    );
    for (const name of [...this.inputs, ...this.outputs, ...this.weights.keys()]) this.#names.add(name);
    for (const node of this.nodes) for (const name of [node.name, ...node.outputs]) this.#names.add(name);
  }

  /** The weight that an Identity hands on, as exporters write a weight that several nodes share. */
  #copied({ op, domain, inputs }: Node): DraftWeight | undefined {
    const weight = op === "Identity" && domain === "" ? this.weights.get(inputs[0]!) : undefined;
    return weight && { dtype: weight.dtype, shape: weight.shape, read: weight.read };
  }

  /** Names of the inputs that a request must bring. */
  get inputs(): string[] {
    return this.#inputs.map(({ name }) => name);
  }

  get outputs(): string[] {
    return this.#outputs.map(({ name }) => name);
  }

  /** Replaces the model's outputs; their types are left to the runtime where none is given. */
  setOutputs(outputs: ReadonlyMap<string, TensorType>): void {
    this.#outputs = [...outputs].map(([name, type]) => typedValueInfo(name, type));
  }

  /** A name for a node or tensor that nothing bears yet, made from `wish`. */
  fresh(wish: string): string {
    let name = wish;
    for (let copy = 2; this.#names.has(name); copy++) name = `${wish}.${copy}`;
    this.#names.add(name);
    return name;
  }

  /** Adds a node with one output. @returns the output's name */
  add(
    op: string,
    wish: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, Attribute>> = {},
  ): string {
    const name = this.fresh(wish);
    const output = this.fresh(`${name}:0`);
    const node = new DraftNode(op, name, [...inputs], [output]);
    for (const [key, value] of Object.entries(attributes)) node.set(key, value);
    this.nodes.push(node);
    return output;
  }

  /** Adds a weight. @param values one number per element, row-major @returns the weight's name */
  constant(
    wish: string,
    dtype: Dtype,
    shape: readonly number[],
    values: Float32Array | Int8Array | Uint8Array | Int32Array | BigInt64Array,
  ): string {
    const name = this.fresh(wish);
    if (values.length !== elements(shape)) throw new Error(`${name}: ${values.length} values for [${shape}]`);
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    this.weights.set(name, { dtype, shape, read: () => bytes });
    return name;
  }

  /** Values of a float32 weight, or undefined for what is none. A view: not to be written to. */
  floats(name: string | undefined): Float32Array | undefined {
    const weight = this.weights.get(name ?? "");
    return weight?.dtype === "float32" ? asFloats(weight.read()) : undefined;
  }

  /** Values of an int64 or int32 weight, or undefined for what is none. */
  integers(name: string | undefined): number[] | undefined {
    const weight = this.weights.get(name ?? "");
    return weight && /^int(64|32)$/.test(weight.dtype) ? asIntegers(weight.read(), weight.dtype) : undefined;
  }

  /** The node that makes each tensor. */
  producers(): Map<string, DraftNode> {
    return new Map(this.nodes.flatMap((node) => node.outputs.map((output) => [output, node] as const)));
  }

  /** The nodes that use each tensor, each once. */
  users(): Map<string, DraftNode[]> {
    const users = new Map<string, DraftNode[]>();
    for (const node of this.nodes)
      for (const tensor of new Set(node.needs())) {
        const list = users.get(tensor);
        if (list) list.push(node);
        else users.set(tensor, [node]);
      }
    return users;
  }

  /** Makes every user of a tensor use another. Not for graph outputs and captured tensors. */
  redirect(from: string, to: string): void {
    for (const node of this.nodes) node.inputs = node.inputs.map((input) => (input === from ? to : input));
  }

  /** Whether a tensor is an output of the model. */
  isOutput(tensor: string): boolean {
    return this.#outputs.some(({ name }) => name === tensor);
  }

  /** Nodes that the outputs depend on, makers before users; quantisation comes at once, all else as late as it may. */
  ordered(): DraftNode[] {
    const producers = this.producers();
    const quantisers = new Map<string, DraftNode[]>();
    const useful = new Set<DraftNode>();
    const stack = this.outputs.flatMap((name) => producers.get(name) ?? []);
    for (let node = stack.pop(); node; node = stack.pop()) {
      if (useful.has(node)) continue;
      useful.add(node);
      for (const tensor of node.needs()) stack.push(...(producers.has(tensor) ? [producers.get(tensor)!] : []));
      if (node.op === "QuantizeLinear") {
        const list = quantisers.get(node.inputs[0]!);
        if (list) list.push(node);
        else quantisers.set(node.inputs[0]!, [node]);
      }
    }
    const done = new Set<DraftNode>();
    const order: DraftNode[] = [];
    const emit = (node: DraftNode) => {
      if (done.has(node)) return;
      done.add(node);
      order.push(node);
      // A tensor that travels quantised is quantised where it is made, so that every cut behind is crossed by bytes.
      for (const output of node.outputs) for (const next of quantisers.get(output) ?? []) emit(next);
    };
    for (const input of this.inputs) for (const next of quantisers.get(input) ?? []) emit(next);
    for (const root of this.nodes) {
      if (!useful.has(root) || isLate(root)) continue;
      const path: DraftNode[] = [root];
      for (let node = path.at(-1); node; node = path.at(-1)) {
        const open = node.needs().flatMap((tensor) => producers.get(tensor) ?? []);
        const next = open.find((maker) => !done.has(maker));
        if (!next || done.has(node)) {
          emit(node);
          path.pop();
        } else if (path.includes(next)) throw new Problem(`the graph has a cycle through node '${next.name}'.`);
        else path.push(next);
      }
    }
    for (const node of this.nodes) if (useful.has(node)) emit(node);
    return order;
  }

  /** The draft as a model. */
  finish(): ByteSource {
    const { model } = this.#graph;
    const nodes = this.ordered();
    const used = new Set([...nodes.flatMap((node) => node.needs()), ...this.outputs]);
    const graph: Span[] = [];
    for (const node of nodes) graph.push(...lengthDelimited(GRAPH.node, [spanOf(node.encode())]));
    for (const field of model.graphFields) if (!REWRITTEN.has(field.number)) graph.push(field);
    for (const [name, weight] of this.weights) if (used.has(name)) graph.push(...encodeWeight(name, weight));
    for (const input of this.#inputs) graph.push(...valueInfo(GRAPH.input, input));
    for (const output of this.#outputs) graph.push(...valueInfo(GRAPH.output, output));

    const pieces: Span[] = [];
    for (const field of model.fields)
      if (field.number === MODEL.graph) pieces.push(...lengthDelimited(MODEL.graph, graph));
      else if (field.number === MODEL.irVersion) pieces.push(varint(MODEL.irVersion, Math.max(model.irVersion, 7)));
      else if (field.number !== MODEL.opset && field.number !== MODEL.metadata) pieces.push(field);
    for (const [domain, version] of new Map([...model.opsets, ["", this.opset] as const]))
      pieces.push(
        ...lengthDelimited(MODEL.opset, [
          spanOf(
            toBinary(OperatorSetIdProtoSchema, create(OperatorSetIdProtoSchema, { domain, version: BigInt(version) })),
          ),
        ]),
      );
    for (const [key, value] of this.metadata)
      pieces.push(
        ...lengthDelimited(MODEL.metadata, [
          spanOf(toBinary(StringStringEntryProtoSchema, create(StringStringEntryProtoSchema, { key, value }))),
        ]),
      );
    return ropeSource(pieces);
  }
}

/** Graph fields that a draft writes anew, and inner types, which it leaves out. */
const REWRITTEN = new Set<number>([
  GRAPH.node,
  GRAPH.initializer,
  GRAPH.sparseInitializer,
  GRAPH.input,
  GRAPH.output,
  GRAPH.valueInfo,
]);

function isLate(node: DraftNode): boolean {
  return node.op === "DequantizeLinear" || node.op === "QuantizeLinear";
}

function valueInfo(number: number, info: ValueInfoProto): Span[] {
  return lengthDelimited(number, [spanOf(toBinary(ValueInfoProtoSchema, info))]);
}

function varint(number: number, value: number): Span {
  return spanOf(new BinaryWriter().tag(number, WireType.Varint).uint64(value).finish());
}

const RAW_DATA = 9;

function encodeWeight(name: string, { dtype, shape, read, field }: DraftWeight): Span[] {
  return field ? [field] : lengthDelimited(GRAPH.initializer, tensorSpans(name, dtype, shape, spanOf(read())));
}

/** A TensorProto whose raw values are a span of another source. */
function tensorSpans(name: string, dtype: Dtype, shape: readonly number[], values: Span): Span[] {
  const header = toBinary(
    TensorProtoSchema,
    create(TensorProtoSchema, { name, dataType: codeOfDtype(dtype), dims: shape.map(BigInt) }),
  );
  return [spanOf(header), ...lengthDelimited(RAW_DATA, [values])];
}

/**
 * The model with the values of its external weights inside, as spans of the files that hold them.
 * @param valuesOf where the values of a weight lie
 */
export function withEmbeddedWeights(model: Model, valuesOf: (weight: Initializer) => Span): ByteSource {
  const external = new Map(
    [...model.initializers.values()].flatMap((weight) => (weight.external ? [[weight.field, weight] as const] : [])),
  );
  return replaceFields(model, (field) => {
    const weight = external.get(field);
    if (!weight) return undefined;
    const tensor = ropeSource(tensorSpans(weight.name, weight.dtype, weight.shape, valuesOf(weight)));
    return [{ source: tensor, start: 0, end: tensor.length }];
  });
}

function constantValue(node: Node): DraftWeight | undefined {
  if (node.op !== "Constant" || node.domain !== "") return undefined;
  const attribute = node.proto.attribute[0];
  const made = (dtype: Dtype, shape: number[], values: Float32Array | BigInt64Array): DraftWeight => {
    const bytes = new Uint8Array(values.buffer);
    return { dtype, shape, read: () => bytes };
  };
  switch (attribute?.type) {
    case AttributeProto_AttributeType.TENSOR: {
      const tensor = attribute.t!;
      const dtype = dtypeOfCode(tensor.dataType);
      if (!dtype || dtype === "string") return undefined;
      return { dtype, shape: tensor.dims.map(Number), read: () => rawValues(tensor, node.outputs[0]!) };
    }
    case AttributeProto_AttributeType.FLOAT:
      return made("float32", [], Float32Array.of(attribute.f));
    case AttributeProto_AttributeType.FLOATS:
      return made("float32", [attribute.floats.length], Float32Array.from(attribute.floats));
    case AttributeProto_AttributeType.INT:
      return made("int64", [], BigInt64Array.of(attribute.i));
    case AttributeProto_AttributeType.INTS:
      return made("int64", [attribute.ints.length], BigInt64Array.from(attribute.ints));
    default:
      return undefined;
  }
}
