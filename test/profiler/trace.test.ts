import { describe, expect, test } from "vitest";
import type { TraceEvent } from "../../src/profiler/runtime.ts";
import { NO_TRACE_COST, readTrace } from "../../src/profiler/trace.ts";

const run = (ts: number, dur: number): TraceEvent => ({
  cat: "Session",
  name: "SequentialExecutor::Execute",
  ts,
  dur,
  args: {},
});
const kernel = (name: string, ts: number, dur: number, args = {}): TraceEvent => ({
  cat: "Node",
  name: `${name}_kernel_time`,
  ts,
  dur,
  args,
});

describe("a trace", () => {
  // The runtime writes a run's own event behind those of its kernels.
  const events = [
    kernel("a", 101, 10, { activation_size: "8", parameter_size: "100", output_size: "4" }),
    kernel("inner", 112, 3),
    kernel("loop", 112, 20),
    run(100, 40),
    kernel("a", 202, 12),
    kernel("loop", 215, 25),
    run(200, 50),
  ];

  test("gives each kernel's time in each run, what tracing costs taken off", () => {
    const { kernels, executor, bytes } = readTrace(events, ["a", "loop"], { kernel_s: 2e-6, input_s: 0 });
    expect([...kernels.keys()]).toEqual(["a", "loop"]);
    for (const [name, expected] of [
      ["a", [8e-6, 10e-6]],
      ["loop", [18e-6, 23e-6]],
    ] as const)
      kernels.get(name)!.forEach((value, index) => {
        expect(value).toBeCloseTo(expected[index]!, 12);
      });
    expect(executor.map((value) => Math.round(value * 1e6))).toEqual([40, 50]);
    expect(bytes.get("a")).toBe(112);
  });

  test("costs more for each tensor that a kernel reads", () => {
    const shapes = (count: number) => ({ input_type_shape: Array(count).fill({ float: [1, 8] }) });
    const both = [kernel("conv", 101, 10, shapes(3)), kernel("qconv", 112, 10, shapes(9)), run(100, 40)];
    const { kernels } = readTrace(both, ["conv", "qconv"], { kernel_s: 1e-6, input_s: 0.5e-6 });
    expect(kernels.get("conv")![0]).toBeCloseTo(7.5e-6, 12);
    expect(kernels.get("qconv")![0]).toBeCloseTo(4.5e-6, 12);
  });

  test("no kernel takes less than nothing", () => {
    expect(readTrace(events, ["a"], { kernel_s: 1, input_s: 0 }).kernels.get("a")).toEqual([0, 0]);
  });

  test("a kernel that runs twice in one run counts twice, one that does not run takes nothing", () => {
    const twice = [kernel("a", 1, 5), kernel("a", 8, 6), run(0, 20)];
    const { kernels } = readTrace(twice, ["a", "never"], NO_TRACE_COST);
    expect(kernels.get("a")![0]).toBeCloseTo(11e-6, 12);
    expect(kernels.get("never")).toEqual([0]);
  });
});
