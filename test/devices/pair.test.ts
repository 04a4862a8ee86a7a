import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { benchOf, Pair, transferByBench, type Work } from "../../src/devices/index.ts";
import type { Device } from "../../src/formats/device.ts";
import { benched, convolution, describe as describeNode, HERE, profiled, relu, secondsOn } from "./machines.ts";

const THERE = { ...HERE, name: "there", flops_per_s: 3e10, bytes_per_s: 1.5e10 };
/** Times that follow no pattern at all. */
const wild = (seed: number) => (work: Work) => 1.5 + Math.sin(seed * (work.flops + work.bytes));
const pairOf = (source: Device, target: Device) => new Pair(benchOf(source), benchOf(target));
const sizes = fc.record({ channels: fc.integer({ min: 8, max: 128 }), side: fc.integer({ min: 7, max: 56 }) });

describe("between two benches", () => {
  test.prop([fc.double({ min: 0.1, max: 10, noNaN: true })], { numRuns: 10 })(
    "a kernel of a micro-kernel's sizes and time takes what the micro-kernel takes, whatever the others say",
    (seed) => {
      const [here, there] = [benched({ ...HERE, quirk: wild(seed) }), benched({ ...THERE, quirk: wild(2 * seed) })];
      const pair = pairOf(here, there);
      for (const [index, micro] of here.bench!.kernels.entries()) {
        const estimate = pair.estimate(micro, { work: micro, seconds: micro.median_s })!;
        expect(estimate.seconds / there.bench!.kernels[index]!.median_s).toBeCloseTo(1, 5);
        expect(estimate.beyond).toBe(0);
      }
    },
  );

  test("what a profile counts as operations and bytes of a kernel has no part in it: its sizes have", () => {
    const pair = pairOf(benched(HERE), benched(THERE));
    const work = describeNode(convolution(24, 28));
    const measured = { work, seconds: 1e-4 };
    const other = { ...work, flops: 3 * work.flops, bytes: work.bytes / 2 };
    expect(pair.estimate(other, { work: other, seconds: 1e-4 })).toEqual(pair.estimate(work, measured));
  });

  test.prop([sizes, fc.double({ min: 1, max: 10, noNaN: true })], { numRuns: 30 })(
    "a kernel that takes longer on the source never takes less on the target",
    ({ channels, side }, more) => {
      const pair = pairOf(benched({ ...HERE, quirk: wild(1) }), benched({ ...THERE, quirk: wild(2) }));
      const work = describeNode(convolution(channels, side));
      const seconds = secondsOn(HERE, work);
      const quick = pair.estimate(work, { work, seconds })!;
      const slow = pair.estimate(work, { work, seconds: seconds * more })!;
      expect(slow.seconds).toBeGreaterThanOrEqual(quick.seconds);
    },
  );

  test.prop([fc.integer({ min: 2, max: 6 })])("the farther beyond all micro-kernels, the wider", (octaves) => {
    const pair = pairOf(benched(HERE), benched(THERE));
    const at = (side: number) => {
      const work = describeNode(relu(64, side));
      return pair.estimate(work, { work, seconds: secondsOn(HERE, work) })!;
    };
    // The largest map of the micro-kernels is 56 on a side.
    const [inside, near, far] = [at(40), at(56 * 2 ** (octaves - 1)), at(56 * 2 ** octaves)];
    expect(inside.beyond).toBe(0);
    expect(far.beyond).toBeGreaterThan(near.beyond);
    expect(near.deviation).toBeGreaterThan(inside.deviation);
    expect(far.deviation).toBeGreaterThan(near.deviation);
  });

  test("the prediction says what is extrapolated, and its interval shows it", () => {
    const [here, there] = [benched(HERE), benched(THERE)];
    const far = transferByBench(profiled(HERE, [relu(64, 28), relu(64, 500)]), here, there);
    expect(far.transferred!.notes.join()).toMatch(/Relu is larger or smaller than all micro-kernels by a factor of/);
    const [known, unknown] = far.kernels.map(({ high_s, low_s }) => high_s / low_s) as [number, number];
    expect(unknown).toBeGreaterThan(2 * known);
    const inside = transferByBench(profiled(HERE, [relu(64, 28), relu(48, 20)]), here, there);
    expect(inside.transferred!.notes).toEqual([]);
  });

  test("a micro-kernel whose own time is hardly known says little of its neighbours", () => {
    const spoilt = (certain: boolean) => {
      const there = benched(THERE);
      const kernels = there.bench!.kernels.map((kernel) =>
        kernel.kind === "conv" && kernel.dims.in === 32 && kernel.dims.pixels === 784
          ? {
              ...kernel,
              median_s: 3 * kernel.median_s,
              low_s: (certain ? 3 : 1) * kernel.median_s,
              high_s: (certain ? 3 : 9) * kernel.median_s,
            }
          : kernel,
      );
      const work = describeNode(convolution(30, 28));
      const seconds = secondsOn(HERE, work);
      const found = pairOf(benched(HERE), { ...there, bench: { ...there.bench!, kernels } }).estimate(work, {
        work,
        seconds,
      })!;
      return Math.abs(Math.log(found.seconds / secondsOn(THERE, work)));
    };
    expect(spoilt(false)).toBeLessThan(spoilt(true));
  });

  test("a kernel that the target has not is what it executes instead", () => {
    const work: Work = {
      kind: "skiplayernorm",
      dims: { rows: 32, columns: 128 },
      dtype: "float32",
      flops: 1,
      bytes: 1,
    };
    const time = (seconds: number) => ({ median_s: seconds, low_s: seconds, high_s: seconds, samples: 9 });
    const sum = { elements: 4096, other: 4096, inner: 4096 };
    const there = benched(THERE);
    const base = { dtype: "float32", flops: 4096, bytes: 49152 } as const;
    const kernels = [
      ...there.bench!.kernels,
      { kind: "layernorm", op: "LayerNormalization", dims: { ...work.dims }, ...base, ...time(7e-6) },
      { kind: "binary:Add", op: "Add", dims: sum, ...base, ...time(2e-6) },
    ];
    const pair = pairOf(benched(HERE), { ...there, bench: { ...there.bench!, kernels } });
    expect(pair.estimate(work, { work, seconds: 5e-6 })!.seconds).toBeCloseTo(9e-6, 9);
  });

  test("an integer kernel's twin is the float kernel of its sizes, with an activation or without", () => {
    const device = benched(HERE);
    const floats = device.bench!.kernels.filter(({ kind }) => kind === "conv");
    // Integers take half the time; every other float kernel has an activation.
    const kernels = floats.flatMap((kernel, index) => {
      const { activation: _, ...dims } = kernel.dims;
      const half = kernel.median_s / 2;
      const own = { kind: "qconv", dims, dtype: "int8" as const, median_s: half, low_s: half, high_s: half };
      return [
        { ...kernel, dims: { ...kernel.dims, activation: index % 2 } },
        { ...kernel, ...own },
      ];
    });
    const bench = { ...device, bench: { ...device.bench!, kernels } };
    const pair = pairOf(bench, bench);
    for (const [index, target] of kernels.entries()) {
      const twin = kernels[index - 1];
      if (target.kind === "qconv")
        expect(pair.estimate(target, { work: twin!, seconds: twin!.median_s })!.seconds / target.median_s).toBeCloseTo(
          1,
          5,
        );
    }
  });

  test("a bench that does not say how wide maps are is refused", () => {
    const device = benched(HERE);
    const kernels = device.bench!.kernels.map((kernel) => {
      const { width: _, ...dims } = kernel.dims as Record<string, number>;
      return { ...kernel, dims };
    });
    expect(() => benchOf({ ...device, bench: { ...device.bench!, kernels } })).toThrow(/bench it again/);
  });
});
