import { AttributeProto_AttributeType, TensorProto_DataType } from "onnx-buf";
import { describe, expect, test } from "vitest";
import { analyse, cutsOf } from "../../src/onnx/index.ts";
import { float, floats, modelOf, node, subgraph, typed } from "../fixtures/protos.ts";
import { expectSame, randomFeeds, runCut, runWhole, withSubject } from "../fixtures/running.ts";

/** y = if mean(x) > 0 then outer + w else outer, computed by an If whose branches capture. */
const branching = () =>
  modelOf({
    input: [float("x", 4)],
    output: [float("y", 4)],
    initializer: [floats("w", [1, 2, 3, 4]), floats("zero", [0], [])],
    node: [
      node("Neg", ["x"], ["outer"], "outer"),
      {
        ...node("ReduceMean", ["x"], ["mean"], "mean"),
        attribute: [{ name: "keepdims", type: AttributeProto_AttributeType.INT, i: 0n }],
      },
      node("Greater", ["mean", "zero"], ["positive"], "positive"),
      {
        ...node("If", ["positive"], ["picked"], "if"),
        attribute: [
          subgraph("then_branch", {
            output: [float("then", 4)],
            node: [node("Add", ["outer", "w"], ["then"], "plus")],
          }),
          subgraph("else_branch", {
            output: [float("else", 4)],
            // The inner `t` is the branch's own: it is not captured.
            node: [node("Abs", ["outer"], ["t"], "abs"), node("Neg", ["t"], ["else"], "neg")],
          }),
        ],
      },
      node("Relu", ["picked"], ["y"], "relu"),
    ],
  });

/** y = x doubled three times: a Loop whose body captures `bias`. */
const looping = () =>
  modelOf({
    input: [float("x", 2)],
    output: [float("y", 2)],
    initializer: [
      { name: "three", dataType: TensorProto_DataType.INT64, int64Data: [3n] },
      { name: "yes", dataType: TensorProto_DataType.BOOL, int32Data: [1] },
    ],
    node: [
      node("Relu", ["x"], ["bias"], "bias"),
      node("Neg", ["x"], ["start"], "start"),
      {
        ...node("Loop", ["three", "yes", "start"], ["looped"], "loop"),
        attribute: [
          subgraph("body", {
            input: [typed("round", "int64"), typed("go", "bool"), float("state", 2)],
            output: [typed("on", "bool"), float("next", 2)],
            node: [
              node("Identity", ["go"], ["on"], "on"),
              node("Add", ["state", "state"], ["double"], "double"),
              node("Add", ["double", "bias"], ["next"], "next"),
            ],
          }),
        ],
      },
      node("Abs", ["looped"], ["y"], "abs"),
    ],
  });

describe("nodes with subgraphs", () => {
  test("what the branches of an If capture crosses the cut before it", () => {
    const graph = analyse(branching());
    expect(cutsOf(graph).map(({ id, tensors }) => [id, ...tensors.toSorted()])).toEqual([
      ["outer", "outer", "x"],
      ["mean", "mean", "outer"],
      ["positive", "outer", "positive"],
      ["if", "picked"],
    ]);
  });

  test("what only nested subgraphs capture crosses too; names of their own do not", () => {
    const model = modelOf({
      input: [float("x", 2), typed("c", "bool")],
      output: [float("y", 2)],
      node: [
        node("Neg", ["x"], ["deep"], "deep"),
        node("Not", ["c"], ["n"], "not"),
        {
          ...node("If", ["n"], ["y"], "if"),
          attribute: ["then_branch", "else_branch"].map((branch) =>
            subgraph(branch, {
              output: [float("o", 2)],
              node: [
                node("Not", ["n"], ["inner"], "inner"),
                {
                  ...node("If", ["inner"], ["o"], "nested"),
                  attribute: ["then_branch", "else_branch"].map((name) =>
                    subgraph(name, {
                      output: [float("p", 2)],
                      initializer: [floats("k", [1, 1])],
                      node: [node("Add", ["deep", "k"], ["p"], "add")],
                    }),
                  ),
                },
              ],
            }),
          ),
        },
      ],
    });
    const graph = analyse(model);
    expect(cutsOf(graph).map(({ tensors }) => tensors.toSorted())).toEqual([
      ["c", "deep"],
      ["deep", "n"],
    ]);
  });

  test("a Loop is one step; what its body captures is needed by it", () => {
    const graph = analyse(looping());
    expect(graph.steps.map((step) => step.op)).toEqual(["Relu", "Neg", "Loop", "Abs"]);
    expect(cutsOf(graph).map(({ tensors }) => tensors.toSorted())).toEqual([
      ["bias", "x"],
      ["bias", "start"],
      ["looped"],
    ]);
  });

  for (const [name, build] of [
    ["If", branching],
    ["Loop", looping],
  ] as const)
    test(`${name}: head and tail chained give what the whole gives, both ways`, () =>
      withSubject(build(), {}, async (subject) => {
        for (const seed of [1, 2, 3, 4]) {
          const feeds = randomFeeds(subject, seed);
          const whole = await runWhole(subject, feeds);
          for (const { position } of cutsOf(subject.graph)) expectSame(await runCut(subject, position, feeds), whole);
        }
      }));
});
