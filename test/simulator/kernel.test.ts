import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { Kernel } from "../../src/simulator/index.ts";

const event = fc.record({
  at: fc.integer({ min: 0, max: 20 }),
  priority: fc.integer({ min: -1, max: 1 }),
  cancelled: fc.boolean(),
});

describe("the kernel", () => {
  test.prop([fc.array(event, { maxLength: 200 })])("executes by time, then priority, then scheduling", (events) => {
    const kernel = new Kernel();
    const order: number[] = [];
    const handles = events.map(({ at, priority }, i) => kernel.schedule(at, (j: number) => order.push(j), i, priority));
    for (const [i, { cancelled }] of events.entries()) if (cancelled) kernel.cancel(handles[i]!);
    const kept = events.map((one, i) => ({ ...one, i })).filter(({ cancelled }) => !cancelled);
    expect(kernel.pending).toBe(kept.length);
    kernel.run();
    expect(order).toEqual(kept.sort((a, b) => a.at - b.at || a.priority - b.priority || a.i - b.i).map(({ i }) => i));
    expect(kernel.events).toBe(kept.length);
  });

  test.prop([fc.array(fc.integer({ min: 0, max: 50 }), { minLength: 1, maxLength: 300 })])(
    "keeps its order while most of what was scheduled is cancelled",
    (times) => {
      const kernel = new Kernel();
      const seen: number[] = [];
      for (let round = 0; round < 20; round++) {
        const handles = times.map((at) => kernel.schedule(kernel.now + at + 1, (time: number) => seen.push(time), at));
        for (const handle of handles.slice(1)) kernel.cancel(handle);
      }
      const handle = kernel.schedule(kernel.now + 1000, () => seen.push(-1), undefined);
      kernel.run(60);
      expect(seen).toEqual(new Array(20).fill(times[0]));
      kernel.cancel(handle);
      kernel.cancel(handle);
      kernel.run();
      expect(kernel.pending).toBe(0);
      expect(seen).toHaveLength(20);
    },
  );

  test("a handle of the past cancels nothing that came after it", () => {
    const kernel = new Kernel();
    const seen: string[] = [];
    const past = kernel.schedule(1, () => seen.push("past"), undefined);
    kernel.run();
    kernel.schedule(2, () => seen.push("present"), undefined);
    kernel.cancel(past);
    kernel.run();
    expect(seen).toEqual(["past", "present"]);
  });

  test("runs up to a time, and on from there", () => {
    const kernel = new Kernel();
    const seen: number[] = [];
    for (const at of [1, 2, 3]) kernel.schedule(at, (time: number) => seen.push(time), at);
    kernel.run(2);
    expect([seen, kernel.now]).toEqual([[1, 2], 2]);
    kernel.run(2.5);
    expect([seen, kernel.now]).toEqual([[1, 2], 2.5]);
    kernel.run();
    expect(seen).toEqual([1, 2, 3]);
  });

  test("nothing happens in the past, and never is never", () => {
    const kernel = new Kernel();
    kernel.schedule(5, () => {}, undefined);
    kernel.schedule(Number.POSITIVE_INFINITY, () => expect.unreachable(), undefined);
    kernel.run();
    expect(kernel.now).toBe(5);
    expect(() => kernel.schedule(4, () => {}, undefined)).toThrow("before the present");
    expect(() => kernel.schedule(Number.NaN, () => {}, undefined)).toThrow("before the present");
  });
});
