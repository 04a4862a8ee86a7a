import { existsSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { evaluateModel } from "../../src/cli/evaluating.ts";
import { GraphBuilder, type TensorType } from "../../src/onnx/index.ts";
import { openModel, writeAtomically } from "../../src/store/index.ts";
import { written } from "../datasets/collect.ts";
import { own } from "../fixtures/models.ts";

const file = (name: string) => fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));
const CLOTHES = fileURLToPath(new URL("../../datasets/fashion-mnist.yaml", import.meta.url));
const MAILS = file("datasets/spam.yaml");

const hasClothes = existsSync("/usr/share/datasets/fashion-mnist/t10k-images-idx3-ubyte.gz");
if (!hasClothes)
  console.warn(
    "SKIPPED: Fashion-MNIST is not installed (Debian's package dataset-fashion-mnist); its accuracies go unmeasured.",
  );

const options = { metrics: ["accuracy"], threads: 1, batch: 32 };

describe("the fixtures' accuracies, as they were measured when they were trained", () => {
  test.skipIf(!hasClothes).each([
    ["fmnist_resnet", 0.9272],
    ["fmnist_mbv2", 0.9115],
  ])("%s", async (name, accuracy) => {
    const { metrics, dataset } = await evaluateModel(own(name, {}).file, CLOTHES, { ...options, threads: 2 });
    expect(dataset).toBe("Fashion-MNIST test set");
    expect(metrics).toMatchObject([{ metric: "accuracy", n: 10_000 }]);
    // Other processors add up in another order: a handful of undecided pictures may go the other way.
    expect(Math.abs(metrics[0]!.value - accuracy)).toBeLessThanOrEqual(5e-4);
  });

  test("spam_bert2", async () => {
    const seen: number[] = [];
    const { metrics } = await evaluateModel(own("spam_bert2", {}).file, MAILS, {
      ...options,
      metrics: ["accuracy", "f1", "f1-macro"],
      onProgress: (done) => seen.push(done),
    });
    expect(metrics[0]).toMatchObject({ metric: "accuracy", n: 1209 });
    expect(Math.abs(metrics[0]!.value - 0.9595)).toBeLessThanOrEqual(2e-3);
    expect(metrics.map(({ metric }) => metric)).toEqual(["accuracy", "f1", "f1-macro"]);
    expect(seen.at(-1)).toBe(1209);
  });

  test("do not hang on the size of the batches", async () => {
    const at = async (batch: number) =>
      (await evaluateModel(own("spam_bert2", {}).file, MAILS, { ...options, batch, limit: 70 })).metrics[0];
    expect(await at(1)).toEqual(await at(32));
  });
});

/** scores = reshape(x): a model that hands its inputs on as scores, so that its guesses are known. */
function echo(input: TensorType, output: TensorType, metadata: Record<string, string> = {}): string {
  const builder = new GraphBuilder("echo");
  builder.input("x", input);
  builder.output(builder.node("Identity", "scores", ["x"]), output);
  for (const [key, value] of Object.entries(metadata)) builder.metadata(key, value);
  const folder = path.dirname(written({}));
  const target = path.join(folder, "echo.onnx");
  writeAtomically(target, builder.build());
  return target;
}

const float = (...shape: (number | string)[]): TensorType => ({ dtype: "float32", shape });
const free = () => echo(float("N", 3), float("N", 3));
const raw = { kind: "raw", file: "x.bin", stored: { dtype: "float32", shape: [3] } };
// Guesses 0, 2, 1, 2 and 0, of which the third and the last are wrong.
const SCORES = [9, 1, 2, 0, 1, 5, 3, 7, 3, -3, -2, -1, 4, 4, 1];
const LABELS = [0, 2, 0, 2, 1];
const files = { "x.bin": new Uint8Array(Float32Array.from(SCORES).buffer), "y.bin": Uint8Array.from(LABELS) };
const labels = { kind: "raw", file: "y.bin", stored: { dtype: "uint8", shape: [] } };
const data = (changes: object = {}) => written({ inputs: { x: raw }, labels, ...changes }, files);

describe("a model whose guesses are known", () => {
  test("right ones are counted", async () => {
    const { metrics } = await evaluateModel(free(), data(), { ...options, metrics: ["accuracy", "top-2"], batch: 2 });
    expect(metrics.map(({ value, n }) => [value, n])).toEqual([
      [0.6, 5],
      [1, 5],
    ]);
  });

  test("a fixed batch is filled up, and what fills it is not counted", async () => {
    const fixed = echo(float(2, 3), float(2, 3));
    const { metrics } = await evaluateModel(fixed, data(), options);
    expect(metrics[0]).toMatchObject({ value: 0.6, n: 5 });
  });

  test("the operator is the file's own; identity where it names none", async () => {
    const named = echo(float("N", 3), float("N", 3), { "tierwise.operator": "pruned+sptq" });
    expect((await evaluateModel(named, data(), options)).operator).toBe("pruned+sptq");
    expect((await evaluateModel(free(), data(), options)).operator).toBe("identity");
  });

  test("only the first samples, when asked", async () => {
    const { metrics } = await evaluateModel(free(), data(), { ...options, batch: 2, limit: 3 });
    expect(metrics[0]).toMatchObject({ value: 2 / 3, n: 3 });
  });
});

describe("what does not go together is a Problem", () => {
  const ints: TensorType = { dtype: "int64", shape: ["N", 3] };
  test.each<[string, () => [string, string], RegExp]>([
    [
      "random weights",
      () => [echo(float("N", 3), float("N", 3), { "tierwise.weights": "random, seed 1" }), data()],
      /no learned weights \(random, seed 1\)/,
    ],
    [
      "a latency twin",
      () => [echo(float("N", 3), float("N", 3), { "tierwise.twin": "student not distilled here" }), data()],
      /latency twin \(student not distilled here\).*Evaluate the variant/,
    ],
    ["no labels", () => [free(), data({ labels: undefined })], /has no labels/],
    ["an input of another name", () => [free(), data({ inputs: { y: raw } })], /unknown input "y".*known: x/],
    [
      "another element type",
      () => [echo(ints, ints), data()],
      /input 'x' takes int64, and .* gives float32. Set dtype: int64/,
    ],
    [
      "another shape",
      () => [echo(float("N", 4), float("N", 4)), data()],
      /takes samples of the shape \[4\], and .* gives \[3\]/,
    ],
    [
      "no score per class",
      () => [echo(float("N", 1, 3), float("N", 1, 3)), data({ inputs: { x: { ...raw, shape: [1, 3] } } })],
      /output 'scores:0' is float32\[5x1x3\]/,
    ],
    [
      "too few scores",
      () => [free(), data({ classes: ["a", "b", "c", "d"] })],
      /lists 4 classes, and .* gives 3 scores/,
    ],
  ])("%s", async (_, make, says) => {
    const failure = await evaluateModel(...make(), options).catch((error: Error) => error);
    expect(failure).toMatchObject({ name: "Problem", message: expect.stringMatching(says) });
  });

  test("an unlisted class", async () => {
    const wrong = written({ inputs: { x: raw }, labels }, { ...files, "y.bin": Uint8Array.of(0, 1, 2, 3, 0) });
    await expect(evaluateModel(free(), wrong, options)).rejects.toThrow(/label of sample 3 is 3.*classes 0 to 2/);
  });
});

test("the fixtures say nothing of random weights", () => {
  expect(openModel(own("fmnist_resnet", {}).file).metadata.has("tierwise.weights")).toBe(false);
});
