import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { solve } from "../../src/planner/index.ts";
import { topologyOf } from "../costmodel/topologies.ts";
import { bruteForce, questionOf } from "./bruteforce.ts";
import { dagProfile, randomDag } from "./dagprofiles.ts";

const rate = fc.constantFrom("1 Mbit/s", "10 Mbit/s", "100 Mbit/s", "1 Gbit/s");
const speed = fc.constantFrom(0.2, 1, 5, 20);
const rows = fc.tuple(speed, speed, speed, rate, rate).map(([a, b, c, near, far]) =>
  topologyOf({
    devices: { a: { speed: a }, b: { speed: b }, c: { speed: c } },
    tiers: ["a", "b", "c"].map((name) => ({ name, device: name })),
    links: [
      { from: "a", to: "b", bandwidth: near, delay: "1 ms" },
      { from: "b", to: "c", bandwidth: far, delay: "3 ms" },
    ],
  }),
);

describe("the best choice", () => {
  test.prop([randomDag, rows], { numRuns: 300 })(
    "is what trying every partition of every placement finds",
    (dag, topology) => {
      const profile = dagProfile(dag);
      const { choices, exact } = solve(questionOf(profile, topology));
      const placements = ["a", "b", "c", "a>b", "b>c", "a>c", "a>b>c"].filter(
        (placement) => placement.split(">").length - 1 <= profile.cuts.length,
      );
      const least = Math.min(...placements.map((placement) => bruteForce(profile, topology, placement)));
      expect(choices[0]!.cost).toBeCloseTo(least, 9);
      expect(exact).toBe(true);
    },
  );
});

/**
 * Two branches from a large input that meet at the end. Each begins with something cheap that makes little of it; the first goes on
 * with something dear that makes much. The best head is both beginnings, and the second stands in the order after all of the first.
 */
const BRANCHES = dagProfile({
  nodes: [
    { seconds: 0.001, reads: [-1], elements: 10, fused: false },
    { seconds: 0.05, reads: [0], elements: 200_000, fused: false },
    { seconds: 0.001, reads: [-1], elements: 100, fused: false },
    { seconds: 0.05, reads: [1, 2], elements: 10, fused: false },
  ],
  boundary_s: [0, 0, 0],
  inputElements: 50_000,
});

describe("cuts along other orders", () => {
  const topology = topologyOf({
    devices: { slow: { speed: 1 }, fast: { speed: 50 } },
    tiers: [
      { name: "a", device: "slow" },
      { name: "b", device: "fast" },
    ],
    links: [{ from: "a", to: "b", bandwidth: "1 Mbit/s" }],
  });

  test("are found where they send less than every cut along the profile's", () => {
    const { choices, closures } = solve(questionOf(BRANCHES, topology, { placements: ["a>b"] }));
    const [best] = choices;
    expect(closures).toBe(1);
    expect(best!.labels && [...best!.labels]).toEqual([0, 1, 0, 1]);
    expect(best!.model.cuts).toEqual(["only /layer0/Conv & /layer2/Conv"]);
    const [along] = solve(questionOf(BRANCHES, topology, { placements: ["a>b"] }), { anyOrder: false }).choices;
    expect(best!.cost).toBeLessThan(along!.cost);
  });

  test("are not taken where they sustain less than asked", () => {
    // The second beginning takes a little longer than sending the input, and next to nothing on the other tier.
    const dear = dagProfile({
      nodes: [
        { seconds: 0.001, reads: [-1], elements: 10, fused: false },
        { seconds: 0.05, reads: [0], elements: 200_000, fused: false },
        { seconds: 1.61, reads: [-1], elements: 100, fused: false },
        { seconds: 0.05, reads: [1, 2], elements: 10, fused: false },
      ],
      boundary_s: [0, 0, 0],
      inputElements: 50_000,
    });
    const best = (plan: object) => solve(questionOf(dear, topology, { placements: ["a>b"], ...plan })).choices[0]!;
    const { figures, labels } = best({});
    expect(labels && [...labels]).toEqual([0, 1, 0, 1]);
    const least = figures.throughput! * 1.002;
    const other = best({ constraints: { throughput_at_least: least } });
    expect(other.figures.throughput).toBeGreaterThanOrEqual(least);
  });

  test("need edges, and a search without them says that it is not exact", () => {
    const { edges: _, ...older } = BRANCHES;
    const { exact, closures } = solve(questionOf(older, topology));
    expect({ exact, closures }).toEqual({ exact: false, closures: 0 });
  });
});
