import { fc, test } from "@fast-check/vitest";
import { expect } from "vitest";
import { between, scattered, stepped } from "../../src/profiler/scatter.ts";

test.prop([fc.integer({ min: 2, max: 8 })])("any number of points fills every part of each axis", (parts) => {
  const points = Array.from({ length: 20 * parts }, (_, index) => scattered(index + 1));
  for (let axis = 0; axis < 5; axis++)
    for (let part = 0; part < parts; part++)
      expect(points.some((point) => Math.floor(point[axis]! * parts) === part)).toBe(true);
});

test.prop([fc.double({ min: 0, max: 1, noNaN: true })])("sizes lie between their ends", (share) => {
  expect(between(3, 640, share)).toBeGreaterThanOrEqual(3);
  expect(between(3, 640, share)).toBeLessThanOrEqual(640);
});

test("some numbers of channels fill vectors, some do not", () => {
  const rests = new Set(Array.from({ length: 24 }, (_, index) => stepped(37, index) % 16));
  expect(rests.has(0)).toBe(true);
  expect(rests.size).toBeGreaterThan(2);
  expect(stepped(37, 0)).toBe(37);
});
