import { AttributeProto_AttributeType } from "onnx-buf";
import { describe, expect, test } from "vitest";
import { analyse, Draft, type Model, readModel } from "../../src/onnx/index.ts";
import { pruneChannels } from "../../src/operators/index.ts";
import { inputTypes, makeFeeds, relativeError, type Samples } from "../../src/profiler/index.ts";
import { float, floats, modelOf, type NodeInit, node, subgraph } from "../fixtures/protos.ts";
import { quantise } from "../fixtures/quantising.ts";
import { uniform } from "../fixtures/random.ts";
import { runWhole, withSubject } from "../fixtures/running.ts";

/** Graphs that are legal and seldom: operators must leave alone what they cannot follow. */
const random = uniform(3);
const weight = (name: string, ...shape: number[]) =>
  floats(
    name,
    Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random() * 2 - 1),
    shape,
  );
const withInts = (made: NodeInit, attributes: Record<string, number | number[]>): NodeInit => ({
  ...made,
  attribute: Object.entries(attributes).map(([name, value]) =>
    typeof value === "number"
      ? { name, type: AttributeProto_AttributeType.INT, i: BigInt(value) }
      : { name, type: AttributeProto_AttributeType.INTS, ints: value.map(BigInt) },
  ),
});

function noise(model: Model): Samples {
  const types = inputTypes(analyse(model), {});
  const [[name, { shape }] = ["", { shape: [0] }]] = [...types];
  const values = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random() * 2 - 1);
  return { count: 1, feeds: () => makeFeeds(types, new Map([[name, new Uint8Array(values.buffer)]])) };
}

async function outputs(model: Model, samples: Samples) {
  return withSubject(model, {}, async (subject) => runWhole(subject, await samples.feeds(0)));
}

/** Quantises a model, runs both on what it was calibrated on, and expects them to be close. */
async function expectQuantisedClose(model: Model) {
  const samples = noise(model);
  const { graph, share } = await quantise(model, { shapes: {}, samples, method: { name: "min-max" } });
  const [want, got] = [await outputs(model, samples), await outputs(graph.model, samples)];
  for (const [name, { dims }] of Object.entries(want)) expect(got[name]!.dims).toEqual(dims);
  expect(relativeError([want], [got])).toBeLessThan(0.01);
  return { graph, share };
}

async function halved(model: Model): Promise<Model> {
  return withSubject(model, {}, async ({ graph, types }) => {
    const draft = new Draft(graph);
    pruneChannels(draft, types, 0.5);
    return readModel(draft.finish(), "pruned");
  });
}

/** x → … → `tensor`, and y = if mean(x) > 0 then `tensor` + w else `tensor`, the tensor being captured by both branches. */
function captured(tensor: string, before: NodeInit[], initializer: ReturnType<typeof floats>[], channels: number) {
  const branch = (name: string, of: NodeInit) =>
    subgraph(name, { output: [float(of.output![0]!, 1, channels, 4, 4)], node: [of] });
  return {
    initializer: [...initializer, weight("branch.w", 1, channels, 1, 1), floats("zero", [0], [])],
    node: [
      ...before,
      withInts(node("ReduceMean", ["x"], ["mean"], "mean"), { keepdims: 0 }),
      node("Greater", ["mean", "zero"], ["positive"], "positive"),
      {
        ...node("If", ["positive"], ["y"], "if"),
        attribute: [
          branch("then_branch", node("Add", [tensor, "branch.w"], ["then"], "plus")),
          branch("else_branch", node("Identity", [tensor], ["else"], "same")),
        ],
      },
    ],
  };
}

const x = float("x", 1, 2, 4, 4);
const conv = (name: string, input: string, output: string, ...rest: string[]) =>
  node("Conv", [input, `${name}.w`, ...rest], [output], name);

describe("channel pruning", () => {
  test("channels that a subgraph captures stay", async () => {
    const { node: nodes, initializer } = captured("t", [conv("a", "x", "t")], [weight("a.w", 4, 2, 1, 1)], 4);
    const model = modelOf({
      input: [x],
      output: [float("y", 1, 4, 4, 4), float("z", 1, 3, 4, 4)],
      initializer: [...initializer, weight("p.w", 6, 2, 1, 1), weight("q.w", 3, 6, 1, 1)],
      node: [...nodes, conv("p", "x", "u"), conv("q", "u", "z")],
    });
    const pruned = await halved(model);
    expect(pruned.initializers.get("a.w")?.shape).toEqual([4, 2, 1, 1]);
    const samples = noise(model);
    const [want, got] = [await outputs(model, samples), await outputs(pruned, samples)];
    expect(got.y!.data).toEqual(want.y!.data);
  });

  test("channels of a pooling whose places are used stay", async () => {
    const model = modelOf({
      input: [x],
      output: [float("y", 1, 4, 4, 4)],
      initializer: [weight("a.w", 4, 2, 1, 1), weight("b.w", 6, 4, 1, 1), weight("c.w", 4, 6, 1, 1)],
      node: [
        conv("a", "x", "t"),
        withInts(node("MaxPool", ["t"], ["p", "places"], "pool"), { kernel_shape: [2, 2], strides: [2, 2] }),
        conv("b", "p", "u"),
        conv("c", "u", "v"),
        withInts(node("MaxUnpool", ["v", "places"], ["y"], "unpool"), { kernel_shape: [2, 2], strides: [2, 2] }),
      ],
    });
    const pruned = await halved(model);
    const samples = noise(model);
    expect((await outputs(pruned, samples)).y!.dims).toEqual([1, 4, 4, 4]);
  });

  test("a bias behind an Identity goes with its channels, a computed one keeps them", async () => {
    const model = (bias: NodeInit, name: string) =>
      modelOf({
        input: [x],
        output: [float("y", 1, 3, 4, 4)],
        initializer: [
          ...[weight("a.w", 4, 2, 1, 1), weight("shared", 4), weight("b.w", 6, 4, 1, 1), weight("c.w", 3, 6, 1, 1)],
        ],
        node: [bias, conv("a", "x", "t", name), conv("b", "t", "u"), conv("c", "u", "y")],
      });
    for (const [made, left] of [
      [model(node("Identity", ["shared"], ["bias"], "copy"), "bias"), 2],
      [model(node("Neg", ["shared"], ["bias"], "neg"), "bias"), 4],
    ] as const) {
      const pruned = await halved(made);
      const a = pruned.nodes.find(({ name }) => name === "a")!;
      expect(pruned.initializers.get(a.inputs[1]!)?.shape).toEqual([left, 2, 1, 1]);
      expect((await outputs(pruned, noise(made))).y!.dims).toEqual([1, 3, 4, 4]);
    }
  });
});

describe("quantisation", () => {
  test("a rectifier whose result a subgraph captures is not dropped", async () => {
    const before = [
      conv("a", "x", "t"),
      conv("b", "x", "u"),
      node("Add", ["t", "u"], ["s"], "sum"),
      node("Relu", ["s"], ["r"], "relu"),
    ];
    const { node: nodes, initializer } = captured(
      "r",
      before,
      [weight("a.w", 4, 2, 1, 1), weight("b.w", 4, 2, 1, 1)],
      4,
    );
    await expectQuantisedClose(modelOf({ input: [x], output: [float("y", 1, 4, 4, 4)], initializer, node: nodes }));
  });

  test("a float Gemm that transposes what is quantised", async () => {
    const model = modelOf({
      input: [x],
      output: [float("y", 32, 3)],
      initializer: [
        ...[weight("a.w", 4, 2, 1, 1), weight("g.w", 2, 3)],
        { name: "shape", dataType: 7, dims: [2n], int64Data: [2n, 32n] },
      ],
      node: [
        conv("a", "x", "t"),
        node("Reshape", ["t", "shape"], ["m"], "reshape"),
        withInts(node("Gemm", ["m", "g.w"], ["y"], "gemm"), { transA: 1 }),
      ],
    });
    await expectQuantisedClose(model);
  });

  test("a constant that lines up with other axes than a 1-D convolution's channels is not folded", async () => {
    const model = modelOf({
      input: [float("x", 1, 3, 6)],
      output: [float("y", 4, 4, 5)],
      initializer: [weight("a.w", 4, 3, 3), weight("shift", 4, 1, 1), weight("m.w", 4, 5)],
      node: [
        conv("a", "x", "t"),
        node("Add", ["t", "shift"], ["s"], "sum"),
        node("MatMul", ["s", "m.w"], ["y"], "product"),
      ],
    });
    await expectQuantisedClose(model);
  });

  test("a weight behind an Identity is a weight", async () => {
    const model = modelOf({
      input: [x],
      output: [float("y", 1, 4, 4, 4)],
      initializer: [weight("shared", 4, 2, 1, 1)],
      node: [node("Identity", ["shared"], ["a.w"], "copy"), conv("a", "x", "y")],
    });
    expect((await expectQuantisedClose(model)).share).toBe(1);
  });
});
