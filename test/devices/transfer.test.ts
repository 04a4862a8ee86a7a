import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { predict, segmentSeconds } from "../../src/costmodel/index.ts";
import { transferByBench, transferByCatalogue } from "../../src/devices/index.ts";
import { Problem } from "../../src/formats/problem.ts";
import { profileSchema } from "../../src/formats/profile.ts";
import { benched, convolution, HERE, profiled, relu, secondsOn, describe as workOfNode } from "./machines.ts";
import { TOPOLOGY } from "./topology.ts";

/** Sizes that no micro-kernel has. */
const nodes = fc.array(
  fc.oneof(
    fc
      .record({ channels: fc.integer({ min: 8, max: 128 }), side: fc.integer({ min: 7, max: 56 }) })
      .map(({ channels, side }) => convolution(channels, side)),
    fc
      .record({ channels: fc.integer({ min: 8, max: 128 }), side: fc.integer({ min: 7, max: 56 }) })
      .map(({ channels, side }) => relu(channels, side)),
  ),
  { minLength: 2, maxLength: 8 },
);
const total = (profile: { kernels: readonly { median_s: number }[] }) =>
  profile.kernels.reduce((sum, { median_s }) => sum + median_s, 0);

describe("from bench to bench", () => {
  test.prop([nodes], { numRuns: 20 })("a device to itself changes nothing", (list) => {
    const quirk = (work: { flops: number }) => 1 + 0.3 * Math.sin(work.flops);
    const machine = { ...HERE, quirk };
    const profile = profiled(machine, list);
    const same = transferByBench(profile, benched(machine), benched(machine));
    same.kernels.forEach((kernel, index) => {
      const before = profile.kernels[index]!;
      expect(kernel.median_s).toBeCloseTo(before.median_s, 14);
      expect(kernel.high_s).toBeCloseTo(before.high_s, 14);
    });
    expect(same.run.request_base_s).toBe(profile.run.request_base_s);
    expect(same.codecs).toEqual(profile.codecs);
    expect(segmentSeconds(same, null, null).seconds).toBeCloseTo(segmentSeconds(profile, null, null).seconds, 12);
  });

  test.prop([nodes, fc.double({ min: 0.1, max: 20, noNaN: true })], { numRuns: 20 })(
    "a device that is so many times slower throughout is predicted as that",
    (list, factor) => {
      const slower = {
        ...HERE,
        name: "slower",
        flops_per_s: HERE.flops_per_s / factor,
        bytes_per_s: HERE.bytes_per_s / factor,
        overhead_s: HERE.overhead_s * factor,
      };
      const profile = profiled(HERE, list);
      const predicted = transferByBench(profile, benched(HERE), benched(slower));
      expect(total(predicted) / total(profile)).toBeCloseTo(factor, 6);
    },
  );

  test.prop(
    [
      nodes,
      fc.record({
        flops: fc.double({ min: 0.1, max: 4, noNaN: true }),
        bytes: fc.double({ min: 0.1, max: 4, noNaN: true }),
      }),
    ],
    { numRuns: 20 },
  )("a device of another balance is predicted from its micro-kernels, at sizes that it did not run", (list, ratio) => {
    const other = {
      ...HERE,
      name: "other",
      flops_per_s: HERE.flops_per_s * ratio.flops,
      bytes_per_s: HERE.bytes_per_s * ratio.bytes,
      overhead_s: 5e-6,
    };
    const predicted = transferByBench(profiled(HERE, list), benched(HERE), benched(other));
    const truth = list.reduce((sum, node) => sum + secondsOn(other, workOfNode(node)), 0);
    const whole = predicted.kernels.slice(0, predicted.whole_kernels).reduce((sum, { median_s }) => sum + median_s, 0);
    expect(Math.abs(whole / truth - 1)).toBeLessThan(0.1);
  });

  test("what a kernel keeps of its peculiarity is learnt from the micro-kernels", () => {
    // On both machines alike, times scatter with no pattern: what was measured on one says how for the other.
    const quirk = (work: { flops: number }) => 1.5 + Math.sin(work.flops);
    const here = { ...HERE, quirk };
    const there = { ...HERE, name: "there", flops_per_s: 3e10, quirk };
    const list = [convolution(24, 28), convolution(48, 28)];
    const predicted = transferByBench(profiled(here, list), benched(here), benched(there));
    list.forEach((node, index) => {
      const truth = secondsOn(there, workOfNode(node));
      expect(Math.abs(predicted.kernels[index]!.median_s / truth - 1)).toBeLessThan(0.1);
    });
  });

  test("the result is a profile: it parses, says where it is from, and predicts with a topology", () => {
    const there = { ...HERE, name: "there", flops_per_s: 3e10 };
    const predicted = transferByBench(
      profiled(HERE, [convolution(24, 28), relu(24, 28), convolution(24, 28, 1)]),
      benched(HERE),
      benched(there),
    );
    const parsed = profileSchema.parse(JSON.parse(JSON.stringify(predicted)));
    expect(parsed.transferred).toMatchObject({ from: "here", to: "there", method: "bench" });
    expect(parsed.host.id).toBe("there");
    expect(parsed.kernels.every(({ estimated }) => estimated)).toBe(true);
    const [best] = predict(parsed, TOPOLOGY);
    expect(best!.low_s).toBeLessThanOrEqual(best!.latency_s);
    expect(best!.latency_s).toBeLessThanOrEqual(best!.high_s);
  });

  test("refuses what does not belong together, and says what to do", () => {
    const profile = profiled(HERE, [convolution(24, 28), relu(24, 28)]);
    const here = benched(HERE);
    const { bench: _, ...unbenched } = here;
    const problem = (work: () => unknown) => expect(work).toThrow(Problem);
    problem(() => transferByBench(profile, here, unbenched));
    expect(() => transferByBench(profile, here, unbenched)).toThrow("tierwise device bench");
    problem(() => transferByBench(profile, benched({ ...HERE, name: "elsewhere" }), here));
    problem(() => transferByBench({ ...profile, settings: { ...profile.settings, threads: 2 } }, here, here));
    const moved = transferByBench(profile, here, here);
    expect(() => transferByBench(moved, here, here)).toThrow("was itself transferred");
    const shapeless = { ...profile, nodes: profile.nodes.map(({ shapes: _, ...node }) => node) };
    expect(() => transferByBench(shapeless, here, here)).toThrow("take it again");
  });
});

describe("from published figures", () => {
  const { bench: _, ...sheet } = benched({ ...HERE, name: "sheet" });
  const withPeak = (value: number) => ({
    ...sheet,
    peak_flops_per_s: { float32: { ...sheet.peak_flops_per_s.float32!, value } },
  });

  test.prop([nodes], { numRuns: 20 })("the same figures give the same times, and an interval around them", (list) => {
    const profile = profiled(HERE, list);
    const predicted = transferByCatalogue(profile, benched(HERE), sheet);
    predicted.kernels.forEach((kernel, index) => {
      expect(kernel.median_s).toBeCloseTo(profile.kernels[index]!.median_s, 14);
      expect(kernel.low_s).toBeLessThanOrEqual(kernel.median_s);
      expect(kernel.high_s).toBeGreaterThanOrEqual(kernel.median_s);
    });
    expect(predicted.transferred!.method).toBe("catalogue");
  });

  test.prop([nodes, fc.double({ min: 1e9, max: 1e13, noNaN: true }), fc.double({ min: 1, max: 50, noNaN: true })], {
    numRuns: 50,
  })("a higher peak rate never makes anything slower", (list, peak, more) => {
    const profile = profiled(HERE, list);
    const slow = transferByCatalogue(profile, benched(HERE), withPeak(peak));
    const fast = transferByCatalogue(profile, benched(HERE), withPeak(peak * more));
    fast.kernels.forEach((kernel, index) => {
      expect(kernel.median_s).toBeLessThanOrEqual(slow.kernels[index]!.median_s * (1 + 1e-12));
    });
  });

  test("an unknown figure is named, not made up", () => {
    const profile = profiled(HERE, [convolution(24, 28), relu(24, 28)]);
    const here = benched(HERE);
    const { memory_bandwidth_bytes_per_s: _, ...without } = sheet;
    expect(() => transferByCatalogue(profile, here, without)).toThrow("its memory bandwidth is unknown");
    expect(() => transferByCatalogue(profile, here, { ...sheet, peak_flops_per_s: {} })).toThrow(
      "its peak rate in float32 is unknown",
    );
    const { notes } = transferByCatalogue(profile, here, sheet).transferred!;
    expect(notes.join()).toContain("overhead of a kernel on sheet is unknown");
  });
});
