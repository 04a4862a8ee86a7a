import { describe, expect, test } from "vitest";
import { analyse, elements, GraphBuilder, type Model, readModel } from "../../src/onnx/index.ts";
import { inputTypes, samplesOf } from "../../src/profiler/index.ts";
import { quantise } from "../fixtures/quantising.ts";
import { normal } from "../fixtures/random.ts";
import { runWhole, withSubject } from "../fixtures/running.ts";

/** A network of one float32 input `x`, and its output's energy of error once it is quantised on 16 requests of noise. */
async function quantised(
  build: (builder: GraphBuilder, weight: (shape: number[]) => string) => string,
  shape: number[],
  options = {},
) {
  const random = normal(2);
  const builder = new GraphBuilder("net", 13);
  builder.input("x", { dtype: "float32", shape });
  let count = 0;
  const last = build(builder, (of) =>
    builder.weight(
      `w${count++}`,
      of,
      Float32Array.from({ length: elements(of) }, () => random() / Math.sqrt(of.at(-1)!)),
    ),
  );
  builder.output(last, { dtype: "float32", shape: Array(shape.length).fill(null) });
  const model = readModel(builder.build(), "net");
  const types = inputTypes(analyse(model), {});
  const samples = samplesOf(
    types,
    new Map([["x", new Uint8Array(Float32Array.from({ length: 16 * elements(shape) }, random).buffer)]]),
  );
  const result = await quantise(model, { shapes: {}, samples, method: { name: "min-max" }, ...options });
  const run = (of: Model) =>
    withSubject(
      of,
      {},
      async (subject) => Object.values(await runWhole(subject, await samples.feeds(3)))[0]!.data as Float32Array,
    );
  const [want, got] = [await run(model), await run(result.graph.model)];
  const energy = (values: Float32Array) => values.reduce((sum, value) => sum + value * value, 0);
  return { ...result, error: energy(want.map((value, index) => value - got[index]!)) / energy(want) };
}

describe("the runtime's kernels for quantised networks", () => {
  test("a perceptron: values stay bytes between its layers", async () => {
    const { kernels, share, error } = await quantised(
      (builder, weight) => {
        const hidden = builder.node("Gemm", "a", ["x", weight([32, 16]), weight([32])], { transB: 1 });
        return builder.node("Gemm", "b", [builder.node("Relu", "relu", [hidden]), weight([8, 32])], { transB: 1 });
      },
      [4, 16],
    );
    expect(kernels).toEqual({ QuantizeLinear: 1, "com.microsoft.QGemm": 2 });
    expect(share).toBe(1);
    expect(error).toBeLessThan(0.001);
  });

  test("a product of two computed tensors", async () => {
    const { kernels, error } = await quantised(
      (builder) => builder.node("MatMul", "square", ["x", builder.node("Transpose", "t", ["x"], { perm: [0, 2, 1] })]),
      [1, 6, 12],
    );
    expect(kernels["com.microsoft.MatMulIntegerToFloat"]).toBe(1);
    expect(error).toBeLessThan(0.001);
  });

  test("a matrix product with bias behind it becomes one integer kernel", async () => {
    const { kernels } = await quantised(
      (builder, weight) =>
        builder.node("Add", "sum", [weight([8]), builder.node("MatMul", "m", ["x", weight([16, 8])])]),
      [4, 16],
    );
    expect(kernels).toEqual({ QuantizeLinear: 1, "com.microsoft.QGemm": 1 });
  });

  test("a 1-D convolution stays float, and the notes say why", async () => {
    const { share, notes, error } = await quantised(
      (builder, weight) => {
        const conv = builder.node("Conv", "conv", ["x", weight([4, 3, 3])], { pads: [1, 1] });
        return builder.node("MatMul", "m", [conv, weight([10, 6])]);
      },
      [1, 3, 10],
    );
    expect(notes.join()).toMatch(
      /Conv stays float: the runtime has integer kernels for 2-D convolutions only \(conv\)/,
    );
    expect(share).toBeGreaterThan(0);
    expect(share).toBeLessThan(1);
    expect(error).toBeLessThan(0.001);
  });

  test("excluded nodes stay as they were written, and float", async () => {
    const up = (builder: GraphBuilder, weight: (shape: number[]) => string) => {
      const conv = builder.node("Conv", "conv", ["x", weight([4, 3, 1, 1])]);
      return builder.node("ConvTranspose", "up", [conv, weight([4, 2, 2, 2])], { strides: [2, 2] });
    };
    expect((await quantised(up, [1, 3, 4, 4])).share).toBe(1);
    const { share, graph, notes } = await quantised(up, [1, 3, 4, 4], { exclude: ["up"] });
    expect(share).toBeLessThan(0.5);
    expect(graph.steps.some(({ name, op }) => name === "up" && op === "ConvTranspose")).toBe(true);
    expect(notes.join()).toMatch(/ConvTranspose stays float: excluded \(up\)/);
  });

  test("7-bit weights and signed activations compute the same, less finely", async () => {
    const net = (builder: GraphBuilder, weight: (shape: number[]) => string) =>
      builder.node("GlobalAveragePool", "p", [
        builder.node("Relu", "r", [builder.node("Conv", "c", ["x", weight([8, 3, 3, 3])])]),
      ]);
    for (const options of [{}, { weightBits: 7 }, { activations: "int8" }])
      expect((await quantised(net, [1, 3, 8, 8], options)).error).toBeLessThan(0.002);
  });

  test("a dead channel's bias fits 32 bits", async () => {
    const { error } = await quantised(
      (builder) => {
        const weight = builder.weight("dead", [2, 3, 1, 1], Float32Array.of(0.5, -0.5, 0.25, 1e-30, 0, 0));
        const conv = builder.node("Conv", "c", ["x", weight, builder.weight("bias", [2], Float32Array.of(0.1, 3))]);
        return builder.node("Relu", "r", [conv]);
      },
      [1, 3, 4, 4],
    );
    expect(error).toBeLessThan(0.001);
  });
});
