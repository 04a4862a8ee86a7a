import { fc, test } from "@fast-check/vitest";
import { expect } from "vitest";
import { paretoFront } from "../../src/planner/index.ts";

const point = fc.tuple(fc.nat(6), fc.nat(6), fc.nat(6));
const dominates = (a: readonly number[], b: readonly number[]) =>
  a.every((value, i) => value <= b[i]!) && a.some((value, i) => value < b[i]!);

test.prop([fc.array(point, { maxLength: 20 })])("a front holds what nothing dominates, each point once", (points) => {
  const front = paretoFront(points, (own) => own);
  const undominated = points.filter((own) => !points.some((other) => dominates(other, own)));
  expect(new Set(front.map(String))).toEqual(new Set(undominated.map(String)));
  expect(new Set(front.map(String)).size).toBe(front.length);
  expect(front.map(([first]) => first)).toEqual(front.map(([first]) => first).toSorted((a, b) => a! - b!));
});
