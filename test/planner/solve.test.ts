import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import {
  atomGraph,
  chainCost,
  loadModel,
  PlacementCosts,
  parsePlacement,
  partitionModel,
  predict,
  worldOf,
} from "../../src/costmodel/index.ts";
import { planSchema } from "../../src/formats/plan.ts";
import type { Profile } from "../../src/formats/profile.ts";
import { parseScenario } from "../../src/formats/scenario.ts";
import type { Topology } from "../../src/formats/topology.ts";
import { type PlanQuestion, solve } from "../../src/planner/index.ts";
import { topologyOf } from "../costmodel/topologies.ts";
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

function questionOf(profile: Profile, topology: Topology, plan = {}): PlanQuestion {
  return {
    scenario: parseScenario(JSON.stringify({ topology: "none", plan: {} }), "test.yaml"),
    plan: planSchema.parse(plan),
    topology,
    variants: [{ operator: "identity", accuracy: undefined, model: loadModel(profile), profiles: [profile] }],
    models: [],
  };
}

/** Every lawful labelling of a profile's nodes with so many segments, none empty, no kernel cut through. */
function* partitions(profile: Profile, segments: number): Generator<number[]> {
  const { atomOf, nodes, flows } = atomGraph(profile)!;
  for (let code = 0; code < segments ** nodes; code++) {
    const atoms = Array.from({ length: nodes }, (_, atom) => Math.floor(code / segments ** atom) % segments);
    const lawful = flows.every(
      ({ producer, consumers }) => producer === null || consumers.every((atom) => atoms[atom]! >= atoms[producer]!),
    );
    if (lawful && new Set(atoms).size === segments) yield Array.from(atomOf, (atom) => atoms[atom]!);
  }
}

const followsOrder = (labels: readonly number[]) => labels.every((label, i) => i === 0 || label >= labels[i - 1]!);

/** The least latency of a placement by trying every partition, by the rule that closures.ts states. */
function bruteForce(profile: Profile, topology: Topology, placement: string): number {
  const model = loadModel(profile);
  const tiers = parsePlacement(topology, placement);
  const codec = topology.codec;
  const along = predict(model, topology, { placements: [placement], cuts: tiers.length > 1 ? "all" : "best" });
  const exact = along.map(({ latency_s }) => latency_s).reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  if (tiers.length === 1) return exact;
  const summed = (labels: readonly number[]) => {
    const of = partitionModel(model, [profile], { labels, segments: tiers.length })!;
    const costs = new PlacementCosts(worldOf(of, topology), tiers, codec, tiers.length);
    return chainCost(
      costs,
      Array.from({ length: tiers.length + 1 }, (_, i) => i),
    );
  };
  let ordered = Number.POSITIVE_INFINITY;
  let free = Number.POSITIVE_INFINITY;
  for (const labels of partitions(profile, tiers.length)) {
    const cost = summed(labels);
    if (followsOrder(labels)) ordered = Math.min(ordered, cost);
    else free = Math.min(free, cost);
  }
  if (free >= ordered * (1 - 1e-9)) return exact;
  // What boundary kernels take is seen at the best cuts along the order that go through no kernel.
  const { atomOf } = atomGraph(profile)!;
  const references = along.flatMap(({ cut, latency_s }) => {
    const positions = positionsOf(profile, cut!);
    const labels = profile.nodes.map((_, node) => positions.filter((position) => position <= node).length);
    const whole = labels.every((label, node) => label === labels[atomOf.indexOf(atomOf[node]!)]);
    return whole ? [{ labels, latency_s }] : [];
  });
  const [reference] = references.sort((x, y) => x.latency_s - y.latency_s);
  return Math.min(exact, free + (reference ? reference.latency_s - summed(reference.labels) : 0));
}

function positionsOf({ cuts }: Profile, id: string): number[] {
  return id.split(">").map((one) => cuts.find((cut) => cut.id === one)!.position);
}

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
    expect(best!.model.cuts).toEqual(["/layer0/Conv & /layer2/Conv"]);
    const [along] = solve(questionOf(BRANCHES, topology, { placements: ["a>b"] }), { anyOrder: false }).choices;
    expect(best!.cost).toBeLessThan(along!.cost);
  });

  test("need edges, and a search without them says that it is not exact", () => {
    const { edges: _, ...older } = BRANCHES;
    const { exact, closures } = solve(questionOf(older, topology));
    expect({ exact, closures }).toEqual({ exact: false, closures: 0 });
  });
});
