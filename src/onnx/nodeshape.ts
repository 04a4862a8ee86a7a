import { AttributeProto_AttributeType } from "onnx-buf";
import type { Node } from "./model.ts";
import type { TensorType } from "./segment.ts";

/** Attributes that decide how much work a node is, or how its kernel goes about it. */
const DECISIVE = new Set(["kernel_shape", "strides", "dilations", "group", "perm", "axis", "mode", "transA", "transB"]);

/** The sizes of what a node works on. */
export interface NodeShape {
  readonly shapes: { readonly inputs: (number[] | null)[]; readonly output: number[] };
  readonly attributes: Readonly<Record<string, number | number[] | string>>;
}

/** @returns undefined where the type of the node's first output is not known */
export function nodeShape(node: Node, types: ReadonlyMap<string, TensorType>): NodeShape | undefined {
  const shapeOf = (name: string | undefined) => {
    const shape = name ? types.get(name)?.shape : undefined;
    return shape?.every((size) => typeof size === "number") ? ([...shape] as number[]) : null;
  };
  const output = shapeOf(node.outputs[0]);
  if (!output) return undefined;
  const attributes: Record<string, number | number[] | string> = {};
  for (const { name, type, i, ints, s } of node.proto.attribute) {
    if (!DECISIVE.has(name)) continue;
    if (type === AttributeProto_AttributeType.INT) attributes[name] = Number(i);
    if (type === AttributeProto_AttributeType.INTS) attributes[name] = ints.map(Number);
    if (type === AttributeProto_AttributeType.STRING) attributes[name] = new TextDecoder().decode(s);
  }
  return { shapes: { inputs: node.inputs.map(shapeOf), output }, attributes };
}
