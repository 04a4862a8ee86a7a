import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { type ByteSource, readModel } from "../../src/onnx/index.ts";
import { encoder } from "../../src/zoo/bert.ts";
import { architecture } from "../../src/zoo/index.ts";
import { graphText } from "../fixtures/graphtext.ts";

const witness = (name: string) =>
  readFileSync(new URL(`../fixtures/zoo/${name}.txt`, import.meta.url), "utf8")
    .trimEnd()
    .split("\n");
const textOf = (source: ByteSource) => graphText(readModel(source, "model"));

describe("node for node what PyTorch exports", () => {
  test.each([
    "resnet18",
    "resnet50",
    "wide_resnet50_2",
    "wide_resnet101_2",
    "resnext50_32x4d",
    "resnext101_64x4d",
    "mobilenet_v2",
    "fcn_resnet50",
    "fcn_resnet101",
    "duc_resnet101",
  ])("%s", (name) => {
    expect(textOf(architecture(name).build(1))).toEqual(witness(name));
  });

  test("bert", () => {
    const model = encoder("bert", { layers: 2, hidden: 512, heads: 8, vocabulary: 30522 }, 1);
    expect(textOf(model)).toEqual(witness("bert_of_two_layers"));
  });

  test("roberta", () => {
    const model = encoder("roberta", { layers: 2, hidden: 768, heads: 12, vocabulary: 50265, roberta: true }, 1);
    expect(textOf(model)).toEqual(witness("roberta_of_two_layers"));
  });
});
