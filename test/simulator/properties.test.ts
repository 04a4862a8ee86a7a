import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { type ClassSpec, type Network, type Outcome, type Stay, simulate } from "../../src/simulator/index.ts";
import { anyNetwork, anyWork, plainChain, plainReturns, TANDEM } from "./networks.ts";

const seeds = fc.integer({ min: 0, max: 1e9 });
const close = (a: number, b: number) => expect(Math.abs(a - b)).toBeLessThanOrEqual(1e-8 * Math.max(1, Math.abs(a)));

/** Figures of a run that engines must agree on, whatever the order in which they add. */
function agree(a: Outcome, b: Outcome): void {
  close(a.simulated_s, b.simulated_s);
  close(a.latency.mean.value, b.latency.mean.value);
  close(a.latency.min, b.latency.min);
  close(a.latency.max, b.latency.max);
  expect(a.events === b.events || a.engine === "general" || b.engine === "general").toBe(true);
  for (const [name, { stops, completed }] of Object.entries(a.classes)) {
    expect(completed).toBe(b.classes[name]!.completed);
    for (const [i, stop] of stops.entries()) {
      close(stop.wait_s, b.classes[name]!.stops[i]!.wait_s);
      close(stop.service_s, b.classes[name]!.stops[i]!.service_s);
    }
  }
  for (const [name, { utilisation, mean_queue }] of Object.entries(a.stations)) {
    close(utilisation, b.stations[name]!.utilisation);
    close(mean_queue, b.stations[name]!.mean_queue);
  }
}

describe("the three engines", () => {
  test.prop([plainChain, seeds], { numRuns: 60 })("simulate the same requests", (network, seed) => {
    const [columnar, events, general] = (["columnar", "events", "general"] as const).map((engine) =>
      simulate(network, { seed, engine, requests: 3000 }),
    );
    agree(columnar!, events!);
    agree(events!, general!);
  });

  test.prop([plainReturns, seeds], { numRuns: 60 })(
    "simulate the same requests where they come again, and some go ahead",
    (network, seed) => {
      const [events, general] = (["events", "general"] as const).map((engine) =>
        simulate(network, { seed, engine, requests: 3000 }),
      );
      agree(events!, general!);
    },
  );

  test("agree on the tandem of the benchmark, bit for bit", () => {
    const [columnar, events, general] = (["columnar", "events", "general"] as const).map((engine) =>
      simulate(TANDEM, { engine, requests: 50_000 }),
    );
    expect(events!.latency.max).toBe(columnar!.latency.max);
    expect(general!.latency.percentiles).toEqual(columnar!.latency.percentiles);
    expect(events!.latency.percentiles).toEqual(columnar!.latency.percentiles);
  });

  test("two classes over common stations are the same in the two engines that know them", () => {
    const network: Network = {
      stations: TANDEM.stations,
      classes: {
        ...TANDEM.classes,
        other: {
          arrivals: {
            kind: "mmpp",
            states: [
              { rate: 30, mean_s: 1 },
              { rate: 2, mean_s: 3 },
            ],
          },
          route: [
            { station: "cloud", work: 0.05 },
            { station: "edge", work: { kind: "gamma", mean: 0.02, cv: 0.3 } },
            { station: "cloud", work: 0.01 },
          ],
        },
      },
    };
    agree(
      simulate(network, { engine: "events", requests: 20_000 }),
      simulate(network, { engine: "general", requests: 20_000 }),
    );
    expect(simulate(network, { requests: 1000 }).engine).toBe("events");
  });
});

describe("whatever the network", () => {
  test.prop([anyNetwork, seeds], { numRuns: 150 })(
    "requests are neither lost nor made, and none is served before it came",
    (network, seed) => {
      const stays: Stay[] = [];
      const outcome = simulate(network, { seed, requests: 400, record: (stay) => void stays.push(stay) });
      let total = 0;
      for (const { arrived, completed, rejected, timed_out } of Object.values(outcome.classes)) {
        expect(completed + rejected + timed_out).toBe(arrived);
        total += arrived;
      }
      expect(total).toBe(outcome.requests);
      for (const { entered_s, started_s, left_s } of stays) {
        expect(entered_s).toBeLessThanOrEqual(started_s);
        expect(started_s).toBeLessThanOrEqual(left_s);
      }
      for (const { utilisation, throttled_share, down_share } of Object.values(outcome.stations)) {
        for (const share of [utilisation, throttled_share, down_share]) {
          expect(share).toBeGreaterThanOrEqual(0);
          expect(share).toBeLessThanOrEqual(1 + 1e-9);
        }
      }
    },
  );

  test.prop([anyNetwork, seeds], { numRuns: 60 })("the order of declarations changes nothing", (network, seed) => {
    const turned: Network = {
      stations: Object.fromEntries(Object.entries(network.stations).reverse()),
      classes: Object.fromEntries(Object.entries(network.classes).reverse()),
    };
    const sorted = ({ stations, classes, ...rest }: Outcome) => ({
      ...rest,
      stations: Object.entries(stations).sort(([a], [b]) => (a < b ? -1 : 1)),
      classes: Object.entries(classes).sort(([a], [b]) => (a < b ? -1 : 1)),
    });
    expect(sorted(simulate(turned, { seed, requests: 300 }))).toEqual(
      sorted(simulate(network, { seed, requests: 300 })),
    );
  });

  test.prop([anyNetwork, seeds, fc.integer({ min: 1, max: 50 })], { numRuns: 60 })(
    "a run in parts is the run",
    (network, seed, stride) => {
      const whole = simulate(network, { seed, requests: 300 });
      // Looks at the intervals in between, and never finds them narrow enough.
      const parts = simulate(network, { seed, requests: stride, precision: 1e-12, most: 300 });
      const same = ({ precise: _, ...rest }: Outcome) => rest;
      if (parts.requests === whole.requests) expect(same(parts)).toEqual(same(whole));
    },
  );

  test.prop([anyNetwork, seeds], { numRuns: 40 })("Little's law holds at every station's queue", (network, seed) => {
    // Without ways to leave the queue but through service, and with all stays known.
    const patient: Network = {
      stations: Object.fromEntries(
        Object.entries(network.stations).map(([name, { queue_limit: _, ...station }]) => [name, station]),
      ),
      classes: Object.fromEntries(
        Object.entries(network.classes).map(([name, { timeout_s: _, ...spec }]): [string, ClassSpec] => [name, spec]),
      ),
    };
    const waits: Record<string, number> = {};
    const outcome = simulate(patient, {
      seed,
      requests: 300,
      record: ({ station, entered_s, started_s }) => {
        waits[station] = (waits[station] ?? 0) + started_s - entered_s;
      },
    });
    for (const [name, { mean_queue }] of Object.entries(outcome.stations)) {
      close(mean_queue * outcome.simulated_s, waits[name]!);
    }
  });
});

describe("with the same random numbers", () => {
  /** Mean time from coming to leaving, of all requests: what a run's first part is left out of is an estimate. */
  const meanTime = ({ classes }: Outcome) =>
    classes.c!.stops.reduce((sum, { wait_s, service_s }) => sum + wait_s + service_s, 0);

  const improve = (network: Network, change: (stop: number) => Partial<Network["stations"][string]>): Network => ({
    ...network,
    stations: Object.fromEntries(
      Object.entries(network.stations).map(([name, station], i) => [name, { ...station, ...change(i) }]),
    ),
  });

  test.prop([plainChain, seeds, fc.integer({ min: 0, max: 3 })], { numRuns: 100 })(
    "one more server never makes a first-come-first-served chain slower",
    (network, seed, where) => {
      const before = simulate(network, { seed, requests: 2000 });
      const servers = network.stations[`s${where}`]?.servers ?? 1;
      const after = simulate(
        improve(network, (i) => (i === where ? { servers: servers + 1 } : {})),
        { seed, requests: 2000 },
      );
      expect(meanTime(after)).toBeLessThanOrEqual(meanTime(before) * (1 + 1e-9));
      expect(after.simulated_s).toBeLessThanOrEqual(before.simulated_s * (1 + 1e-9));
    },
  );

  test.prop([plainChain, seeds, fc.integer({ min: 0, max: 3 }), fc.double({ min: 1, max: 10, noNaN: true })], {
    numRuns: 100,
  })("more bandwidth never makes it slower either", (network, seed, where, factor) => {
    const before = simulate(network, { seed, requests: 2000 });
    const after = simulate(
      improve(network, (i) => (i === where ? { rate: factor } : {})),
      { seed, requests: 2000 },
    );
    expect(meanTime(after)).toBeLessThanOrEqual(meanTime(before) * (1 + 1e-9));
  });
});

test.prop([fc.array(anyWork, { minLength: 1, maxLength: 4 }), seeds])(
  "a request that is alone takes the sum of its services and delays",
  (works, seed) => {
    const constants = works.map((work) => (typeof work === "number" ? work : 0.5));
    const outcome = simulate(
      {
        stations: Object.fromEntries(constants.map((_, i) => [`s${i}`, { rate: 2, servers: 3 }])),
        classes: {
          c: {
            // Long after one another.
            arrivals: { kind: "renewal", gap: 1000 },
            route: constants.map((work, i) => ({ station: `s${i}`, work, delay_s: 0.25 })),
          },
        },
      },
      { seed, requests: 50 },
    );
    const sum = constants.reduce((total, work) => total + work / 2 + 0.25, 0);
    for (const value of [outcome.latency.min, outcome.latency.max]) expect(value).toBeCloseTo(sum, 9);
  },
);
