import { existsSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { evaluateModel } from "../../src/cli/evaluating.ts";
import { inspectKernels } from "../../src/cli/inspecting.ts";
import { registeredOperator } from "../../src/cli/registering.ts";
import { Problem } from "../../src/formats/problem.ts";
import { parseVariants } from "../../src/formats/variants.ts";
import { operatorOf, PROVENANCE, twinOf } from "../../src/operators/index.ts";
import { digest } from "../../src/profiler/index.ts";
import { openModel, readText } from "../../src/store/index.ts";

const folder = fileURLToPath(new URL("../fixtures/variants/", import.meta.url));
const read = (name: string) => parseVariants(readText(path.join(folder, name)), name);
const hasClothes = existsSync("/usr/share/datasets/fashion-mnist/t10k-images-idx3-ubyte.gz");
if (!hasClothes) console.warn("SKIPPED: Fashion-MNIST is not installed; its variants' accuracies go unmeasured.");

const TASKS = [
  ["fashion-mnist.yaml", hasClothes],
  ["spam.yaml", true],
] as const;

describe.each(TASKS)("%s", (name, possible) => {
  const { variants, data } = read(name);

  test("has the model itself, three trained variants, and a trained one that was quantised", () => {
    const operators = ["identity", "distilled", "pruned", "qat", "distilled+sptq"];
    expect(variants.map(({ operator }) => operator)).toEqual(operators);
  });

  test("the quantised student loses at most half a point", () => {
    const of = (wanted: string) => variants.find(({ operator }) => operator === wanted)!.accuracy[0]!.value;
    expect(of("distilled+sptq")).toBeGreaterThanOrEqual(of("distilled") - 0.005);
  });

  test.skipIf(!possible).each(variants)("$operator is as good as registered", async ({ model, accuracy }) => {
    const { metrics } = await evaluateModel(path.join(folder, model), path.join(folder, data), {
      ...{ metrics: accuracy.map(({ metric }) => metric), threads: 2, batch: 32 },
    });
    for (const [at, { value, n }] of accuracy.entries()) {
      expect(metrics[at]!.n).toBe(n);
      // Other processors have other integer kernels and add up in another order.
      expect(Math.abs(metrics[at]!.value - value)).toBeLessThanOrEqual(2e-3);
    }
  });
});

describe("the operator that a variant is registered under", () => {
  test.each([
    ["sptq", undefined, "sptq"],
    ["sptq", "sptq", "sptq"],
    ["sptq", "distilled+sptq", "distilled+sptq"],
    ["identity", "qat", "qat"],
    ["identity", "identity", "identity"],
  ])("the file says %s, the user %s: %s", (made, told, registered) => {
    expect(registeredOperator("m.onnx", made, told)).toBe(registered);
  });

  test.each([
    ["identity", undefined, /m\.onnx does not say which operator.*--operator/],
    ["sptq", "qat", /made by 'sptq'.*--operator qat does not end with that/],
    ["sptq", "sptq+pruned", /does not end with that/],
    ["sptq", "nosptq", /does not end with that/],
  ])("the file says %s, the user %s: a Problem", (made, told, says) => {
    expect(() => registeredOperator("m.onnx", made, told)).toThrow(Problem);
    expect(() => registeredOperator("m.onnx", made, told)).toThrow(says);
  });
});

/** The values of a float32 weight that the file itself holds. */
function valuesOf(model: ReturnType<typeof openModel>, name: string): Float32Array {
  const { raw } = model.initializers.get(name)!;
  return new Float32Array(Uint8Array.from(raw!.source.read(raw!.value, raw!.end - raw!.value)).buffer);
}

describe("variants are what their operator says", () => {
  test.each([
    ["fmnist_pruned.onnx", "Conv", 0.7],
    ["spam_pruned.onnx", "MatMul", 0.5],
  ])("%s: zeros in blocks of two output channels", (file, op, sparsity) => {
    const model = openModel(path.join(folder, file));
    let [zeros, all] = [0, 0];
    for (const node of model.nodes.filter((candidate) => candidate.op === op)) {
      const weight = model.initializers.get(node.inputs[1]!);
      if (!weight || node.name.includes("stem")) continue;
      const values = valuesOf(model, weight.name);
      const [first, second] = [weight.shape[0]!, weight.shape[1]!];
      // Outputs are rows of a convolution's weight and columns of a matrix that is multiplied from the right.
      const stride = op === "Conv" ? values.length / first : 1;
      const outputs = op === "Conv" ? first : second;
      const inputs = values.length / outputs;
      for (let output = 0; output < outputs; output += 2)
        for (let input = 0; input < inputs; input++) {
          const at = op === "Conv" ? output * stride + input : input * outputs + output;
          const pair = [values[at], values[at + stride]];
          expect(pair[0] === 0).toBe(pair[1] === 0);
          all += 2;
          if (pair[0] === 0) zeros += 2;
        }
    }
    expect(all).toBeGreaterThan(10_000);
    expect(zeros / all).toBeCloseTo(sparsity, 2);
  });

  test("fmnist_qat.onnx runs in integer kernels", async () => {
    const { kernels, model } = await inspectKernels(
      path.join(folder, "fmnist_qat.onnx"),
      { image: [1, 1, 28, 28] },
      { threads: 1, optimisation: "all" },
    );
    const operators = kernels.map(({ op }) => op.replace("com.microsoft.", ""));
    expect(operators.filter((op) => op === "QLinearConv")).toHaveLength(9);
    expect(operators).not.toContain("Conv");
    const weights = [...model.initializers.values()].filter(({ shape }) => shape.length === 4);
    expect(new Set(weights.map(({ dtype }) => dtype))).toEqual(new Set(["int8"]));
  });

  test("spam_qat.onnx multiplies integers", async () => {
    const shapes = { input_ids: [1, 32], attention_mask: [1, 32] };
    const { kernels } = await inspectKernels(path.join(folder, "spam_qat.onnx"), shapes, {
      threads: 1,
      optimisation: "all",
    });
    // Four projections and two layers of the feed-forward part, in both layers.
    expect(kernels.filter(({ op }) => op === "QLinearMatMul")).toHaveLength(12);
  });

  test.each(["fmnist", "spam"])("%s_distilled_sptq.onnx was made of the student, calibrated on data", (task) => {
    const [quantised, student] = [`${task}_distilled_sptq.onnx`, `${task}_distilled.onnx`].map((file) =>
      openModel(path.join(folder, file)),
    );
    expect(operatorOf(quantised!)).toBe("sptq");
    expect(twinOf(quantised!)).toBeUndefined();
    expect(quantised!.metadata.get(PROVENANCE.source)).toBe(digest(student!));
    expect(quantised!.source.length).toBeLessThan(student!.source.length);
  });

  test("distilled students are smaller than their teachers", () => {
    for (const task of ["fmnist", "spam"]) {
      const [student, teacher] = ["distilled", "identity"].map((operator) =>
        openModel(path.join(folder, `${task}_${operator}.onnx`)),
      );
      expect(student!.source.length).toBeLessThan(teacher!.source.length / 2);
    }
  });
});
