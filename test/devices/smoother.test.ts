import { fc, test } from "@fast-check/vitest";
import { expect } from "vitest";
import { Places, Smoother } from "../../src/devices/smoother.ts";

const SHAPE = { reach: 3, noise: 0.01 };
const points = fc
  .array(fc.record({ x: fc.integer({ min: 0, max: 12 }), y: fc.double({ min: -3, max: 3, noNaN: true }) }), {
    minLength: 4,
    maxLength: 12,
  })
  .map((list) => [...new Map(list.map((point) => [point.x, point])).values()])
  .filter((list) => list.length > 3)
  .map((list) => ({ x: list.map(({ x }) => [x]), y: list.map(({ y }) => y) }));

test.prop([points, fc.double({ min: -5, max: 5, noNaN: true })])(
  "a shift of all values shifts every answer",
  (given, shift) => {
    const shifted = fitted({ x: given.x, y: given.y.map((value) => value + shift) });
    expect(shifted.at([5.5]).value).toBeCloseTo(fitted(given).at([5.5]).value + shift, 9);
  },
);

test.prop([points])("the variance is least at a point and most far from all", (given) => {
  const smoother = fitted(given);
  expect(smoother.at(given.x[0]!).variance).toBeLessThanOrEqual(smoother.at([200]).variance + 1e-12);
});

test.prop([points])("far from all points it says their mean", (given) => {
  const mean = given.y.reduce((sum, value) => sum + value, 0) / given.y.length;
  expect(fitted(given).at([1000]).value).toBeCloseTo(mean, 9);
});

test.prop([points])("the error at a point is that of a fit without it, around the same mean", (given) => {
  const smoother = fitted(given);
  const mean = given.y.reduce((sum, value) => sum + value, 0) / given.y.length;
  // A point at infinity holds the mean where it was.
  const others = given.y.slice(1);
  const without = fitted({
    x: [...given.x.slice(1), [1e6]],
    y: [...others, mean * given.y.length - sum(others)],
  });
  expect(smoother.errors[0]).toBeCloseTo(given.y[0]! - without.at(given.x[0]!).value, 6);
});

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function fitted({ x, y }: { x: readonly number[][]; y: readonly number[] }): Smoother {
  return new Smoother(new Places(x, SHAPE), y);
}
