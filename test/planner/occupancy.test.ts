import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { cutId, predict } from "../../src/costmodel/index.ts";
import { parseScenario, type Scenario } from "../../src/formats/scenario.ts";
import type { Topology } from "../../src/formats/topology.ts";
import { type PlanQuestion, solve } from "../../src/planner/index.ts";
import { compileScenario, offeredHostLoad, offeredLoad, simulate } from "../../src/simulator/index.ts";
import { topologyOf } from "../costmodel/topologies.ts";
import { questionOf } from "./bruteforce.ts";
import { dagProfile, randomDag } from "./dagprofiles.ts";

const PLACEMENTS = ["a", "b", "c", "a>b", "b>c", "a>c", "a>b>c"];

const speed = fc.constantFrom(0.5, 1, 5);
const bandwidth = fc.constantFrom("1 Mbit/s", "10 Mbit/s", "100 Mbit/s");
const some = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined });
const tier = (name: string) =>
  fc
    .record({ speed, quota: some(fc.constantFrom(0.3, 0.8)), host: some(fc.constant("box")) })
    .map(({ speed: of, quota, host }) => ({
      device: { speed: of },
      tier: { name, device: name, ...(quota ? { cpu_quota: quota } : {}), ...(host ? { host } : {}) },
    }));
const topologies = fc
  .record({
    tiers: fc.tuple(tier("a"), tier("b"), tier("c")),
    links: fc.tuple(bandwidth, bandwidth),
    cores: fc.constantFrom(1, 2),
    session: fc.constantFrom("warm" as const, "cold" as const),
  })
  .map(({ tiers, links, cores, session }) =>
    topologyOf({
      session,
      devices: Object.fromEntries(tiers.map(({ tier: { name }, device }) => [name, device])),
      hosts: { box: { cores } },
      tiers: tiers.map((one) => one.tier),
      links: [
        { from: "a", to: "b", bandwidth: links[0] },
        { from: "b", to: "c", bandwidth: links[1] },
      ],
    }),
  );

const tierSettings = fc.record(
  {
    servers: fc.constantFrom(1, 2, "unlimited" as const),
    replicas: fc.constantFrom(1, 3),
    batch: fc.constant({ size: 4, wait: "1 ms", marginal: 0.5 }),
    failures: fc.constant({ every: "10 s", repair: "2 s" }),
  },
  { requiredKeys: [] },
);
const linkSettings = fc.oneof(
  fc.constant({}),
  fc.constant({ "a>b": { medium: "air" }, "b>a": { medium: "air" } }),
  fc.constant({ "b>c": { loss: 0.2 } }),
);
const scenarios = fc
  .record({ tiers: fc.record({ a: tierSettings, b: tierSettings }, { requiredKeys: [] }), links: linkSettings })
  .map((own) => parseScenario(JSON.stringify({ topology: "none", plan: {}, ...own }), "test.yaml"));

/** What the simulator says that one request a second asks of the busiest of stations and hosts. */
function mostOffered(
  { scenario, topology, variants }: PlanQuestion,
  choice: { placement: string; cut: string | undefined },
): number {
  const workload = { ...choice, cut: choice.cut ?? "best", arrivals: { rate: 1 }, service: "fixed", priority: 0 };
  const { network } = compileScenario({ ...scenario, workload: [workload] } as Scenario, topology, [variants[0]!]);
  return Math.max(...Object.values(offeredLoad(network)), ...Object.values(offeredHostLoad(network)));
}

describe("the throughput of a choice", () => {
  test.prop([randomDag, topologies, scenarios], { numRuns: 200 })(
    "is the rate at which the simulator's busiest station or host is offered all that it can do",
    (dag, topology, scenario) => {
      const question = { ...questionOf(dagProfile(dag), topology), scenario };
      for (const { candidate, model, boundaries, figures } of solve(question, { anyOrder: false }).choices) {
        const choice = { placement: candidate.placement, cut: cutId(model, boundaries) ?? undefined };
        expect(mostOffered(question, choice)).toBeCloseTo(figures.throughput === null ? 0 : 1 / figures.throughput, 9);
      }
    },
  );

  test.prop([randomDag, topologies, scenarios], { numRuns: 200 })(
    "is the highest of all cuts where that is asked for, and as high as asked where it is a limit",
    (dag, topology, scenario) => {
      const profile = dagProfile(dag);
      const question = { ...questionOf(profile, topology, { objective: "throughput" }), scenario };
      const { choices } = solve(question);
      for (const placement of PLACEMENTS.filter((one) => one.split(">").length - 1 <= profile.cuts.length)) {
        const found = choices.find(({ candidate }) => candidate.placement === placement);
        const cuts = placement.includes(">") ? "all" : "best";
        const all = predict(question.variants[0]!.model, topology, { placements: [placement], cuts });
        const least = all.map(({ cut }) => mostOffered(question, { placement, cut: cut ?? undefined }));
        if (found) expect(found.cost).toBeCloseTo(Math.min(...least), 7);
        else expect(least).toEqual([]);
      }
      const highest = choices[0]!.figures.throughput;
      if (highest === null) return;
      const sustained = (rate: number) =>
        solve({ ...questionOf(profile, topology, { constraints: { throughput_at_least: rate } }), scenario }).choices;
      for (const { figures } of sustained(highest * 0.9))
        expect(figures.throughput ?? Number.POSITIVE_INFINITY).toBeGreaterThanOrEqual(highest * 0.9 * (1 - 1e-9));
      expect(sustained(highest * 0.9).length).toBeGreaterThan(0);
      expect(sustained(highest * 1.1)).toEqual([]);
    },
  );

  test("on one core for two tiers is what the simulator's answers come at", () => {
    const topology: Topology = topologyOf({
      devices: { a: { speed: 1 } },
      hosts: { box: { cores: 1 } },
      tiers: ["a", "b"].map((name) => ({ name, device: "a", host: "box" })),
      links: [{ from: "a", to: "b", bandwidth: "1 Gbit/s" }],
    });
    const profile = dagProfile({
      nodes: [0.02, 0.03, 0.05].map((seconds, i) => ({ seconds, reads: [i - 1], elements: 100, fused: false })),
      boundary_s: [0, 0],
      inputElements: 100,
    });
    const question = questionOf(profile, topology, { placements: ["a>b"], objective: "throughput" });
    const [best] = solve(question).choices;
    expect(best!.figures.limited_by).toBe("host:box");
    const at = (rate: number) => {
      const workload = { placement: "a>b", cut: "best", arrivals: { rate }, service: "fixed", priority: 0 };
      const scenario = { ...question.scenario, workload: [workload] } as Scenario;
      return simulate(compileScenario(scenario, topology, [question.variants[0]!]).network, { requests: 20_000 });
    };
    const { throughput } = best!.figures;
    expect(at(throughput! * 0.95).overloaded).toEqual([]);
    const asked = at(throughput! * 1.2);
    expect(asked.overloaded).toContain("host:box");
    expect(asked.throughput / throughput!).toBeCloseTo(1, 1);
  });
});
