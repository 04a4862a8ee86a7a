import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { fitLoad, fitRequest } from "../../src/profiler/fits.ts";
import { normal, uniform } from "../fixtures/random.ts";

const seconds = (max: number) => fc.double({ min: 0, max, noNaN: true });
/** Segments of many sizes. */
function segments(seed: number, count: number) {
  const random = uniform(seed);
  return Array.from({ length: count }, () => ({
    kernels: 1 + Math.floor(random() * 120),
    bytes: Math.floor(random() * 4e6),
    kernels_s: 1e-3 + random() * 20e-3,
  }));
}
/** Close relative to the share it has in the values. */
const near = (found: number, planted: number, unit: number) => Math.abs(found - planted) * unit;

describe("the request model", () => {
  test.prop([fc.nat(), seconds(5e-4), seconds(1e-5), seconds(1e-9)])(
    "planted coefficients are found",
    (seed, base, perKernel, perByte) => {
      const fit = fitRequest(
        segments(seed, 40).map(({ kernels, bytes, kernels_s }) => ({
          kernels,
          outputBytes: bytes,
          kernels_s,
          request_s: kernels_s + base + perKernel * kernels + perByte * bytes,
        })),
      );
      expect(near(fit.request_base_s, base, 1)).toBeLessThan(1e-8);
      expect(near(fit.request_per_kernel_s, perKernel, 120)).toBeLessThan(1e-8);
      expect(near(fit.request_per_byte_s, perByte, 4e6)).toBeLessThan(1e-8);
    },
  );

  test.prop([fc.nat()])("no coefficient is below zero, whatever the noise", (seed) => {
    const random = normal(seed);
    const fit = fitRequest(
      segments(seed, 12).map(({ kernels, bytes, kernels_s }) => ({
        kernels,
        outputBytes: bytes,
        kernels_s,
        request_s: Math.max(1e-6, kernels_s * (1 + 0.3 * random())),
      })),
    );
    for (const value of Object.values(fit)) expect(value).toBeGreaterThanOrEqual(0);
  });

  test("requests no longer than their kernels cost nothing beside them", () => {
    const points = segments(1, 10).map((s) => ({ ...s, outputBytes: s.bytes, request_s: s.kernels_s * 0.9 }));
    expect(fitRequest(points)).toEqual({ request_base_s: 0, request_per_kernel_s: 0, request_per_byte_s: 0 });
  });

  test.prop([fc.nat()])("long segments count for more than windows whose bytes cost otherwise", (seed) => {
    const points = segments(seed, 20).flatMap(({ kernels, bytes, kernels_s }) =>
      [false, true].map((window) => ({
        window,
        kernels,
        outputBytes: bytes,
        kernels_s,
        request_s: kernels_s + (window ? 3e-10 : 1e-10) * bytes,
      })),
    );
    expect(fitRequest(points).request_per_byte_s).toBeLessThan(1.5e-10);
  });

  test("a single segment of few output bytes says nothing of megabytes", () => {
    const fit = fitRequest([{ request_s: 53e-3, kernels_s: 48e-3, kernels: 303, outputBytes: 40 }]);
    const of = (kernels: number, bytes: number) =>
      fit.request_base_s + kernels * fit.request_per_kernel_s + bytes * fit.request_per_byte_s;
    expect(of(303, 40)).toBeCloseTo(5e-3, 6);
    expect(of(200, 4e6)).toBeLessThan(6e-3);
  });

  test("a single segment can be fitted: the model meets it", () => {
    const fit = fitRequest([{ request_s: 5e-3, kernels_s: 4e-3, kernels: 10, outputBytes: 1000 }]);
    const predicted = fit.request_base_s + 10 * fit.request_per_kernel_s + 1000 * fit.request_per_byte_s;
    expect(predicted).toBeCloseTo(1e-3, 9);
  });

  test("segments without output bytes are no trouble", () => {
    const points = segments(2, 10).map((s) => ({ ...s, outputBytes: 0, request_s: s.kernels_s + 1e-4 }));
    const fit = fitRequest(points);
    expect(fit.request_base_s).toBeCloseTo(1e-4, 8);
    expect(fit.request_per_byte_s).toBe(0);
  });
});

describe("the load model", () => {
  test.prop([fc.nat(), seconds(1e-2), seconds(1e-3), seconds(2e-9)])(
    "planted coefficients are found",
    (seed, base, perKernel, perByte) => {
      const fit = fitLoad(
        segments(seed, 40).map(({ kernels, bytes }) => ({
          kernels,
          weightBytes: bytes,
          load_s: 1e-3 + base + perKernel * kernels + perByte * bytes,
        })),
      );
      expect(near(fit.base_s, base + 1e-3, 1)).toBeLessThan(1e-7);
      expect(near(fit.per_kernel_s, perKernel, 120)).toBeLessThan(1e-7);
      expect(near(fit.per_weight_byte_s, perByte, 4e6)).toBeLessThan(1e-7);
    },
  );

  test("noise of a few per cent moves the planted coefficients by a few per cent", () => {
    const random = normal(3);
    const fit = fitLoad(
      segments(3, 200).map(({ kernels, bytes }) => ({
        kernels,
        weightBytes: bytes,
        load_s: (5e-3 + 2e-4 * kernels + 1e-9 * bytes) * (1 + 0.03 * random()),
      })),
    );
    expect(fit.per_kernel_s / 2e-4).toBeGreaterThan(0.95);
    expect(fit.per_kernel_s / 2e-4).toBeLessThan(1.05);
    expect(fit.per_weight_byte_s / 1e-9).toBeGreaterThan(0.8);
    expect(fit.per_weight_byte_s / 1e-9).toBeLessThan(1.2);
  });
});

describe("session creation that was repeated for the whole", () => {
  test.prop([fc.nat(), fc.double({ min: 1e-3, max: 1, noNaN: true })])("is met by the model", (seed, load_s) => {
    const random = uniform(seed);
    const points = segments(seed, 12).map(({ kernels, bytes }) => ({
      kernels,
      weightBytes: bytes,
      load_s: (1e-3 + 1e-9 * bytes) * (0.5 + random()),
    }));
    const whole = { load_s, kernels: 120, weightBytes: 4e6 };
    const fit = fitLoad(points, whole);
    expect(fit.base_s + 120 * fit.per_kernel_s + 4e6 * fit.per_weight_byte_s).toBeCloseTo(load_s, 9);
  });
});
