import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { meanWait } from "../../src/planner/workload.ts";
import { simulate } from "../../src/simulator/index.ts";

describe("the approximation of waits that ranks choices", () => {
  test("is exact for one server with fixed service (M/D/1, Pollaczek and Khinchine)", () => {
    for (const utilisation of [0.1, 0.5, 0.9]) {
      const exact = (utilisation * 0.02) / (2 * (1 - utilisation));
      expect(meanWait(0.02, utilisation / 0.02, { servers: 1, share: 1 })).toBeCloseTo(exact, 12);
    }
  });

  test.each([2, 4, 16])("is near what is simulated for %i servers", (servers) => {
    const rate = (0.8 * servers) / 0.02;
    const network = {
      stations: { tier: { servers } },
      classes: {
        all: {
          arrivals: { kind: "renewal" as const, gap: { kind: "exponential" as const, mean: 1 / rate } },
          route: [{ station: "tier", work: 0.02 }],
        },
      },
    };
    const { latency } = simulate(network, { seed: 3, requests: 400_000 });
    const waited = latency.mean.value - 0.02;
    expect(meanWait(0.02, rate, { servers, share: 1 }) / waited).toBeGreaterThan(0.8);
    expect(meanWait(0.02, rate, { servers, share: 1 }) / waited).toBeLessThan(1.25);
  });

  const service = fc.double({ min: 1e-4, max: 1, noNaN: true });
  test.prop([service, fc.double({ min: 0.01, max: 20, noNaN: true }), fc.integer({ min: 1, max: 8 })])(
    "grows with the rate, shrinks with servers, and has no end from full use on",
    (service_s, rate, servers) => {
      const wait = meanWait(service_s, rate, { servers, share: 1 });
      expect(meanWait(service_s, rate * 1.1, { servers, share: 1 })).toBeGreaterThanOrEqual(wait);
      expect(meanWait(service_s, rate, { servers: servers + 1, share: 1 })).toBeLessThanOrEqual(wait);
      expect(wait === Number.POSITIVE_INFINITY).toBe(rate * service_s >= servers);
      expect(meanWait(service_s, rate, { servers: Number.POSITIVE_INFINITY, share: 1 })).toBe(0);
    },
  );
});
