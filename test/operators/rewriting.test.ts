import { describe, expect, test } from "vitest";
import { receiptPixels } from "../../src/cli/page.ts";
import { type Attribute, analyse, Draft, GraphBuilder, type Model, readModel } from "../../src/onnx/index.ts";
import { prepareQuantisation } from "../../src/operators/index.ts";
import { loadSession, makeFeeds } from "../../src/profiler/index.ts";
import { openModel } from "../../src/store/index.ts";
import { PADDLE } from "../fixtures/models.ts";
import { expectSame, randomFeeds, runWhole, withSubject } from "../fixtures/running.ts";

/** The model as it is prepared for quantisation, still in float. */
async function prepared(model: Model, shapes = {}): Promise<{ model: Model; notes: readonly string[] }> {
  return withSubject(model, { shapes }, async ({ graph, types }) => {
    const draft = new Draft(graph);
    const { notes } = prepareQuantisation(draft, types, { exclude: [] });
    return { model: readModel(draft.finish(), "prepared"), notes };
  });
}

const ramp = (length: number) => Float32Array.from({ length }, (_, index) => Math.sin(index + 1));

describe("what quantisation prepares computes what the model computed", () => {
  // On noise the detector answers next to nothing: it gets text.
  test.each(
    PADDLE.map(
      (fixture, index) =>
        [fixture.name, fixture.file, index === 0 ? ([320, 320] as const) : ([48, 192] as const)] as const,
    ),
  )(
    "%s: opset converted, constants inside, batch normalisation folded",
    async (_, file, [height, width]) => {
      const model = openModel(file);
      const shapes = { x: [1, 3, height, width] };
      const raw = height === width ? new Map([["x", receiptPixels(width)]]) : undefined;
      const { model: after, notes } = await prepared(model, shapes);
      expect(notes.join()).toMatch(/opset converted from \d+ to 13/);
      expect(notes.join()).toMatch(/nodes that scale or shift channels folded/);
      const run = (of: Model) =>
        withSubject(of, { shapes }, async (subject) =>
          runWhole(subject, raw ? makeFeeds(subject.inputs, raw) : randomFeeds(subject, 1)),
        );
      expectSame(await run(after), await run(model));
    },
    120_000,
  );

  test.each([
    [2, true],
    [3, false],
  ])("a transposed convolution of stride %i without overlap, bias %s", async (stride, biased) => {
    const builder = new GraphBuilder("up", 13);
    const x = builder.input("x", { dtype: "float32", shape: [1, 3, 4, 5] });
    const inputs = [x, builder.weight("w", [3, 2, stride, stride], ramp(6 * stride * stride))];
    if (biased) inputs.push(builder.weight("b", [2], ramp(2)));
    builder.output(builder.node("ConvTranspose", "up", inputs, { strides: [stride, stride] }), {
      dtype: "float32",
      shape: [1, 2, 4 * stride, 5 * stride],
    });
    const model = readModel(builder.build(), "up");
    const { model: after, notes } = await prepared(model);
    expect(notes.join()).toMatch(/1 transposed convolutions without overlap/);
    expect(after.nodes.map(({ op }) => op)).toEqual(["Conv", "DepthToSpace"]);
    const run = (of: Model) => withSubject(of, {}, async (subject) => runWhole(subject, randomFeeds(subject, 1)));
    expectSame(await run(after), await run(model));
  });

  const resizing = (op: string, opset: number, mode: string, scales: readonly number[]) => {
    const builder = new GraphBuilder("old", opset);
    const x = builder.input("x", { dtype: "float32", shape: [1, 2, 7, 7] });
    const weight = builder.weight("w", [2, 2, 1, 1], ramp(4));
    const inputs = [builder.node("Conv", "conv", [x, weight]), builder.weight("s", [4], Float32Array.from(scales))];
    builder.output(builder.node(op, "resize", inputs, { mode }), { dtype: "float32", shape: Array(4).fill(null) });
    return readModel(builder.build(), "old");
  };

  test.each([
    ["Resize", 10, "nearest", 0.6],
    ["Resize", 10, "nearest", 1.7],
    ["Resize", 10, "linear", 0.6],
    ["Upsample", 9, "nearest", 1.7],
    ["Upsample", 9, "linear", 1.7],
  ] as const)("%s of opset %i, %s, by %f", async (op, opset, mode, scale) => {
    const model = resizing(op, opset, mode, [1, 1, scale, scale]);
    const { model: after } = await prepared(model);
    expect(after.opsets.get("")).toBe(13);
    const run = (of: Model) => withSubject(of, {}, async (subject) => runWhole(subject, randomFeeds(subject, 1)));
    expectSame(await run(after), await run(model));
  });

  test("a Resize of opset 10 that shrinks and stretches is a Problem", async () => {
    await expect(prepared(resizing("Resize", 10, "nearest", [1, 1, 0.6, 2]))).rejects.toThrow(
      /'resize' \(Resize\) cannot be converted from opset 10.*shrinks one axis/,
    );
  });

  const SMALL: readonly (readonly [
    op: string,
    opset: number,
    attributes: Record<string, Attribute>,
    shape: number[],
  ])[] = [
    ["Unsqueeze", 11, { axes: [0] }, [2, 3, 1]],
    ["Squeeze", 11, { axes: [2] }, [2, 3, 1]],
    ["Clip", 9, { min: { float: -0.2 }, max: { float: 0.3 } }, [2, 3, 1]],
    ["Softmax", 11, { axis: 2 }, [2, 3, 4]],
    ["ReduceSum", 11, { axes: [1] }, [2, 3, 4]],
    ["Slice", 9, { starts: [1], ends: [3], axes: [1] }, [2, 3, 4]],
    ["Pad", 9, { pads: [0, 0, 1, 0, 0, 2] }, [2, 3, 4]],
    ["Dropout", 11, {}, [2, 3, 4]],
  ];
  test.each(SMALL)("%s of opset %i means the same afterwards", async (op, opset, attributes, shape) => {
    const build = () => {
      const builder = new GraphBuilder("old", opset);
      const x = builder.input("x", { dtype: "float32", shape });
      const changed = builder.node(op, "changed", [x], attributes);
      const negative = builder.node("Neg", "negative", [changed]);
      // Something to quantise, so that there is a plan.
      const y = builder.input("y", { dtype: "float32", shape: [2, 2] });
      builder.output(builder.node("MatMul", "product", [y, builder.weight("w", [2, 2], ramp(4))]), {
        dtype: "float32",
        shape: [2, 2],
      });
      builder.output(negative, { dtype: "float32", shape: [] });
      return readModel(builder.build(), "old");
    };
    const run = async (model: Model) => {
      const session = await loadSession(model.source, { threads: 1, optimisation: "disabled" });
      const feeds = makeFeeds(
        new Map([
          ["x", { dtype: "float32", shape }],
          ["y", { dtype: "float32", shape: [2, 2] }],
        ]),
      );
      const result = await session.run(feeds, ["negative:0"]);
      await session.release();
      return result;
    };
    const model = build();
    const draft = new Draft(analyse(model));
    prepareQuantisation(draft, new Map([["x", { dtype: "float32", shape }]]), { exclude: [] });
    const after = readModel(draft.finish(), "converted");
    expect(after.opsets.get("")).toBe(13);
    expectSame(await run(after), await run(model));
  });
});
