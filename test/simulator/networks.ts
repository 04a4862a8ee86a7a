import fc from "fast-check";
import type { Distribution, Network, StationSpec } from "../../src/simulator/index.ts";

export const exponential = (mean: number): Distribution => ({ kind: "exponential", mean });

/** One station with Poisson arrivals. */
export function single(station: StationSpec, rate: number, work: Distribution): Network {
  return {
    stations: { s: station },
    classes: { c: { arrivals: { kind: "renewal", gap: exponential(1 / rate) }, route: [{ station: "s", work }] } },
  };
}

/** The tandem of the speed benchmark. */
export const TANDEM: Network = {
  stations: { mobile: {}, uplink: {}, edge: { servers: 4 }, backbone: {}, cloud: { servers: 16 } },
  classes: {
    request: {
      arrivals: { kind: "renewal", gap: exponential(0.01) },
      route: [
        { station: "mobile", work: exponential(0.008) },
        { station: "uplink", work: 0.005 },
        { station: "edge", work: exponential(0.032) },
        { station: "backbone", work: 0.006 },
        { station: "cloud", work: exponential(0.128) },
      ],
    },
  },
};

const time = fc.double({ min: 0.05, max: 2, noNaN: true });

export const anyWork: fc.Arbitrary<Distribution> = fc.oneof(
  time,
  time.map(exponential),
  time.map((low): Distribution => ({ kind: "uniform", low, high: 2 * low })),
  fc.record({ kind: fc.constant("lognormal" as const), mean: time, cv: time }),
  fc.record({ kind: fc.constant("gamma" as const), mean: time, cv: time }),
  fc.record({ kind: fc.constant("weibull" as const), mean: time, shape: fc.double({ min: 0.7, max: 3, noNaN: true }) }),
  fc.array(time, { minLength: 1, maxLength: 5 }).map((values): Distribution => ({ kind: "empirical", values })),
);

/** A chain of first-come-first-served stations, some with delays behind them, that the fast engines know. */
export const plainChain: fc.Arbitrary<Network> = fc
  .record({
    gap: anyWork,
    stops: fc.array(
      fc.record({
        servers: fc.constantFrom(1, 1, 2, 3, 7),
        work: anyWork,
        delay_s: fc.constantFrom(0, 0, 0.3),
      }),
      { minLength: 1, maxLength: 4 },
    ),
  })
  .map(({ gap, stops }) => ({
    stations: Object.fromEntries(stops.map(({ servers }, i) => [`s${i}`, { servers }])),
    classes: {
      c: {
        arrivals: { kind: "renewal" as const, gap },
        route: stops.map(({ work, delay_s }, i) => ({ station: `s${i}`, work, delay_s })),
      },
    },
  }));

/** Two classes that come to the same first-come-first-served stations again and again, with some visits that go ahead. */
export const plainReturns: fc.Arbitrary<Network> = fc
  .record({
    servers: fc.array(fc.constantFrom(1, 1, 2, 3), { minLength: 2, maxLength: 2 }),
    classes: fc.array(
      fc.record({
        gap: anyWork,
        route: fc.array(fc.record({ station: fc.constantFrom("s0", "s1"), work: anyWork, ahead: fc.boolean() }), {
          minLength: 1,
          maxLength: 4,
        }),
      }),
      { minLength: 2, maxLength: 2 },
    ),
  })
  .map(({ servers, classes }) => ({
    stations: Object.fromEntries(servers.map((count, i) => [`s${i}`, { servers: count }])),
    classes: Object.fromEntries(
      classes.map(({ gap, route }, i) => [`c${i}`, { arrivals: { kind: "renewal" as const, gap }, route }]),
    ),
  }));

const probability = fc.double({ min: 0.01, max: 0.5, noNaN: true });

/** A station with any of the things that a station can have. */
export const anyStation: fc.Arbitrary<StationSpec> = fc
  .record(
    {
      servers: fc.integer({ min: 1, max: 4 }),
      replicas: fc.integer({ min: 1, max: 3 }),
      balancer: fc.constantFrom("random", "round-robin", "shortest-queue", "two-choices"),
      discipline: fc.constantFrom("fifo", "lifo", "priority", "sharing"),
      queue_limit: fc.integer({ min: 0, max: 5 }),
      rate: fc.oneof(
        time,
        fc.array(fc.double({ min: 0, max: 3, noNaN: true }), { minLength: 1, maxLength: 4 }).map((rates) => ({
          steps: [...rates, 1].map((rate, i) => ({ at_s: 2 * i, rate })),
          repeat_s: 2 * rates.length + 3,
        })),
      ),
      burst: time,
      loss: fc.record({ probability, packet: time, round_s: time }),
      batch: fc.record({ size: fc.integer({ min: 1, max: 4 }), wait_s: time, marginal: probability }),
      quota: fc.record({ cores: fc.double({ min: 0.2, max: 3, noNaN: true }), period_s: time }),
      sessions: fc.record({ places: fc.integer({ min: 0, max: 2 }), keep_s: time }),
      failures: fc.record({ up: time.map((mean) => exponential(10 * mean)), down: time.map(exponential) }),
    },
    { requiredKeys: [] },
  )
  .map(({ batch, ...station }) =>
    batch && station.discipline !== "sharing" && station.discipline !== "lifo" ? { ...station, batch } : station,
  );

/** Two classes over up to three such stations. */
export const anyNetwork: fc.Arbitrary<Network> = fc
  .record({
    stations: fc.array(anyStation, { minLength: 1, maxLength: 3 }),
    classes: fc.array(
      fc.record(
        {
          gap: anyWork,
          population: fc.integer({ min: 1, max: 5 }),
          priority: fc.integer({ min: 0, max: 2 }),
          timeout_s: time,
          retries: fc.record({ most: fc.integer({ min: 0, max: 3 }), wait_s: time }),
          session: fc.constantFrom("a", "b"),
          cores: fc.constantFrom(1, 2),
          delay_s: time,
          ahead: fc.boolean(),
          works: fc.array(anyWork, { minLength: 3, maxLength: 3 }),
        },
        { requiredKeys: ["gap", "works"] },
      ),
      { minLength: 1, maxLength: 3 },
    ),
  })
  .map(({ stations, classes }) => ({
    stations: Object.fromEntries(stations.map((station, i) => [`s${i}`, station])),
    classes: Object.fromEntries(
      classes.map(({ gap, population, priority, timeout_s, retries, session, cores, delay_s, ahead, works }, i) => [
        `c${i}`,
        {
          arrivals:
            population === undefined
              ? { kind: "renewal" as const, gap }
              : { kind: "closed" as const, population, think: gap },
          route: stations.map((_, stop) => ({
            station: `s${stop}`,
            work: works[stop]!,
            ...(cores === undefined ? {} : { cores }),
            ...(delay_s === undefined ? {} : { delay_s }),
            ...(ahead === undefined ? {} : { ahead }),
            ...(session === undefined ? {} : { session: { name: session, load: works[0]! } }),
          })),
          ...(priority === undefined ? {} : { priority }),
          ...(timeout_s === undefined ? {} : { timeout_s }),
          ...(retries === undefined ? {} : { retries }),
        },
      ]),
    ),
  }));
