import { fc, test as property } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import {
  analyse,
  asFloats,
  Draft,
  GraphBuilder,
  type Model,
  parameterCount,
  readModel,
  valuesOf,
} from "../../src/onnx/index.ts";
import { pruneChannels, pruneWeights } from "../../src/operators/index.ts";
import { inputTypes, makeFeeds } from "../../src/profiler/index.ts";
import { architecture } from "../../src/zoo/index.ts";
import { FIXTURES, type Fixture, open, TRAINED, VARIANTS } from "../fixtures/models.ts";
import { quantise } from "../fixtures/quantising.ts";
import { randomFeeds, runWhole, withSubject } from "../fixtures/running.ts";

const resnet = open(TRAINED[0]!);

async function channelsPruned(model: Model, shapes: Fixture["shapes"], sparsity: number) {
  return withSubject(model, { shapes }, async ({ graph, types }) => {
    const draft = new Draft(graph);
    const notes = pruneChannels(draft, types, sparsity);
    return { pruned: readModel(draft.finish(), "pruned"), notes };
  });
}

describe("magnitude pruning", () => {
  for (const [pattern, block] of [
    ["unstructured", 1],
    ["2x1", 2],
    ["4x1", 4],
  ] as const)
    property.prop([fc.double({ min: 0.1, max: 0.95, noNaN: true })], { numRuns: 3, seed: 1 })(
      `${pattern}: in each layer the asked share is 0, in whole blocks, and the rest is untouched`,
      (sparsity) => {
        const draft = new Draft(analyse(resnet));
        pruneWeights(draft, sparsity, pattern);
        const pruned = readModel(draft.finish(), "pruned");
        const before = resnet.nodes.filter(({ op }) => op === "Conv");
        const after = pruned.nodes.filter(({ op }) => op === "Conv");
        for (const [index, node] of after.entries()) {
          const weight = pruned.initializers.get(node.inputs[1]!)!;
          const values = asFloats(valuesOf(weight));
          const original = asFloats(valuesOf(resnet.initializers.get(before[index]!.inputs[1]!)!));
          const [channels = 0] = weight.shape;
          const inner = values.length / channels;
          const zeros = values.reduce((count, value) => count + Number(value === 0), 0);
          expect(Math.abs(zeros / values.length - sparsity)).toBeLessThan(0.01 + block / values.length);
          let kept = Number.POSITIVE_INFINITY;
          let lost = 0;
          let torn = 0;
          let changed = 0;
          for (let row = 0; row < channels; row += block)
            for (let i = 0; i < inner; i++) {
              const places = Array.from({ length: block }, (_, offset) => (row + offset) * inner + i);
              const zero = places.map((place) => values[place] === 0);
              if (new Set(zero).size > 1) torn++;
              const score = places.reduce((sum, place) => sum + Math.abs(original[place]!), 0);
              if (zero[0]) lost = Math.max(lost, score);
              else {
                kept = Math.min(kept, score);
                for (const place of places) if (values[place] !== original[place]) changed++;
              }
            }
          expect({ torn, changed }).toEqual({ torn: 0, changed: 0 });
          // What goes is smaller than what stays.
          expect(lost).toBeLessThanOrEqual(kept * 1.0001);
        }
      },
    );
});

describe("channel pruning", () => {
  test.each([...FIXTURES, ...VARIANTS].map((fixture) => [fixture.name, fixture] as const))(
    "%s at 50 %: valid, smaller, and runs",
    async (_, fixture) => {
      const model = open(fixture);
      const { pruned, notes } = await channelsPruned(model, fixture.shapes, 0.5);
      expect(parameterCount(pruned)).toBeLessThan(parameterCount(model) * 0.87);
      expect(notes[0]).toMatch(/groups of channels removed/);
      const outputs = await withSubject(pruned, { shapes: fixture.shapes }, async (subject) =>
        runWhole(subject, randomFeeds(subject, 5)),
      );
      const whole = await withSubject(model, { shapes: fixture.shapes }, async (subject) =>
        runWhole(subject, randomFeeds(subject, 5)),
      );
      for (const [name, { dims }] of Object.entries(whole)) expect(outputs[name]!.dims).toEqual(dims);
      for (const { data } of Object.values(outputs))
        for (const value of data as Float32Array) expect(Number.isFinite(value)).toBe(true);
    },
    120_000,
  );

  test.each([
    ["resnet18", { input: [1, 3, 224, 224] }],
    ["mobilenet_v2", { input: [1, 3, 224, 224] }],
    ["resnext50_32x4d", { input: [1, 3, 224, 224] }],
  ])(
    "%s of the zoo at 50 %: valid, smaller, runs, and so does its quantised twin",
    async (name, shapes) => {
      const model = readModel(architecture(name).build(1), name);
      const { pruned } = await channelsPruned(model, shapes, 0.5);
      expect(parameterCount(pruned)).toBeLessThan(parameterCount(model) * (name.startsWith("resnext") ? 0.95 : 0.5));
      const outputOf = (of: Model) =>
        withSubject(
          of,
          { shapes },
          async (subject) => Object.values(await runWhole(subject, randomFeeds(subject, 5)))[0]!,
        );
      const [before, after] = [await outputOf(model), await outputOf(pruned)];
      expect(after.dims).toEqual(before.dims);
      for (const value of after.data as Float32Array) expect(Number.isFinite(value)).toBe(true);
      const inputs = inputTypes(analyse(pruned), shapes);
      const { share } = await quantise(pruned, { shapes, samples: { count: 1, feeds: () => makeFeeds(inputs) } });
      expect(share).toBeGreaterThan(0.99);
    },
    240_000,
  );

  test("channels of zero weights go first, and then nothing changes at all", async () => {
    // x → Conv(4) → Relu → depthwise → + Conv(4) → GlobalAveragePool → Flatten → Gemm; channels 1 and 3 are dead.
    const builder = new GraphBuilder("tied", 13);
    const weight = (name: string, shape: number[], value: (index: number) => number) =>
      builder.weight(
        name,
        shape,
        Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => value(i)),
      );
    const dead = (index: number) => index % 4 === 1 || index % 4 === 3;
    const x = builder.input("x", { dtype: "float32", shape: [1, 2, 5, 5] });
    const filters = (name: string) => weight(name, [4, 2, 1, 1], (i) => (dead(i >> 1) ? 0 : Math.sin(i + 1)));
    const bias = (name: string) => weight(name, [4], (i) => (dead(i) ? 0 : 0.1 * i + 0.2));
    const first = builder.node("Relu", "relu", [builder.node("Conv", "a", [x, filters("a.w"), bias("a.b")])]);
    const each = builder.node("Conv", "d", [first, weight("d.w", [4, 1, 3, 3], (i) => Math.cos(i))], {
      group: 4,
      pads: [1, 1, 1, 1],
    });
    const second = builder.node("Conv", "b", [x, filters("b.w"), bias("b.b")]);
    const sum = builder.node("Add", "sum", [each, second]);
    const flat = builder.node("Flatten", "flat", [builder.node("MaxPool", "pool", [sum], { kernel_shape: [2, 2] })]);
    builder.output(builder.node("Gemm", "fc", [flat, weight("fc.w", [64, 3], (i) => Math.sin(3 * i))]), {
      dtype: "float32",
      shape: [1, 3],
    });
    const model = readModel(builder.build(), "tied");
    const { pruned } = await channelsPruned(model, {}, 0.5);
    const shapes = Object.fromEntries(
      pruned.nodes.flatMap(({ name, inputs }) => {
        const found = pruned.initializers.get(inputs[1] ?? "");
        return found ? [[name, found.shape]] : [];
      }),
    );
    expect(shapes).toEqual({ a: [2, 2, 1, 1], d: [2, 1, 3, 3], b: [2, 2, 1, 1], fc: [32, 3] });
    const run = (of: Model) => withSubject(of, {}, async (subject) => runWhole(subject, randomFeeds(subject, 2)));
    const [got, want] = [await run(pruned), await run(model)];
    const [name] = Object.keys(want);
    for (const [index, value] of (want[name!]!.data as Float32Array).entries())
      expect((got[name!]!.data as Float32Array)[index]).toBeCloseTo(value, 5);
  });

  test("a concatenation's channels go one by one, batch normalisation follows", async () => {
    const builder = new GraphBuilder("concat", 13);
    const ramp = (name: string, shape: number[]) =>
      builder.weight(
        name,
        shape,
        Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => 1 + i),
      );
    const x = builder.input("x", { dtype: "float32", shape: [1, 2, 4, 4] });
    const a = builder.node("Conv", "a", [x, ramp("a.w", [4, 2, 1, 1])]);
    const b = builder.node("Conv", "b", [x, ramp("b.w", [6, 2, 1, 1])]);
    const joined = builder.node("Concat", "join", [a, b], { axis: 1 });
    const normal = builder.node("BatchNormalization", "bn", [
      joined,
      ...["g", "s", "m", "v"].map((n) => ramp(n, [10])),
    ]);
    builder.output(builder.node("Conv", "c", [normal, ramp("c.w", [3, 10, 1, 1])]), {
      dtype: "float32",
      shape: [1, 3, 4, 4],
    });
    const { pruned } = await channelsPruned(readModel(builder.build(), "concat"), {}, 0.5);
    const shapeOf = (node: string, input: number) =>
      pruned.initializers.get(pruned.nodes.find(({ name }) => name === node)!.inputs[input]!)!.shape;
    expect([shapeOf("a", 1), shapeOf("b", 1), shapeOf("bn", 1), shapeOf("c", 1)]).toEqual([
      [2, 2, 1, 1],
      [3, 2, 1, 1],
      [5],
      [3, 5, 1, 1],
    ]);
    // The largest filters of a ramp are the last ones.
    const gamma = pruned.initializers.get(pruned.nodes.find(({ name }) => name === "bn")!.inputs[1]!)!;
    expect([...asFloats(valuesOf(gamma))]).toEqual([3, 4, 8, 9, 10]);
    await withSubject(pruned, {}, async (subject) => runWhole(subject, randomFeeds(subject, 2)));
  });
});
