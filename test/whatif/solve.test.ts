import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseYamlValue } from "../../src/formats/yaml.ts";
import { factsOf, fieldOf, numberField, parseGoal, rawAmount, setPath, solve } from "../../src/whatif/index.ts";
import { TILL, world } from "./worlds.ts";

const load = { seed: 1, requests: 4000 };
const BANDWIDTH = "topology.links.edge>cloud.bandwidth";
const holds = (documents: typeof TILL, path: string, value: unknown, condition: string) =>
  parseGoal(condition).holds(factsOf(setPath(documents, path, value), load));

test("the value meets the condition, and its neighbour does not", () => {
  fc.assert(
    fc.property(
      world,
      fc.constantFrom("topology.links.a>b.bandwidth", "topology.devices.device-b.speed"),
      fc.double({ min: 0.05, max: 0.95, noNaN: true }),
      (documents, path, share) => {
        const field = fieldOf(documents, path);
        const at = (amount: number) =>
          factsOf(setPath(documents, path, rawAmount(field, numberField(field)!.kind, amount)), load).outcome.latency_s;
        const [from, to] = [1e4, 1e8];
        const goal = at(to) + share * (at(from) - at(to));
        fc.pre(at(from) > goal * 1.001 && goal > at(to) * 1.001);
        const condition = `latency_s <= ${goal}`;
        const { value, text, crossings } = solve(documents, path, parseGoal(condition), { load, between: [from, to] });
        expect(crossings.map((crossing) => crossing.holds)).toEqual(["from"]);
        const amount = value as number;
        expect(at(amount)).toBeLessThanOrEqual(goal * (1 + 1e-12));
        expect(at(amount * (1 - 2e-9))).toBeGreaterThan(goal);
        // As it is written, it can be set.
        expect(holds(documents, path, parseYamlValue(text, "text"), condition)).toBe(true);
      },
    ),
    { numRuns: 50 },
  );
});

test("a bandwidth from which on the cloud is better than the edge", () => {
  const goal = 'latency("cloud") < latency("edge")';
  const solution = solve(TILL, BANDWIDTH, parseGoal(goal), { load });
  expect(solution.holds_now).toBe(false);
  expect(solution.crossings).toHaveLength(1);
  expect(holds(TILL, BANDWIDTH, solution.text, goal)).toBe(true);
  expect(holds(TILL, BANDWIDTH, (solution.value as number) * 0.999, goal)).toBe(false);
});

test("a condition that holds in between is found at both ends", () => {
  const { crossings, value } = solve(TILL, BANDWIDTH, parseGoal('latency("cloud") < 0.6 and latency("cloud") > 0.4'), {
    load,
  });
  expect(crossings.map((crossing) => crossing.holds)).toEqual(["from", "up to"]);
  expect(value).toBe(crossings[0]!.value);
});

test("whole numbers: the least number of servers, and one fewer will not do", () => {
  const busy = setPath(
    setPath(TILL, "workload.till.arrivals.rate", 20),
    "topology.links.mobile>edge.bandwidth",
    "2 Gbit/s",
  );
  const goal = "p95_s <= 0.25 and failed < 0.01";
  const { value } = solve(busy, "tiers.edge.servers", parseGoal(goal), { load });
  expect(Number.isInteger(value)).toBe(true);
  expect(holds(busy, "tiers.edge.servers", value, goal)).toBe(true);
  expect(holds(busy, "tiers.edge.servers", (value as number) - 1, goal)).toBe(false);
});

test("what is a choice is tried", () => {
  const { value, choices } = solve(TILL, "topology.tiers.edge.device", parseGoal("latency_s < 0.3"), { load });
  expect(value).toBe("cloud-server");
  expect(choices!.map((choice) => choice.holds)).toEqual([true, false, false, false]);
  expect(solve(TILL, "placement", parseGoal("latency_s < 0.36"), { load }).value).toBe("mobile>edge");
  expect(solve(TILL, "codec", parseGoal("bytes < 4e6"), { load }).value).toBe("float16");
});

describe("what cannot be is said, with what comes nearest", () => {
  const RADIO = "topology.links.mobile>edge.bandwidth";
  const refused = (path: string, condition: string, message: RegExp) =>
    expect(() => solve(TILL, path, parseGoal(condition), { load })).toThrow(
      expect.objectContaining({ name: "Problem", message: expect.stringMatching(message) }),
    );

  test.each([
    [BANDWIDTH, "latency_s < 0.1", "40 kbit/s"],
    [RADIO, "latency_s < 0.001", "120 Gbit/s"],
    ["placement", "latency_s < 0.1", "mobile>edge"],
  ])("%s until %s: nearest is %s, with what the scenario takes there", (path, condition, nearest) => {
    const { latency_s } = factsOf(setPath(TILL, path, nearest), load).outcome;
    refused(
      path,
      condition,
      new RegExp(`nearest: ${nearest} gives latency_s = ${Number(latency_s.toPrecision(4))}\\b`),
    );
  });

  test.each([
    [BANDWIDTH, "latency_s < 0.1", /holds for no .* from 40 kbit\/s to 40 Gbit\/s/],
    [RADIO, "latency_s < 0.3 and latency_s > 0.5", /nearest/],
    [RADIO, "latency < 0.1", /there is no 'latency'/],
    [RADIO, "latency_s +", /--until/],
    [RADIO, "latency_s + 1", /is no condition/],
    [RADIO, 'latency("clod") < 1', /did you mean "cloud"/],
    ["workload.till.arrivals.users", "p95_s < 0.01", /nearest/],
  ])("%s until %s", refused);

  test("a queue that grows without end has no percentile", () => {
    const busy = setPath(TILL, "workload.till.arrivals.rate", 30);
    expect(() => solve(busy, "tiers.edge.replicas", parseGoal("p95_s < 5"), { load })).toThrow(
      /p95_s = Infinity, as medium:wi-fi cannot do all the work/,
    );
  });
});
