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
import type { Dtype } from "../formats/common.ts";
import { codeOfDtype, elements, tensorBytes } from "./dtype.ts";
import { GRAPH, MODEL, TENSOR } from "./model.ts";
import { type TensorType, typedValueInfo } from "./segment.ts";
import { type ByteSource, memorySource, ropeSource, type Span, spanOf } from "./source.ts";
import { lengthDelimited } from "./wire.ts";

/** A small tensor whose values are written out: float32, int64 or int32, row-major. */
export interface SmallTensor {
  readonly dtype: "float32" | "int64" | "int32";
  readonly shape: readonly number[];
  readonly values: readonly number[];
}

/** An attribute's value: whole numbers become INT or INTS, `{ float }` a FLOAT, text a STRING, `{ tensor }` a TENSOR. */
export type Attribute =
  | number
  | readonly number[]
  | { readonly float: number }
  | { readonly tensor: SmallTensor }
  | string;

/** Collects nodes and weights into a model. Every method that adds a node returns the name of its output tensor. */
export class GraphBuilder {
  readonly #graph = create(GraphProtoSchema, { name: "graph" });
  readonly #weights: Span[] = [];
  readonly #metadata: { key: string; value: string }[];
  readonly #opset: number;

  /** @param opset version of ONNX's own operator set */
  constructor(name: string, opset = 17) {
    this.#metadata = [{ key: "name", value: name }];
    this.#opset = opset;
  }

  /** An entry of the model's metadata_props. */
  metadata(key: string, value: string): void {
    this.#metadata.push({ key, value });
  }

  input(name: string, type: TensorType): string {
    this.#graph.input.push(typedValueInfo(name, type));
    return name;
  }

  output(name: string, type: TensorType): void {
    this.#graph.output.push(typedValueInfo(name, type));
  }

  /**
   * A float32 weight.
   * @param values one value per element, row-major; or a source of their little-endian bytes, read only when the
   * model is, so that weights need not be in memory together
   */
  weight(name: string, shape: readonly number[], values: Float32Array | ByteSource): string {
    const raw =
      values instanceof Float32Array
        ? memorySource(new Uint8Array(values.buffer, values.byteOffset, values.byteLength))
        : values;
    if (raw.length !== 4 * elements(shape))
      throw new Error(`weight ${name}: ${raw.length} bytes do not fill the shape [${shape.join(", ")}]`);
    return this.#initializer(name, "float32", shape, raw);
  }

  /** An int64 constant vector. */
  integers(name: string, values: readonly number[], shape: readonly number[] = [values.length]): string {
    return this.#initializer(name, "int64", shape, memorySource(bytesOf({ dtype: "int64", shape, values })));
  }

  /** A constant of any element type, from its raw little-endian bytes. */
  constant(name: string, dtype: Dtype, shape: readonly number[], bytes: Uint8Array<ArrayBuffer>): string {
    if (bytes.length !== tensorBytes(dtype, shape))
      throw new Error(`constant ${name}: ${bytes.length} bytes do not fill ${dtype}[${shape.join(", ")}]`);
    return this.#initializer(name, dtype, shape, memorySource(bytes));
  }

  #initializer(name: string, dtype: Dtype, shape: readonly number[], raw: ByteSource): string {
    const header = toBinary(
      TensorProtoSchema,
      create(TensorProtoSchema, { name, dataType: codeOfDtype(dtype), dims: shape.map(BigInt) }),
    );
    const values = lengthDelimited(TENSOR.raw, [{ source: raw, start: 0, end: raw.length }]);
    this.#weights.push(...lengthDelimited(GRAPH.initializer, [spanOf(header), ...values]));
    return name;
  }

  /**
   * @param name the node's name
   * @param outputs names of its outputs, or how many it has: these are then called `name:0`, `name:1`, …
   * @returns the first output's name
   */
  node(
    op: string,
    name: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, Attribute>> = {},
    outputs: number | readonly string[] = 1,
  ): string {
    const output =
      typeof outputs === "number" ? Array.from({ length: outputs }, (_, index) => `${name}:${index}`) : [...outputs];
    const attribute = Object.entries(attributes).map(([key, value]) => create(AttributeProtoSchema, typed(key, value)));
    this.#graph.node.push(create(NodeProtoSchema, { opType: op, name, input: [...inputs], output, attribute }));
    return output[0]!;
  }

  /** The finished model, IR version 8. Weights that are sources are read when the result is. */
  build(): ByteSource {
    const model = create(ModelProtoSchema, {
      irVersion: 8n,
      producerName: "tierwise",
      opsetImport: [create(OperatorSetIdProtoSchema, { domain: "", version: BigInt(this.#opset) })],
      metadataProps: this.#metadata,
    });
    const graph = spanOf(toBinary(GraphProtoSchema, this.#graph));
    return ropeSource([
      spanOf(toBinary(ModelProtoSchema, model)),
      ...lengthDelimited(MODEL.graph, [graph, ...this.#weights]),
    ]);
  }
}

function bytesOf({ dtype, values }: SmallTensor): Uint8Array<ArrayBuffer> {
  if (dtype === "int64") return new Uint8Array(BigInt64Array.from(values, BigInt).buffer);
  return new Uint8Array((dtype === "int32" ? Int32Array.from(values) : Float32Array.from(values)).buffer);
}

/** What the proto of an attribute holds. */
export function typed(name: string, value: Attribute) {
  if (typeof value === "string")
    return { name, type: AttributeProto_AttributeType.STRING, s: new TextEncoder().encode(value) };
  if (typeof value === "number") return { name, type: AttributeProto_AttributeType.INT, i: BigInt(value) };
  if ("float" in value) return { name, type: AttributeProto_AttributeType.FLOAT, f: value.float };
  if ("tensor" in value) {
    const { dtype, shape } = value.tensor;
    const t = { dataType: codeOfDtype(dtype), dims: shape.map(BigInt), rawData: bytesOf(value.tensor) };
    return { name, type: AttributeProto_AttributeType.TENSOR, t: create(TensorProtoSchema, t) };
  }
  return { name, type: AttributeProto_AttributeType.INTS, ints: value.map(BigInt) };
}
