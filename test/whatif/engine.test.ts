import fc from "fast-check";
import { expect, test } from "vitest";
import { axesOf, Engine, outcomeOf, samplingOf, setPath } from "../../src/whatif/index.ts";
import { TILL, world } from "./worlds.ts";

const range = (from: unknown, to: unknown, scale: "log" | "linear" = "log") => ({ from, to, scale }) as never;

/** Axes of which some are ranges, some lists of numbers, and some choices. */
const AXES = {
  "topology.links.a>b.bandwidth": range("100 kbit/s", "1 Gbit/s"),
  "topology.links.b>a.bandwidth": range("1 Mbit/s", "10 Mbit/s"),
  "topology.links.b>c.bandwidth": ["1 Mbit/s", 2e7, "300 kbit/s"],
  "topology.links.b>c.delay": range("1 ms", "200 ms"),
  "topology.links.a>b.burst": ["0 B", "200 kB", "1 s"],
  "topology.devices.device-b.speed": range(0.05, 20),
  "topology.tiers.a.device": ["device-a", "device-b", "host"],
  "topology.tiers.b.cpu_quota": [null, 0.2, 2],
  "topology.tiers.c.cpu_quota": range(0.1, 4, "linear"),
  "topology.tiers.c.cpu_period": range("10 ms", "100 ms", "linear"),
  "topology.tiers.b.memory": range("1 MB", "1 GB"),
  "topology.session": ["warm", "cold"],
  "topology.enters": ["a", "c"],
  placement: ["a", "b", "a>b", "a>b>c", "best"],
  codec: ["raw", "json", "best"],
  operator: ["identity", "sptq"],
};

test("the engine answers what the documents answer, to the last bit", () => {
  const paths = fc.subarray(Object.keys(AXES) as (keyof typeof AXES)[], { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(world, paths, fc.nat({ max: 2 ** 20 }), (documents, chosen, seed) => {
      // A chain of two kernels has one cut, too few for three tiers.
      const placement = AXES.placement.filter((name) => name !== "a>b>c");
      const axes = axesOf(
        documents,
        Object.fromEntries(chosen.map((path) => [path, path === "placement" ? placement : AXES[path]])),
        "sweep",
      );
      const engine = new Engine(documents, axes);
      const sampling = samplingOf(axes, { method: "latin-hypercube", n: 6, seed });
      const point = new Float64Array(axes.length);
      for (let i = 0; i < sampling.count; i++) {
        sampling.at(i, point);
        const fast = engine.evaluate(point)!;
        const slow = outcomeOf(
          axes.reduce(
            (at, { path, values, raw }, d) => setPath(at, path, values ? values[point[d]!] : raw(point[d]!)),
            documents,
          ),
        );
        const { placement, cut, codec, latency_s, compute_s, network_s, coding_s, load_s, bytes, feasible } = fast;
        expect({ placement, cut, codec, latency_s, compute_s, network_s, coding_s, load_s, bytes, feasible }).toEqual({
          placement: slow.placement,
          cut: slow.cut,
          codec: slow.codec,
          latency_s: slow.latency_s,
          compute_s: slow.compute_s,
          network_s: slow.network_s,
          coding_s: slow.coding_s,
          load_s: slow.load_s,
          bytes: slow.bytes,
          feasible: slow.feasible,
        });
      }
    }),
    { numRuns: 150 },
  );
});

test.each([
  ["workload.till.arrivals.rate", range(1, 10), "means nothing to a request that is alone"],
  ["tiers.edge.replicas", [1, 2], "means nothing to a request that is alone"],
  ["topology.devices.phone.price_per_hour", range(1, 2), "cannot be followed"],
  ["topology.tiers.edge.memory", range("1 s", "2 s"), "is not a size"],
  ["topology.links.mobile>edge.burst", range("1 kB", "2 s"), "different kinds"],
  ["topology.devices.phone.speed", [1, -1], "too small"],
  ["topology.session", range("a", "b"), "is no number"],
])("an axis that makes no sense is a Problem: %s", (path, axis, message) => {
  expect(() => new Engine(TILL, axesOf(TILL, { [path]: axis as never }, "sweep"))).toThrow(
    expect.objectContaining({ name: "Problem", message: expect.stringContaining(message) }),
  );
});
