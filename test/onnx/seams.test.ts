import { AttributeProto_AttributeType, TensorProto_DataType } from "onnx-buf";
import { describe, expect, test } from "vitest";
import { cutsOf, GraphBuilder, type Model, readModel } from "../../src/onnx/index.ts";
import { float, modelOf, node, typed } from "../fixtures/protos.ts";
import { expectSame, randomFeeds, runCut, runWhole, withSubject } from "../fixtures/running.ts";

/** Cuts everywhere and compares; returns for each cut what crosses, with its type. */
async function everyCut(model: Model, shapes: Record<string, number[]> = {}): Promise<string[][]> {
  return withSubject(model, { shapes }, async (subject) => {
    const feeds = randomFeeds(subject, 3);
    const whole = await runWhole(subject, feeds);
    const crossing: string[][] = [];
    for (const { position, tensors } of cutsOf(subject.graph)) {
      expectSame(await runCut(subject, position, feeds), whole);
      const described = tensors.map((name) => {
        const { dtype, shape } = subject.types.get(name)!;
        return `${name} ${dtype}[${shape.join("x")}]`;
      });
      crossing.push(described.sort());
    }
    return crossing;
  });
}

describe("what crosses a cut", () => {
  test("whole numbers and truth values", async () => {
    const to = (type: TensorProto_DataType) => ({
      attribute: [{ name: "to", type: AttributeProto_AttributeType.INT, i: BigInt(type) }],
    });
    const model = modelOf({
      input: [float("x", 2, 2)],
      output: [float("y", 2, 2), typed("where", "int64", 2)],
      node: [
        { ...node("ArgMax", ["x"], ["i"], "argmax"), attribute: [int("axis", 1), int("keepdims", 0)] },
        node("Greater", ["x", "x"], ["b"], "greater"),
        node("Not", ["b"], ["nb"], "not"),
        { ...node("Cast", ["nb"], ["h"], "cast"), ...to(TensorProto_DataType.FLOAT16) },
        { ...node("Cast", ["h"], ["f"], "back"), ...to(TensorProto_DataType.FLOAT) },
        node("Add", ["f", "x"], ["y"], "add"),
        node("Add", ["i", "i"], ["where"], "twice"),
      ],
    });
    expect(await everyCut(model)).toEqual([
      ["i int64[2]", "x float32[2x2]"],
      ["b bool[2x2]", "i int64[2]", "x float32[2x2]"],
      ["i int64[2]", "nb bool[2x2]", "x float32[2x2]"],
      ["h float16[2x2]", "i int64[2]", "x float32[2x2]"],
      ["f float32[2x2]", "i int64[2]", "x float32[2x2]"],
      ["i int64[2]"],
    ]);
  });

  test("free dimensions take the request's size, dimensions that hang on values the observed one", async () => {
    const model = modelOf({
      input: [float("x", "batch", "length")],
      output: [float("y", "any")],
      node: [
        node("Relu", ["x"], ["r"], "relu"),
        node("Abs", ["r"], ["a"], "abs"),
        node("NonZero", ["a"], ["z"], "nonzero"),
        { ...node("Cast", ["z"], ["c"], "cast"), attribute: [int("to", TensorProto_DataType.FLOAT)] },
        { ...node("ReduceSum", ["c"], ["y"], "sum"), attribute: [int("keepdims", 0)] },
      ],
    });
    await withSubject(model, { shapes: { x: [2, 5] } }, async (subject) => {
      expect(subject.types.get("a")!.shape).toEqual([2, 5]);
      // The feeds are uniform in [0, 1): all ten are above zero.
      expect(subject.types.get("z")!.shape).toEqual([2, 10]);
    });
  });

  test("several inputs and outputs, inputs that only the tail needs, a skip over all", async () => {
    const builder = new GraphBuilder("many");
    const type = { dtype: "float32", shape: [2] } as const;
    const [p, q, late] = ["p", "q", "late"].map((name) => builder.input(name, type)) as [string, string, string];
    const sum = builder.node("Add", "sum", [p, q]);
    const side = builder.node("Neg", "side", [sum]);
    const tanh = builder.node("Tanh", "tanh", [sum]);
    const last = builder.node("Max", "last", [tanh, late, p]);
    builder.output(side, type);
    builder.output(sum, type);
    builder.output(last, type);
    expect(await everyCut(readModel(builder.build(), "many"))).toEqual([
      ["late float32[2]", "p float32[2]", "sum:0 float32[2]"],
      ["late float32[2]", "p float32[2]", "sum:0 float32[2]"],
      ["late float32[2]", "p float32[2]", "tanh:0 float32[2]"],
    ]);
  });

  test("omitted optional inputs and outputs are nothing", async () => {
    const model = modelOf({
      input: [float("x", 1, 1, 4)],
      output: [float("y", 1, 1, 4)],
      node: [
        node("Clip", ["x", "", "top"], ["t"], "clip"),
        { ...node("MaxPool", ["t"], ["m", ""], "pool"), attribute: [ints("kernel_shape", [1])] },
        node("Relu", ["m"], ["y"], "relu"),
      ],
      initializer: [{ name: "top", dataType: TensorProto_DataType.FLOAT, floatData: [0.5] }],
    });
    expect(await everyCut(model)).toEqual([["t float32[1x1x4]"], ["m float32[1x1x4]"]]);
  });
});

function int(name: string, value: number) {
  return { name, type: AttributeProto_AttributeType.INT, i: BigInt(value) };
}

function ints(name: string, values: readonly number[]) {
  return { name, type: AttributeProto_AttributeType.INTS, ints: values.map(BigInt) };
}
