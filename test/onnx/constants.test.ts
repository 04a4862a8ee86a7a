import { AttributeProto_AttributeType } from "onnx-buf";
import { describe, expect, test } from "vitest";
import { analyse, cutsOf, extractSegment, parameterCount, readModel } from "../../src/onnx/index.ts";
import { constant, float, floats, modelOf, node } from "../fixtures/protos.ts";
import { expectSame, randomFeeds, runCut, runWhole, withSubject } from "../fixtures/running.ts";

const ports = { input: [float("x", 2)], output: [float("y", 2)] };
const ints = (name: string, values: readonly number[]) => ({
  name,
  type: AttributeProto_AttributeType.INTS,
  ints: values.map(BigInt),
});

describe("constants", () => {
  /** Both halves use e = exp(c + w): a constant subgraph of a Constant node and a weight. */
  const shared = modelOf({
    ...ports,
    initializer: [floats("w", [3, 4])],
    node: [
      constant("c", [1, 2]),
      node("Add", ["c", "w"], ["s"], "sum"),
      node("Exp", ["s"], ["e"], "exp"),
      node("Add", ["x", "e"], ["t"], "first"),
      node("Mul", ["t", "e"], ["y"], "second"),
    ],
  });

  test("a constant subgraph is no step, and is copied to both sides", async () => {
    const graph = analyse(shared);
    expect(graph.steps.map((step) => step.name)).toEqual(["first", "second"]);
    expect(cutsOf(graph)).toEqual([{ id: "first", position: 1, tensors: ["t"] }]);
    for (const [from, to] of [
      [0, 1],
      [1, 2],
    ] as const) {
      const part = extractSegment(graph, from, to, new Map());
      expect(part.nodes.map((step) => step.op)).toEqual(["Constant", "Add", "Exp", from === 0 ? "Add" : "Mul"]);
      expect(part.initializers).toEqual(["w"]);
    }
    await withSubject(shared, {}, async (subject) => {
      const feeds = randomFeeds(subject, 1);
      expectSame(await runCut(subject, 1, feeds), await runWhole(subject, feeds));
    });
  });

  test("weights in Constant nodes count as parameters", () => expect(parameterCount(shared)).toBe(4));

  test("weights repeated among the inputs, as up to IR version 3, are weights", async () => {
    const model = modelOf(
      {
        input: [float("w", 2), float("x", 2), float("v", 2)],
        output: [float("y", 2)],
        initializer: [floats("w", [1, 2]), floats("v", [3, 4])],
        node: [node("Mul", ["x", "w"], ["t"], "a"), node("Add", ["t", "v"], ["y"], "b")],
      },
      { ir: 3, opset: 8 },
    );
    const graph = analyse(model);
    expect(graph.inputs.map(({ name }) => name)).toEqual(["x"]);
    expect(cutsOf(graph).map((cut) => cut.tensors)).toEqual([["t"]]);
    const head = readModel(extractSegment(graph, 0, 1, new Map()).source, "head");
    expect(head.inputs.map(({ name }) => name).sort()).toEqual(["w", "x"]);
    await withSubject(model, {}, async (subject) => {
      const feeds = randomFeeds(subject, 1);
      expect(Object.keys(feeds)).toEqual(["x"]);
      expectSame(await runCut(subject, 1, feeds), await runWhole(subject, feeds));
    });
  });

  test("random numbers are not constant, though they need no input", () => {
    for (const [op, inputs] of [
      ["RandomNormal", []],
      ["RandomUniformLike", ["w"]],
      ["Bernoulli", ["w"]],
    ] as const) {
      const graph = analyse(
        modelOf({
          ...ports,
          initializer: [floats("w", [0.5, 0.5])],
          node: [
            { ...node(op, inputs, ["r"], "dice"), attribute: [ints("shape", [2])] },
            node("Neg", ["r"], ["n"], "after"),
            node("Add", ["x", "n"], ["y"], "end"),
          ],
        }),
      );
      expect(graph.steps.map((step) => step.name)).toEqual(["dice", "after", "end"]);
      expect(cutsOf(graph).map((cut) => cut.tensors)).toEqual([
        ["x", "r"],
        ["x", "n"],
      ]);
    }
  });

  test("constant outputs and inputs passed through leave with the tail", async () => {
    const model = modelOf({
      input: [float("x", 2), float("p", 2)],
      output: [float("y", 2), float("k", 2), float("w", 2), float("p", 2)],
      initializer: [floats("w", [3, 4])],
      node: [node("Relu", ["x"], ["t"], "a"), node("Neg", ["w"], ["k"], "constant"), node("Neg", ["t"], ["y"], "b")],
    });
    expect(cutsOf(analyse(model)).map((cut) => [...cut.tensors].sort())).toEqual([["p", "t"]]);
    await withSubject(model, {}, async (subject) => {
      const feeds = randomFeeds(subject, 1);
      const whole = await runWhole(subject, feeds);
      expect(Object.keys(whole)).toEqual(["y", "k", "w", "p"]);
      expectSame(await runCut(subject, 1, feeds), whole);
    });
  });
});
