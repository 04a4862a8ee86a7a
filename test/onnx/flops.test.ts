import { AttributeProto_AttributeType } from "onnx-buf";
import { describe, expect, test } from "vitest";
import {
  analyse,
  GraphBuilder,
  type Model,
  nodeCost,
  parameterCount,
  readModel,
  type TensorType,
} from "../../src/onnx/index.ts";
import { architecture } from "../../src/zoo/index.ts";
import { float, modelOf, node } from "../fixtures/protos.ts";
import { withSubject } from "../fixtures/running.ts";

const type = (...shape: number[]): TensorType => ({ dtype: "float32", shape });
const weights = (...shape: number[]) => new Float32Array(shape.reduce((a, b) => a * b, 1));

function only(model: Model, types: Record<string, TensorType>) {
  return nodeCost(model, model.nodes[0]!, new Map(Object.entries(types)));
}

describe("ResNet-50 at 224×224", () => {
  test("has the published size and work", { timeout: 30_000 }, () =>
    withSubject(
      readModel(architecture("resnet50").build(1), "resnet50"),
      { shapes: { input: [1, 3, 224, 224] } },
      async ({ graph, types }) => {
        // torchvision's resnet50 has 25,557,032 parameters and 4.09 GMACs (He et al. 2016, table 1: 3.8·10⁹ with the
        // stride in the first convolution). Folding the 53 batch normalisations, of 2 × 26,560 values, into biases
        // leaves one of the two per channel: 26,560 fewer.
        expect(parameterCount(graph.model)).toBe(25_557_032 - 26_560);
        const costs = graph.steps.map((step) => nodeCost(graph.model, step, types));
        expect(costs.reduce((sum, cost) => sum + cost.parameters, 0)).toBe(25_530_472);
        const macs = costs.reduce((sum, cost) => sum + cost.flops, 0) / 2;
        expect(macs / 1e9).toBeGreaterThan(4.05);
        expect(macs / 1e9).toBeLessThan(4.15);
      },
    ),
  );
});

describe("work of a node, by hand", () => {
  test("Conv: 2 per product, 1 per bias; groups divide the input channels", () => {
    for (const [group, perGroup] of [
      [1, 8],
      [4, 2],
    ] as const) {
      const builder = new GraphBuilder("conv");
      const inputs = [
        builder.input("x", type(1, 8, 6, 6)),
        builder.weight("w", [16, perGroup, 3, 3], weights(16, perGroup, 3, 3)),
        builder.weight("b", [16], weights(16)),
      ];
      builder.output(builder.node("Conv", "conv", inputs, { kernel_shape: [3, 3], group }), type(1, 16, 4, 4));
      const model = readModel(builder.build(), "conv");
      const cost = only(model, {
        x: type(1, 8, 6, 6),
        w: type(16, perGroup, 3, 3),
        b: type(16),
        "conv:0": type(1, 16, 4, 4),
      });
      const outputs = 16 * 4 * 4;
      expect(cost).toEqual({
        flops: outputs * (2 * perGroup * 9 + 1),
        bytes: 4 * (8 * 36 + 16 * perGroup * 9 + 16 + outputs),
        parameters: 16 * perGroup * 9 + 16,
      });
    }
  });

  test("MatMul: 2·M·N·K for each matrix of the batch", () => {
    const builder = new GraphBuilder("matmul");
    builder.input("x", type(5, 3, 4));
    builder.output(builder.node("MatMul", "m", ["x", builder.weight("w", [4, 7], weights(4, 7))]), type(5, 3, 7));
    const cost = only(readModel(builder.build(), "matmul"), {
      x: type(5, 3, 4),
      w: type(4, 7),
      "m:0": type(5, 3, 7),
    });
    expect(cost).toEqual({ flops: 2 * 5 * 3 * 7 * 4, bytes: 4 * (60 + 28 + 105), parameters: 28 });
  });

  test("Gemm: 2·M·N·K and a sum with C, transposed or not", () => {
    for (const transA of [0, 1]) {
      const builder = new GraphBuilder("gemm");
      const shape = transA ? [4, 3] : [3, 4];
      builder.input("x", type(...shape));
      const inputs = ["x", builder.weight("w", [7, 4], weights(7, 4)), builder.weight("c", [7], weights(7))];
      builder.output(builder.node("Gemm", "g", inputs, { transA, transB: 1 }), type(3, 7));
      const types = { x: type(...shape), w: type(7, 4), c: type(7), "g:0": type(3, 7) };
      const cost = only(readModel(builder.build(), "gemm"), types);
      expect(cost).toEqual({ flops: 2 * 3 * 7 * 4 + 21, bytes: 4 * (12 + 28 + 7 + 21), parameters: 35 });
    }
  });

  test("a view costs nothing, a move no arithmetic, an addition one per element", () => {
    const cost = (op: string) =>
      only(modelOf({ input: [float("x", 6)], output: [float("y", 6)], node: [node(op, ["x"], ["y"], "n")] }), {
        x: type(6),
        y: type(6),
      });
    expect(cost("Reshape")).toEqual({ flops: 0, bytes: 0, parameters: 0 });
    expect(cost("Transpose")).toEqual({ flops: 0, bytes: 48, parameters: 0 });
    expect(cost("Relu")).toEqual({ flops: 6, bytes: 48, parameters: 0 });
  });

  test("pooling: one per element of the window", () => {
    const kernel = { name: "kernel_shape", type: AttributeProto_AttributeType.INTS, ints: [3n, 2n] };
    const model = modelOf({
      input: [float("x", 1, 2, 6, 6)],
      output: [float("y", 1, 2, 2, 3)],
      node: [{ ...node("MaxPool", ["x"], ["y"], "pool"), attribute: [kernel] }],
    });
    expect(only(model, { x: type(1, 2, 6, 6), y: type(1, 2, 2, 3) }).flops).toBe(12 * 6);
    expect(analyse(model).steps).toHaveLength(1);
  });
});
