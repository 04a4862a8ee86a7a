import { fc, test as property } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import { analyse, GraphBuilder, readModel } from "../../src/onnx/index.ts";
import { calibrate, grouped, Histogram, inputTypes, samplesOf, spread, Workspace } from "../../src/profiler/index.ts";
import { normal } from "../fixtures/random.ts";

const floats = fc.array(fc.float({ min: -50, max: 50, noNaN: true }), { minLength: 20, maxLength: 400 });

function histogramOf(values: Float32Array): Histogram {
  const histogram = new Histogram({ min: Math.min(...values), max: Math.max(...values) });
  histogram.add(values);
  return histogram;
}

describe("ranges out of a histogram", () => {
  property.prop([floats, fc.double({ min: 0.8, max: 1, noNaN: true })])(
    "a percentile's range lacks at most the allowed share at each end, to the width of a bin",
    (drawn, share) => {
      const values = Float32Array.from(drawn).sort();
      const { min, max } = histogramOf(values).percentile(share);
      const bin = (values.at(-1)! - values[0]!) / 2048;
      const allowed = values.length * (1 - share);
      expect(values.filter((value) => value < min - bin * 1e-3).length).toBeLessThanOrEqual(allowed + 1e-9);
      expect(values.filter((value) => value > max + bin * 1e-3).length).toBeLessThanOrEqual(allowed + 1e-9);
    },
  );

  test("entropy cuts off an outlier and keeps a bell curve", () => {
    const random = normal(3);
    const bell = Float32Array.from({ length: 100_000 }, () => random());
    const alone = histogramOf(bell).leastInformationLost();
    expect(alone.max).toBeGreaterThan(2.5);
    const withOutlier = histogramOf(Float32Array.from([...bell, 60])).leastInformationLost();
    expect(withOutlier.max).toBeLessThan(20);
    expect(withOutlier.max).toBeGreaterThan(2.5);
  });

  test("masses of zeros change nothing of what entropy chooses", () => {
    const random = normal(4);
    const rectified = Float32Array.from({ length: 20_000 }, () => Math.abs(random()) + 1e-3);
    const without = new Histogram({ min: 0, max: 8 });
    without.add(rectified);
    const sparse = new Histogram({ min: 0, max: 8 });
    sparse.add(rectified);
    sparse.add(new Float32Array(100_000));
    expect(sparse.leastInformationLost()).toEqual(without.leastInformationLost());
  });
});

test("values are handed over in groups that fit, a larger one alone, those of unknown size anywhere", () => {
  const float = (...shape: (number | null)[]) => ({ dtype: "float32" as const, shape });
  const types = new Map([
    ["a", float(10)],
    ["b", float(15)],
    ["c", float(2)],
    ["d", float(1000)],
    ["e", float(null)],
    ["f", float(5)],
  ]);
  expect(grouped(["a", "b", "c", "d", "e", "f"], types, 100)).toEqual([["a", "b"], ["c"], ["d", "e"], ["f"]]);
  expect(grouped([], types, 100)).toEqual([]);
});

describe("calibration runs the model", () => {
  const builder = new GraphBuilder("double", 13);
  const x = builder.input("x", { dtype: "float32", shape: [1, 2] });
  const doubled = builder.node("Mul", "double", [x, builder.weight("two", [1], Float32Array.of(2))]);
  builder.output(builder.node("Relu", "relu", [doubled]), { dtype: "float32", shape: [1, 2] });
  const graph = analyse(readModel(builder.build(), "double"));
  const types = inputTypes(graph, {});
  const raw = Float32Array.of(1, -3, 2, 0, 5, -1);
  const samples = samplesOf(types, new Map([["x", new Uint8Array(raw.buffer)]]));
  const run = async (values: typeof samples) => {
    const workspace = new Workspace();
    try {
      return await calibrate(graph, types, ["x", doubled, "relu:0"], values, { name: "min-max" }, workspace, () => {});
    } finally {
      workspace.close();
    }
  };

  test("the extremes over all samples, of inputs, inner tensors and outputs", async () => {
    expect(samples.count).toBe(3);
    expect(await run(samples)).toEqual(
      new Map([
        ["x", { min: -3, max: 5 }],
        [doubled, { min: -6, max: 10 }],
        ["relu:0", { min: 0, max: 10 }],
      ]),
    );
  });

  test("fewer samples are spread evenly", async () => {
    const some = spread(samples, 2);
    expect(some.count).toBe(2);
    expect([...((await some.feeds(1)).x!.data as Float32Array)]).toEqual([2, 0]);
    expect(spread(samples, 10).count).toBe(3);
  });

  test("a value that is not finite is a Problem that names the tensor", async () => {
    const broken = samplesOf(types, new Map([["x", new Uint8Array(Float32Array.of(1, Number.NaN).buffer)]]));
    await expect(run(broken)).rejects.toThrow(/tensor 'x' takes the value NaN/);
  });
});
