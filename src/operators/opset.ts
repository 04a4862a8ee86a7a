import { Problem } from "../formats/problem.ts";
import type { Draft, DraftNode, TensorType } from "../onnx/index.ts";

/** Per-channel DequantizeLinear came with this version of ONNX's operator set. */
export const QDQ_OPSET = 13;
const OLDEST = 7;

/**
 * Rewrites a model of an older operator set into version 13, which means the same. Handles what changed its meaning
 * between 7 and 13 (ONNX's Changelog.md); all other operators only gained element types or optional features.
 * @param types types of the tensors, for operators whose old meaning hangs on the rank
 * @returns a note where something was done
 * @throws Problem naming the node that cannot be converted
 */
export function upgradeOpset(draft: Draft, types: ReadonlyMap<string, TensorType>): string[] {
  const from = draft.opset;
  if (from >= QDQ_OPSET) return [];
  if (from < OLDEST)
    throw new Problem(
      `the model uses opset ${from}; quantised weights need opset ${QDQ_OPSET} and only opsets from ${OLDEST} on can be converted. Export the model again with opset ${QDQ_OPSET} or later.`,
    );
  for (const node of [...draft.nodes]) if (node.domain === "") upgrade(draft, node, from, types);
  draft.opset = QDQ_OPSET;
  return [`opset converted from ${from} to ${QDQ_OPSET}: per-channel quantisation needs it`];
}

function upgrade(draft: Draft, node: DraftNode, from: number, types: ReadonlyMap<string, TensorType>): void {
  if (node.captured.length > 0 || ["If", "Loop", "Scan"].includes(node.op))
    throw cannot(node, from, "it holds a subgraph");
  const vector = (attribute: string, position: number) => {
    const values = node.ints(attribute);
    if (!values) return;
    node.drop(attribute);
    const name = `${node.name}/${attribute}`;
    while (node.inputs.length < position) node.inputs.push("");
    node.inputs[position] = draft.constant(name, "int64", [values.length], BigInt64Array.from(values, BigInt));
  };
  const scalar = (attribute: string, otherwise: number | undefined, position: number) => {
    const value = node.has(attribute) ? node.float(attribute, 0) : otherwise;
    node.drop(attribute);
    if (value === undefined) return;
    while (node.inputs.length < position) node.inputs.push("");
    node.inputs[position] = draft.constant(`${node.name}/${attribute}`, "float32", [], Float32Array.of(value));
  };
  switch (node.op) {
    case "Squeeze":
    case "Unsqueeze":
    case "ReduceSum":
      vector("axes", 1);
      break;
    case "Split":
      vector("split", 1);
      break;
    case "Softmax":
    case "LogSoftmax":
    case "Hardmax": {
      // Before 13 the input is flattened into two dimensions at the axis: the same only for the last axis.
      const rank = types.get(node.inputs[0]!)?.shape.length;
      const axis = node.int("axis", 1);
      if (rank === undefined || (axis !== -1 && axis !== rank - 1))
        throw cannot(node, from, "its axis is not the last one, which means something else since opset 13");
      node.set("axis", -1);
      break;
    }
    case "Dropout":
      draft.redirect(node.outputs[0]!, node.inputs[0]!);
      if (draft.isOutput(node.outputs[0]!)) {
        node.op = "Identity";
        for (const name of ["ratio", "seed", "is_test"]) node.drop(name);
        node.outputs = [node.outputs[0]!];
      }
      break;
    case "Clip":
      if (from < 11) {
        scalar("min", undefined, 1);
        scalar("max", undefined, 2);
      }
      break;
    case "Pad":
      if (from < 11) {
        vector("pads", 1);
        scalar("value", undefined, 2);
      }
      break;
    case "Slice":
      if (from < 10) {
        vector("starts", 1);
        vector("ends", 2);
        vector("axes", 3);
      }
      break;
    case "Upsample":
    case "Resize":
      if (from < 11) {
        const scales = node.op === "Upsample" && from < 9 ? node.floats("scales") : undefined;
        if (scales) {
          node.drop("scales");
          node.inputs[1] = draft.constant(`${node.name}/scales`, "float32", [scales.length], Float32Array.from(scales));
        }
        const factors = draft.floats(node.inputs[1]) ?? Float32Array.of();
        const shrinks = node.text("mode", "nearest") === "nearest" && factors.some((factor) => factor < 1);
        if (shrinks && factors.some((factor) => factor > 1))
          throw cannot(node, from, "it shrinks one axis and stretches another");
        node.op = "Resize";
        node.inputs = [node.inputs[0]!, "", node.inputs[1]!];
        node.set("coordinate_transformation_mode", "asymmetric");
        // Resize of version 10 does not say which neighbour is the nearest; this is how the runtime reads it.
        node.set("nearest_mode", shrinks ? "ceil" : "floor");
      }
      break;
    case "BatchNormalization":
      if (from < 9 && node.int("spatial", 1) !== 1) throw cannot(node, from, "it is not spatial");
      node.drop("spatial");
      break;
    case "TopK":
      if (from < 10) throw cannot(node, from, "its number of results is an attribute");
      break;
    case "Scatter":
      node.op = "ScatterElements";
      break;
  }
}

function cannot(node: DraftNode, from: number, why: string): Problem {
  return new Problem(
    `node '${node.name}' (${node.op}) cannot be converted from opset ${from} to ${QDQ_OPSET}: ${why}. Export the model again with opset ${QDQ_OPSET} or later.`,
  );
}
