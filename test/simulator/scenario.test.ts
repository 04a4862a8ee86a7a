import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { elapsedFromIdle, loadModel, predict } from "../../src/costmodel/index.ts";
import { parseScenario, type Scenario } from "../../src/formats/scenario.ts";
import { chromeTrace, compileScenario, type Stay, simulate } from "../../src/simulator/index.ts";
import { chain, profileOf } from "../costmodel/profiles.ts";
import { row, topologyOf } from "../costmodel/topologies.ts";

const scenarioOf = (document: object): Scenario =>
  parseScenario(JSON.stringify({ profiles: ["p.json"], topology: "t.yaml", ...document }), "test.yaml");

const PROFILE = profileOf({
  kernels: [0.02, 0.03, 0.01].map((median_s) => ({ median_s, spread_s: 0.001 })),
  cuts: [
    { elements: [10_000], boundary_s: 0.001 },
    { elements: [40_000], boundary_s: 0.002 },
  ],
  weight_bytes: 4e6,
  inputElements: 50_000,
  outputElements: 100,
  threads: 1,
  overhead_s: 0.001,
});
const MODEL = { model: loadModel(PROFILE), profiles: [PROFILE] };
const MODELS = [MODEL, MODEL];
const TOPOLOGY = topologyOf({
  devices: { phone: { speed: 0.5 } },
  tiers: [{ name: "phone", device: "phone" }, { name: "box" }],
  links: [{ from: "phone", to: "box", bandwidth: "10 Mbit/s", delay: "5 ms" }],
});
const one = { placement: "box", arrivals: { every: "100 s" } };

test("tiers of one host share its cores where requests meet, and a lone one does not notice", () => {
  const twoTiers = (host: object) =>
    topologyOf({
      ...("hosts" in host ? { hosts: { machine: { cores: 1 } } } : {}),
      tiers: ["phone", "box"].map((name) => ({ name, ...("hosts" in host ? { host: "machine" } : {}) })),
      links: [{ from: "phone", to: "box", bandwidth: "1 Gbit/s" }],
    });
  const meanOf = (topology: ReturnType<typeof topologyOf>, rate: number) => {
    const scenario = scenarioOf({ workload: [{ placement: "phone>box", cut: "/layer1/Conv", arrivals: { rate } }] });
    return simulate(compileScenario(scenario, topology, MODELS).network, { requests: 5000 }).latency.mean.value;
  };
  const [own, shared] = [twoTiers({}), twoTiers({ hosts: 1 })];
  expect(meanOf(shared, 0.001)).toBeCloseTo(meanOf(own, 0.001), 6);
  expect(meanOf(shared, 12)).toBeGreaterThan(1.3 * meanOf(own, 12));
});

describe("a request that is alone", () => {
  test.prop([chain, row(1), fc.constantFrom("a", "b", "c", "a>b", "a>c", "b>c", "a>b>c")], { numRuns: 100 })(
    "takes in the simulation what the closed form says, whatever the placement",
    (parts, document, placement) => {
      // A quota's mean over all phases is another test's.
      const topology = topologyOf({
        ...document,
        tiers: document.tiers.map(({ cpu_quota: _, memory: _m, ...tier }) => tier),
      });
      const profile = profileOf({ ...parts, threads: 1 });
      const model = loadModel(profile);
      fc.pre(profile.cuts.length >= placement.split(">").length - 1);
      const [best] = predict(model, topology, { placements: [placement] });
      const scenario = scenarioOf({ workload: [{ placement, arrivals: { every: "100000 s" } }] });
      const { network, classes } = compileScenario(scenario, topology, [{ model, profiles: [profile] }]);
      expect(classes[0]!.unloaded_s).toBe(best!.latency_s);
      const { latency } = simulate(network, { requests: 20 });
      for (const value of [latency.min, latency.max]) {
        expect(Math.abs(value - best!.latency_s)).toBeLessThanOrEqual(1e-9 + 1e-9 * best!.latency_s);
      }
    },
  );

  test("takes, under a quota, what the closed form says in the mean over the period's phases", () => {
    const topology = topologyOf({ tiers: [{ name: "box", cpu_quota: 0.3, cpu_period: "50 ms" }], links: [] });
    const scenario = scenarioOf({ workload: [{ placement: "box", arrivals: { every: "10.00123 s" } }] });
    const { network, classes } = compileScenario(scenario, topology, MODELS);
    const { latency } = simulate(network, { requests: 20_000 });
    expect(latency.mean.value).toBeCloseTo(classes[0]!.unloaded_s, 3);
    const total = classes[0]!.stops.flat().reduce((sum, { seconds }) => sum + seconds, 0);
    const { min, max } = elapsedFromIdle(total, total, { cores: 0.3, period_s: 0.05 });
    expect(latency.min).toBeGreaterThanOrEqual(min - 1e-9);
    expect(latency.max).toBeLessThanOrEqual(max + 1e-9);
  });
});

describe("a scenario's features reach the simulation", () => {
  const run = (document: object, requests = 4000) => {
    const { network } = compileScenario(scenarioOf(document), TOPOLOGY, MODELS);
    return simulate(network, { requests });
  };

  test("more users on one box wait for one another", () => {
    const users = (n: number) =>
      run({
        workload: [{ placement: "box", arrivals: { users: n, think: "1 s" } }],
        links: { "phone>box": { sharing: "fair" } },
      });
    expect(users(20).latency.mean.value).toBeGreaterThan(users(2).latency.mean.value);
  });

  test("both directions of a half-duplex radio share its airtime", () => {
    const radio = { sharing: "fair", medium: "wi-fi" };
    const outcome = run({ workload: [{ ...one }], links: { "phone>box": radio, "box>phone": radio } });
    expect(Object.keys(outcome.stations).filter((name) => /link|medium/.test(name))).toEqual(["medium:wi-fi"]);
    expect(outcome.latency.mean.value).toBeCloseTo(run({ workload: [one] }).latency.mean.value, 9);
  });

  test("a session that is kept is loaded once", () => {
    const outcome = run({ workload: [one], tiers: { box: { sessions: { places: 1 } } } }, 100);
    expect(outcome.stations["tier:box"]!.loads).toBe(1);
    expect(outcome.latency.max).toBeGreaterThan(outcome.latency.min);
  });

  test("times vary as the profile's samples do", () => {
    const noisy = {
      ...PROFILE,
      run: { ...PROFILE.run, request_samples_s: Array.from({ length: 50 }, (_, i) => 0.061 * (0.8 + i / 100)) },
    };
    const compile = (service: string) =>
      compileScenario(scenarioOf({ workload: [{ ...one, service }] }), TOPOLOGY, [
        { model: loadModel(noisy), profiles: [noisy] },
      ]).network;
    const fixed = simulate(compile("fixed"), { requests: 100 }).latency;
    expect(fixed.max).toBeCloseTo(fixed.min, 9);
    for (const service of ["lognormal", "resampled"]) {
      const { min, max } = simulate(compile(service), { requests: 2000 }).latency;
      expect(max - min).toBeGreaterThan(0.02);
    }
  });

  test("a trace of bandwidths takes the topology's place", () => {
    const slow = run({
      workload: [one],
      links: { "phone>box": { trace: [{ at: "0 s", bandwidth: "1 Mbit/s" }] } },
    });
    expect(slow.latency.mean.value).toBeGreaterThan(1);
  });

  test("an answer goes before the requests that wait where it is decoded", () => {
    const cut = { placement: "phone>box", cut: "/layer1/Conv", arrivals: { rate: 5 } };
    const { network } = compileScenario(scenarioOf({ workload: [cut] }), TOPOLOGY, MODELS);
    const { route } = network.classes["request-1"]!;
    expect(route.map(({ station, ahead = false }) => [station, ahead])).toEqual([
      ["tier:phone", false],
      ["link:phone>box", false],
      ["tier:box", false],
      ["link:box>phone", false],
      ["tier:phone", true],
    ]);
    const [first, , , , last] = simulate(network, { requests: 5000 }).classes["request-1"]!.stops;
    expect(last!.wait_s).toBeLessThan(first!.wait_s);
  });

  test("two classes, one of which comes first", () => {
    const outcome = run({
      workload: [
        { name: "urgent", placement: "phone", arrivals: { rate: 3 } },
        { name: "later", placement: "phone", arrivals: { rate: 3 }, priority: 1 },
      ],
      tiers: { phone: { discipline: "priority" } },
    });
    const wait = (name: string) => outcome.classes[name]!.stops.find(({ station }) => station === "tier:phone")!.wait_s;
    expect(wait("urgent")).toBeLessThan(wait("later"));
  });
});

test("a trace for Perfetto has a slice for each service and each wait", () => {
  const { network } = compileScenario(
    scenarioOf({ workload: [{ placement: "box", arrivals: { rate: 15 } }] }),
    TOPOLOGY,
    MODELS,
  );
  const stays: Stay[] = [];
  simulate(network, { requests: 50, record: (stay) => void stays.push(stay) });
  const { traceEvents } = JSON.parse(JSON.stringify(chromeTrace(stays)));
  const slices = traceEvents.filter((event: { ph: string }) => event.ph === "X");
  expect(slices.length).toBe(stays.length + stays.filter(({ entered_s, started_s }) => started_s > entered_s).length);
  for (const { dur, ts } of slices) {
    expect(dur).toBeGreaterThanOrEqual(0);
    expect(ts).toBeGreaterThanOrEqual(0);
  }
});

describe("mistakes are named", () => {
  const compile = (document: object) => () => compileScenario(scenarioOf(document), TOPOLOGY, MODELS);
  test.each<[string, object, RegExp]>([
    ["unknown tier", { workload: [one], tiers: { boks: {} } }, /unknown tier "boks".*box/],
    ["unknown link", { workload: [one], links: { "box>cloud": {} } }, /unknown link "box>cloud"/],
    ["unknown placement", { workload: [{ ...one, placement: "cloud" }] }, /unknown tier "cloud"/],
    ["unknown cut", { workload: [{ ...one, placement: "phone>box", cut: "nowhere" }] }, /cut "nowhere"/],
    ["no samples", { workload: [{ ...one, service: "resampled" }] }, /no samples to draw from/],
    [
      "two of a name",
      {
        workload: [
          { ...one, name: "a" },
          { ...one, name: "a" },
        ],
      },
      /two classes are called "a"/,
    ],
    [
      "a negative rate",
      { workload: [{ placement: "box", arrivals: { rate: -1 } }] },
      /test\.yaml: workload\[0\]\.arrivals/,
    ],
    ["no workload", { workload: [] }, /test\.yaml: workload/],
    ["an unknown field", { workload: [one], speed: 3 }, /unknown field "speed"/],
    [
      "batches, last come first",
      { workload: [one], tiers: { box: { discipline: "lifo", batch: { size: 2, wait: "1 ms", marginal: 0.5 } } } },
      /batches/,
    ],
  ])("%s", (_, document, says) => {
    expect(() => simulate(compile(document)().network, { requests: 1 })).toThrow(says);
  });
});
