import { test } from "@fast-check/vitest";
import { expect } from "vitest";
import { analyse, cutsOf, Draft, type Model, parameterCount, readModel } from "../../src/onnx/index.ts";
import { pruneChannels } from "../../src/operators/index.ts";
import { inputTypes, makeFeeds, type Samples } from "../../src/profiler/index.ts";
import { cnns } from "../fixtures/cnns.ts";
import { quantise } from "../fixtures/quantising.ts";
import { normal } from "../fixtures/random.ts";
import { expectSame, runCut, runWhole, withSubject } from "../fixtures/running.ts";

/** Pictures of noise with zero mean. */
function noise(model: Model, count: number, seed: number): Samples {
  const types = inputTypes(analyse(model), {});
  const random = normal(seed);
  const pictures = Array.from({ length: count }, () => Float32Array.from({ length: 192 }, random));
  return {
    count,
    feeds: (index) => makeFeeds(types, new Map([["x", new Uint8Array(pictures[index]!.buffer)]])),
  };
}

const outputOf = async (model: Model, samples: Samples) =>
  withSubject(model, {}, async (subject) => {
    const [values] = Object.values(await runWhole(subject, await samples.feeds(0)));
    return values!.data as Float32Array;
  });

test.prop([cnns()], { numRuns: 40, seed: 9 })(
  "any network, quantised, stays close to itself, mostly in integers, and is itself when cut at bytes",
  async (model) => {
    const samples = noise(model, 8, 1);
    const { graph, share } = await quantise(model, { shapes: {}, samples, method: { name: "min-max" } });
    expect(share).toBeGreaterThan(0.95);
    const [float, integer] = [await outputOf(model, samples), await outputOf(graph.model, samples)];
    const energy = (values: Iterable<number>) => [...values].reduce((sum, value) => sum + value * value, 0);
    // Outputs near zero make no signal to compare noise with.
    const signal = Math.max(energy(float), 0.01);
    expect(energy(float.map((value, index) => value - integer[index]!)) / signal).toBeLessThan(0.05);

    await withSubject(readModel(graph.model.source, "quantised"), {}, async (subject) => {
      const plain = { ...subject, settings: { threads: 1, optimisation: "disabled" } as const };
      const cuts = cutsOf(subject.graph).filter(({ tensors }) =>
        tensors.every((name) => subject.types.get(name)?.dtype === "uint8"),
      );
      expect(cuts.length).toBeGreaterThan(0);
      const feeds = await samples.feeds(1);
      const whole = await runWhole(plain, feeds);
      const middle = cuts[cuts.length >> 1]!;
      expectSame(await runCut(plain, middle.position, feeds), whole);
    });
  },
  240_000,
);

test.prop([cnns()], { numRuns: 40, seed: 10 })(
  "any network, half of its channels removed, is valid, smaller and runs",
  async (model) => {
    await withSubject(model, {}, async ({ graph, types }) => {
      const draft = new Draft(graph);
      pruneChannels(draft, types, 0.5);
      const pruned = readModel(draft.finish(), "pruned");
      expect(parameterCount(pruned)).toBeLessThan(parameterCount(model) * 0.75);
      const output = await outputOf(pruned, noise(model, 1, 2));
      expect(output).toHaveLength(5);
      expect(output.every(Number.isFinite)).toBe(true);
    });
  },
  240_000,
);
