import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  amountOf,
  fieldOf,
  knownPaths,
  numberField,
  outcomeOf,
  parseWorld,
  rawAmount,
  read,
  setPath,
} from "../../src/whatif/index.ts";
import { TILL, world } from "./worlds.ts";

const bandwidths = (documents: typeof TILL) =>
  Object.fromEntries(
    parseWorld(documents).topology.links.map(({ from, to, bandwidth_bps }) => [`${from}>${to}`, bandwidth_bps]),
  );

test("every path that is listed leads to a field", () => {
  const paths = knownPaths(TILL).map(({ path }) => path);
  expect(paths).toContain("topology.links.mobile>edge.bandwidth");
  expect(paths).toContain("tiers.cloud.replicas");
  expect(paths).toContain("workload.till.arrivals.users");
  for (const path of paths) expect(fieldOf(TILL, path).path).toBe(path);
  expect(new Set(paths).size).toBe(paths.length);
});

test("what is set is what is read, and nothing else changes", () => {
  const numbers = knownPaths(TILL).filter((field) => numberField(field));
  fc.assert(
    fc.property(fc.constantFrom(...numbers), fc.double({ min: 0.01, max: 0.99, noNaN: true }), (field, share) => {
      const { integer, kind } = numberField(field)!;
      const amount = integer ? Math.ceil(share * 100) : share;
      const changed = setPath(TILL, field.path, rawAmount(field, kind, amount));
      expect(amountOf(field, read(changed, field))).toBe(amount);
      const untouched = field.document === "topology" ? "scenario" : "topology";
      expect(changed[untouched]).toBe(TILL[untouched]);
    }),
  );
});

test("null takes a field out", () => {
  const limited = setPath(TILL, "topology.tiers.edge.cpu_quota", 0.5);
  expect(setPath(limited, "topology.tiers.edge.cpu_quota", null).topology).toEqual(TILL.topology);
});

describe("links", () => {
  test("have both directions, of which one may differ", () => {
    const both = setPath(TILL, "topology.links.mobile>edge.bandwidth", "8 Mbit/s");
    expect(bandwidths(both)).toMatchObject({ "mobile>edge": 8e6, "edge>mobile": 8e6 });
    const back = setPath(TILL, "topology.links.edge>mobile.bandwidth", "8 Mbit/s");
    expect(bandwidths(back)).toMatchObject({ "mobile>edge": 120e6, "edge>mobile": 8e6 });
    expect(read(TILL, fieldOf(TILL, "topology.links.edge>mobile.bandwidth"))).toBe("120 Mbit/s");
  });
});

test("setting a rate where there are users makes them arrivals at that rate", () => {
  const { scenario } = parseWorld(setPath(TILL, "workload.till.arrivals.rate", 30));
  expect(scenario.workload[0]!.arrivals).toEqual({ rate: 30 });
  expect(scenario.workload[1]!.arrivals).toEqual({ rate: 1.5 });
});

test("short names are those of the class that is looked at", () => {
  const other = { ...TILL, classIndex: 1 };
  const { scenario } = parseWorld(setPath(other, "placement", "mobile"));
  expect(scenario.workload.map(({ placement }) => placement)).toEqual(["edge", "mobile"]);
});

test("an operator chooses its variant's profiles", () => {
  fc.assert(
    fc.property(world, (documents) => {
      expect(outcomeOf(documents).operator).toBe("identity");
      const changed = outcomeOf(setPath(documents, "operator", "sptq"));
      expect(changed.operator).toBe("sptq");
      expect(changed.compute_s).toBeLessThanOrEqual(outcomeOf(documents).latency_s);
    }),
    { numRuns: 20 },
  );
});

describe("mistakes are answered with the field's own words", () => {
  test.each([
    ["topology.links.mobile>egde.bandwidth", 1, 'did you mean "topology.links.mobile>edge.bandwidth"'],
    ["workload.til.cut", "best", 'did you mean "workload.till.cut"'],
    ["topology.tiers.edge.memory", "20 Mbit/s", "'20 Mbit/s' is not a size; write e.g. 4 GiB"],
    ["topology.links.mobile>edge.bandwidth", 0, "must be above zero"],
    ["tiers.edge.servers", 1.5, "tiers.edge.servers"],
    ["topology.tiers.edge.device", "edge-bx", 'did you mean "edge-box"'],
    ["operator", "sptq", "lists no variants"],
    ["requests", -1, "requests"],
    ["profiles", "x", "unknown path"],
  ])("%s=%s", (path, value, message) => {
    expect(() => outcomeOf(setPath(TILL, path, value))).toThrow(
      expect.objectContaining({ name: "Problem", message: expect.stringContaining(message) }),
    );
  });
});
