import { create, toBinary } from "@bufbuild/protobuf";
import {
  AttributeProto_AttributeType,
  AttributeProtoSchema,
  GraphProtoSchema,
  ModelProtoSchema,
  NodeProtoSchema,
  OperatorSetIdProtoSchema,
  TensorProtoSchema,
} from "onnx-buf";
import { codeOfDtype } from "./dtype.ts";
import { type TensorType, typedValueInfo } from "./segment.ts";
import type { ByteSource } from "./source.ts";
import { memorySource } from "./source.ts";

/** An attribute's value: whole numbers become INT or INTS, `{ float }` a FLOAT, text a STRING. */
export type Attribute = number | readonly number[] | { readonly float: number } | string;

/** Collects nodes and weights into a model. Every method that adds a node returns the name of its output tensor. */
export class GraphBuilder {
  readonly #graph = create(GraphProtoSchema, { name: "graph" });
  readonly #name: string;
  readonly #opset: number;

  /** @param opset version of ONNX's own operator set */
  constructor(name: string, opset = 17) {
    this.#name = name;
    this.#opset = opset;
  }

  input(name: string, type: TensorType): string {
    this.#graph.input.push(typedValueInfo(name, type));
    return name;
  }

  output(name: string, type: TensorType): void {
    this.#graph.output.push(typedValueInfo(name, type));
  }

  /** A float32 weight. @param values one value per element, row-major */
  weight(name: string, shape: readonly number[], values: Float32Array): string {
    return this.#initializer(
      name,
      "float32",
      shape,
      new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
    );
  }

  /** An int64 constant vector. */
  integers(name: string, values: readonly number[]): string {
    const data = BigInt64Array.from(values, BigInt);
    return this.#initializer(name, "int64", [values.length], new Uint8Array(data.buffer));
  }

  #initializer(name: string, dtype: "float32" | "int64", shape: readonly number[], rawData: Uint8Array): string {
    this.#graph.initializer.push(
      create(TensorProtoSchema, {
        name,
        dataType: codeOfDtype(dtype),
        dims: shape.map(BigInt),
        rawData: rawData as Uint8Array<ArrayBuffer>,
      }),
    );
    return name;
  }

  /**
   * @param name the node's name; its outputs are `name:0`, `name:1`, …
   * @returns the first output's name
   */
  node(
    op: string,
    name: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, Attribute>> = {},
    outputs = 1,
  ): string {
    const output = Array.from({ length: outputs }, (_, index) => `${name}:${index}`);
    const attribute = Object.entries(attributes).map(([key, value]) => create(AttributeProtoSchema, typed(key, value)));
    this.#graph.node.push(create(NodeProtoSchema, { opType: op, name, input: [...inputs], output, attribute }));
    return output[0]!;
  }

  /** The finished model, IR version 8. */
  build(): ByteSource {
    const model = create(ModelProtoSchema, {
      irVersion: 8n,
      producerName: "tierwise",
      graph: this.#graph,
      opsetImport: [create(OperatorSetIdProtoSchema, { domain: "", version: BigInt(this.#opset) })],
      metadataProps: [{ key: "name", value: this.#name }],
    });
    return memorySource(toBinary(ModelProtoSchema, model));
  }
}

/** What the proto of an attribute holds. */
export function typed(name: string, value: Attribute) {
  if (typeof value === "string")
    return { name, type: AttributeProto_AttributeType.STRING, s: new TextEncoder().encode(value) };
  if (typeof value === "number") return { name, type: AttributeProto_AttributeType.INT, i: BigInt(value) };
  if ("float" in value) return { name, type: AttributeProto_AttributeType.FLOAT, f: value.float };
  return { name, type: AttributeProto_AttributeType.INTS, ints: value.map(BigInt) };
}
