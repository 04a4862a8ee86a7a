import { describe, expect, test } from "vitest";
import { analyse, cutsOf, readModel, tensorBytes } from "../../src/onnx/index.ts";
import { inputTypes, isResolved, makeFeeds } from "../../src/profiler/index.ts";
import { open, TRAINED } from "../fixtures/models.ts";
import { quantise } from "../fixtures/quantising.ts";
import { expectSame, randomFeeds, runCut, runWhole, withSubject } from "../fixtures/running.ts";

const [resnet] = TRAINED;
const model = open(resnet!);
const inputs = inputTypes(analyse(model), resnet!.shapes);
const quantised = quantise(model, {
  shapes: resnet!.shapes,
  samples: { count: 1, feeds: () => makeFeeds(inputs) },
});

describe("cuts of a quantised model", () => {
  test("between QuantizeLinear and DequantizeLinear one byte an element crosses, a quarter of the float cut there", async () => {
    const { graph } = await quantised;
    const bytesOf = async (of: typeof model) =>
      withSubject(of, { shapes: resnet!.shapes }, async ({ graph, types }) => {
        const size = (name: string) => {
          const type = types.get(name);
          return isResolved(type) ? tensorBytes(type.dtype, type.shape) : Number.NaN;
        };
        return cutsOf(graph).map(({ id, tensors }) => ({
          id,
          bytes: tensors.reduce((sum, name) => sum + size(name), 0),
          dtypes: tensors.map((name) => types.get(name)?.dtype),
        }));
      });
    const float = new Map((await bytesOf(model)).map(({ id, bytes }) => [id, bytes]));
    const integer = await bytesOf(graph.model);
    // A sum of a block is quantised behind the rectifier that it absorbed.
    for (const block of [1, 4, 7, 9]) {
      const behind = integer.find(({ id }) => id === `/f/f.${block}/Add/Q`)!;
      expect(behind.bytes).toBe(float.get(`/f/f.${block}/Relu`)! / 4);
      expect(new Set(behind.dtypes)).toEqual(new Set(["uint8"]));
    }
    // Within a block branch and shortcut cross quantised as well.
    expect(integer.find(({ id }) => id === "/f/f.2/a/a.0/Conv/Q")!.bytes).toBe(float.get("/f/f.2/a/a.2/Relu")! / 4);
    const quarters = integer.filter(({ dtypes }) => dtypes.every((dtype) => dtype === "uint8"));
    expect(quarters.length).toBeGreaterThan(30);
  });

  test("scales and zero points are weights: no cut carries them", async () => {
    const { graph } = await quantised;
    for (const { tensors } of cutsOf(graph)) for (const name of tensors) expect(name).not.toMatch(/scale|zero_point/);
  });

  test("cut at a quantised tensor, integer kernels on both sides give the whole's outputs", async () => {
    const { graph } = await quantised;
    const whole = readModel(graph.model.source, "quantised");
    await withSubject(whole, { shapes: resnet!.shapes }, async (subject) => {
      const feeds = randomFeeds(subject, 11);
      const expected = await runWhole(subject, feeds);
      const cuts = cutsOf(subject.graph).filter(({ tensors }) =>
        tensors.every((name) => subject.types.get(name)?.dtype === "uint8"),
      );
      for (const { position } of cuts.filter((_, index) => index % 6 === 0))
        expectSame(await runCut(subject, position, feeds), expected);
    });
  }, 120_000);
});
