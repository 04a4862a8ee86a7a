import fc from "fast-check";
import { expect, test } from "vitest";
import { outcomeOf, parseExpression, sensitivity, tornado } from "../../src/whatif/index.ts";
import { TILL, world } from "./worlds.ts";

const load = { seed: 1, requests: 1000 };
const LATENCY = parseExpression("latency_s", "--outcome");

test("more bandwidth and speed make it no slower, more delay no faster", () => {
  fc.assert(
    fc.property(world, (documents) => {
      const { bars, value } = tornado(documents, LATENCY, 0.2, load);
      expect(value).toBe(outcomeOf(documents).latency_s);
      for (const { path, at_low, at_high, swing } of bars) {
        if (/bandwidth$|speed$|cpu_quota$/.test(path)) expect(at_high).toBeLessThanOrEqual(at_low * (1 + 1e-12));
        if (/delay$/.test(path)) expect(at_high).toBeGreaterThanOrEqual(at_low);
        expect(swing).toBe(Math.abs(at_high - at_low));
      }
      expect(bars.map(({ swing }) => swing)).toEqual(bars.map(({ swing }) => swing).sort((a, b) => b - a));
    }),
    { numRuns: 30 },
  );
});

test("the widest bar of the shipped scenario is the radio's bandwidth", () => {
  const { bars } = tornado(TILL, LATENCY, 0.1, load);
  expect(bars[0]!.path).toBe("topology.links.mobile>edge.bandwidth");
  expect(bars.map(({ path }) => path)).toContain("profile");
  expect(bars.map(({ path }) => path)).not.toContain("topology.devices.cloud-server.speed");
});

test("shares of the variance are those of inputs that matter", () => {
  const range = (path: string, from: unknown, to: unknown) => ({ path, from, to });
  const { inputs } = sensitivity(
    TILL,
    LATENCY,
    [
      range("topology.links.mobile>edge.bandwidth", "50 Mbit/s", "200 Mbit/s"),
      range("topology.devices.edge-box.speed", 0.5, 1),
      range("topology.devices.cloud-server.speed", 1, 10),
    ],
    load,
    { samples: 1024 },
  );
  const [bandwidth, speed, elsewhere] = inputs;
  expect(bandwidth!.first.value).toBeGreaterThan(0.8);
  expect(speed!.total.value).toBeGreaterThan(0.01);
  expect(elsewhere!.total.value).toBe(0);
  // Transfers and inference are added: nothing interacts.
  expect(bandwidth!.first.value + speed!.first.value).toBeCloseTo(1, 1);
});
