import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import type { Cut } from "../../src/onnx/index.ts";
import { chooseAnchors } from "../../src/profiler/anchors.ts";

const cutsOf = (steps: number): Cut[] =>
  Array.from({ length: steps - 1 }, (_, i) => ({ id: `n${i}`, position: i + 1, tensors: ["t"] }));
const work = fc.array(fc.double({ min: 0.1, max: 10, noNaN: true }), { minLength: 2, maxLength: 60 });

describe("anchors are chosen", () => {
  test.prop([work])("where the shares of work are, each once, in order", (costs) => {
    const anchors = chooseAnchors(cutsOf(costs.length), [], costs, 0);
    expect(anchors.length).toBe(Math.min(5, costs.length - 1));
    expect(new Set(anchors).size).toBe(anchors.length);
    expect(anchors.map(({ position }) => position)).toEqual(
      anchors.map(({ position }) => position).sort((a, b) => a - b),
    );
  });

  test("of equal steps at 5, 20, 50, 80 and 95 per cent", () => {
    const anchors = chooseAnchors(cutsOf(100), [], new Array(100).fill(1), 0);
    expect(anchors.map(({ position }) => position)).toEqual([5, 20, 50, 80, 95]);
  });

  test("beside the cuts that are asked for, as long as there are others", () => {
    const cuts = cutsOf(100);
    const asked = cuts.filter((_, i) => i % 2 === 0);
    for (const anchor of chooseAnchors(cuts, asked, new Array(100).fill(1), 0)) expect(asked).not.toContain(anchor);
    expect(chooseAnchors(cuts, cuts, new Array(100).fill(1), 0)).toHaveLength(5);
  });

  test("fewer for a model of many weights", () => {
    expect(chooseAnchors(cutsOf(100), [], new Array(100).fill(1), 1e9)).toHaveLength(2);
  });
});
