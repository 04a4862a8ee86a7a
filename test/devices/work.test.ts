import { describe, expect, test } from "vitest";
import { amountsOf } from "../../src/devices/amounts.ts";
import { type Executed, keyOf, workOf } from "../../src/devices/index.ts";
import type { ProfileNode } from "../../src/formats/profile.ts";

const node = (
  op: string,
  inputs: (number[] | null)[],
  output: number[],
  attributes: ProfileNode["attributes"] = {},
  flops = 100,
): ProfileNode => ({ name: op, op, flops, bytes: 800, parameters: 0, shapes: { inputs, output }, attributes });
const kernel = (op: string, ...nodes: ProfileNode[]): Executed => ({ op, nodes, flops: 100, bytes: 800 });

describe("what a kernel does", () => {
  const conv = (group: number) =>
    node(
      "Conv",
      [
        [1, 32, 28, 28],
        [64, 32 / group, 3, 3],
      ],
      [1, group === 32 ? 32 : 64, 14, 14],
      {
        group,
        kernel_shape: [3, 3],
        strides: [2, 2],
      },
    );

  test("a convolution is the same work in every layout; an activation and a sum fused into it count", () => {
    const plain = workOf(kernel("Conv", conv(1)));
    expect(plain).toMatchObject({
      kind: "conv",
      dims: { in: 32, out: 64, kernel: 9, stride: 4, pixels: 196, activation: 0, sum: 0 },
    });
    expect(workOf(kernel("com.microsoft.nchwc.Conv", conv(1)))).toEqual(plain);
    const relu = node("Relu", [[1, 64, 14, 14]], [1, 64, 14, 14], {}, 5);
    expect(workOf(kernel("com.microsoft.nchwc.Conv", conv(1), relu))).toEqual({
      ...plain,
      dims: { ...plain!.dims, activation: 1 },
    });
    expect(workOf(kernel("com.microsoft.QLinearConv", conv(1), relu))?.dims).not.toHaveProperty("activation");
    const add = node(
      "Add",
      [
        [1, 64, 14, 14],
        [1, 64, 14, 14],
      ],
      [1, 64, 14, 14],
      {},
      5,
    );
    expect(workOf(kernel("com.microsoft.FusedConv", conv(1), add))?.dims.sum).toBe(1);
  });

  test("a convolution over a strip is not the one over a square of as many pixels", () => {
    const over = (height: number, width: number) => {
      const map = [1, 32, height, width];
      const filter = [32, 1, 5, 5];
      return workOf(kernel("Conv", node("Conv", [map, filter], map, { group: 32, kernel_shape: [5, 5] })))!;
    };
    expect(over(3, 96)).toMatchObject({ kind: "depthwise", dims: { pixels: 288, width: 96 } });
    expect(keyOf(over(3, 96))).not.toBe(keyOf(over(96, 3)));
    expect(amountsOf(over(3, 96))).toEqual(amountsOf(over(96, 3)));
  });

  test("depthwise and grouped convolutions are classes of their own, and so are integer ones", () => {
    expect(workOf(kernel("Conv", conv(32)))?.kind).toBe("depthwise");
    expect(workOf(kernel("Conv", conv(4)))?.kind).toBe("grouped");
    const rounding = node("QuantizeLinear", [[1, 64, 14, 14]], [1, 64, 14, 14]);
    expect(workOf(kernel("com.microsoft.QLinearConv", conv(1), rounding))).toMatchObject({
      kind: "qconv",
      dtype: "int8",
      dims: { in: 32, out: 64 },
    });
  });

  test("a matrix product's rows count all leading dimensions", () => {
    expect(
      workOf(
        kernel(
          "MatMul",
          node(
            "MatMul",
            [
              [2, 16, 64],
              [64, 128],
            ],
            [2, 16, 128],
          ),
        ),
      )?.dims,
    ).toEqual({
      m: 32,
      k: 64,
      n: 128,
      batch: 1,
      constant: 1,
    });
    const attention = node(
      "MatMul",
      [
        [1, 4, 16, 32],
        [1, 4, 32, 16],
      ],
      [1, 4, 16, 16],
    );
    expect(workOf(kernel("MatMul", attention))?.dims).toEqual({ m: 16, k: 32, n: 16, batch: 4, constant: 0 });
  });

  test("how an operand is spread decides, too", () => {
    const spread = (other: number[]) => workOf(kernel("Add", node("Add", [[1, 8, 4, 4], other], [1, 8, 4, 4])))?.dims;
    expect(spread([1, 8, 4, 4])).toEqual({ elements: 128, other: 128, inner: 128 });
    expect(spread([])).toEqual({ elements: 128, other: 1, inner: 128 });
    expect(spread([1, 8, 1, 1])).toEqual({ elements: 128, other: 8, inner: 16 });
    expect(spread([4])).toEqual({ elements: 128, other: 4, inner: 4 });
  });

  test("layout changes cover no node, or one that does something else", () => {
    expect(workOf(kernel("com.microsoft.nchwc.ReorderInput"))?.kind).toBe("reorder:ReorderInput");
    expect(workOf(kernel("Transpose", node("QuantizeLinear", [[8]], [8])))?.kind).toBe("reorder:Transpose");
    const moved = node("Transpose", [[1, 4, 8, 16]], [1, 8, 4, 16], { perm: [0, 2, 1, 3] });
    expect(workOf({ ...kernel("Transpose", moved), bytes: 4096 })).toMatchObject({
      kind: "move:Transpose",
      dims: { inner: 16 },
    });
  });

  test("moving bytes is another class than moving floats, though the operator is called the same", () => {
    const moved = node("Transpose", [[1, 4, 8, 16]], [1, 8, 4, 16], { perm: [0, 2, 1, 3] });
    expect(workOf({ ...kernel("Transpose", moved), bytes: 1024 })?.kind).toBe("qmove:Transpose");
    const joined = node(
      "Concat",
      [
        [1, 4, 8, 8],
        [1, 4, 8, 8],
      ],
      [1, 8, 8, 8],
    );
    expect(workOf({ ...kernel("com.microsoft.QLinearConcat", joined), bytes: 1050 })?.kind).toBe("qmove:Concat");
  });

  test("a kernel that stands for several nodes is called after what it is", () => {
    const sum = node(
      "Add",
      [
        [1, 32, 128],
        [1, 32, 128],
      ],
      [1, 32, 128],
    );
    const mean = node("ReduceMean", [[1, 32, 128]], [1, 32, 1]);
    const scaled = node("Mul", [[1, 32, 128], [128]], [1, 32, 128]);
    expect(workOf(kernel("com.microsoft.SkipLayerNormalization", sum, mean, scaled))).toMatchObject({
      kind: "skiplayernorm",
      dims: { rows: 32, columns: 128 },
    });
    const erf = node("Erf", [[1, 32, 512]], [1, 32, 512]);
    const half = node("Mul", [[1, 32, 512], []], [1, 32, 512]);
    expect(workOf(kernel("com.microsoft.Gelu", erf, half))).toMatchObject({
      kind: "unary:Gelu",
      dims: { elements: 16384 },
    });
    // The sum is in the product before the view.
    expect(workOf(kernel("Reshape", sum))).toMatchObject({ kind: "view", dims: { rank: 3 } });
  });

  test("rounding that the runtime added covers no node: its bytes say how much it rounds", () => {
    const added = { op: "QuantizeLinear", nodes: [], flops: 0, bytes: 4 * 4096 + 4096 + 5 };
    const own = kernel("QuantizeLinear", node("QuantizeLinear", [[1, 32, 128], [], []], [1, 32, 128]));
    expect(workOf(added)).toMatchObject({ kind: "QuantizeLinear", dims: { elements: 4096 } });
    expect(workOf(own)).toMatchObject({ kind: "QuantizeLinear", dims: { elements: 4096 } });
  });

  test("without shapes there is nothing to say", () => {
    const { shapes: _, ...old } = node("Relu", [[8]], [8]);
    expect(workOf(kernel("Relu", old))).toBeUndefined();
  });
});
