import { describe, expect, test } from "vitest";
import { elapsedFromIdle } from "../../src/costmodel/index.ts";
import {
  type Distribution,
  type Network,
  type Outcome,
  offeredLoad,
  type SimulateOptions,
  type StationSpec,
  simulate,
  squaredVariation,
} from "../../src/simulator/index.ts";
import { exponential, single, TANDEM } from "./networks.ts";

const SEEDS = 50;

/**
 * Simulates with many seeds and asks that the mean latency's 99 % interval holds the truth in at least 98 % of them,
 * less what 50 seeds may miss by chance: of 50 intervals that each hold it with 98 %, 46 do with a probability above
 * 99.6 %.
 */
function holds(
  network: Network,
  truth: number,
  options: SimulateOptions = {},
  of = (o: Outcome) => o.latency.mean,
): void {
  let held = 0;
  for (let seed = 1; seed <= SEEDS; seed++) {
    const { low, high } = of(simulate(network, { requests: 40_000, confidence: 0.99, seed, ...options }));
    if (low <= truth && truth <= high) held++;
  }
  expect(held).toBeGreaterThanOrEqual(46);
}

/** Probability that all c servers are busy (Erlang C), and that a system without queue is full (Erlang B). */
function erlangB(servers: number, load: number): number {
  let blocking = 1;
  for (let c = 1; c <= servers; c++) blocking = (load * blocking) / (c + load * blocking);
  return blocking;
}

function erlangC(servers: number, load: number): number {
  const blocking = erlangB(servers, load);
  return blocking / (1 - (load / servers) * (1 - blocking));
}

/** Mean time in M/M/c. */
const mmc = (rate: number, mean: number, servers: number) =>
  mean + (erlangC(servers, rate * mean) * mean) / (servers - rate * mean);

/** Mean time in M/G/1 (Pollaczek and Khinchine). */
const mg1 = (rate: number, mean: number, squaredCv: number) =>
  mean + (rate * mean ** 2 * (1 + squaredCv)) / (2 * (1 - rate * mean));

describe.each(["columnar", "events", "general"] as const)("theory, by the engine %s", (engine) => {
  const plain = (station: StationSpec, rate: number, work: Distribution, truth: number) =>
    holds(single(station, rate, work), truth, { engine });

  test("M/M/1", () => plain({}, 0.7, exponential(1), 1 / (1 - 0.7)));
  test("M/M/4", () => plain({ servers: 4 }, 3, exponential(1), mmc(3, 1, 4)));
  test("M/D/1", () => plain({}, 0.7, 1, mg1(0.7, 1, 0)));
  test.each<Distribution>([
    { kind: "uniform", low: 0.2, high: 1.8 },
    { kind: "gamma", mean: 1, cv: 0.6 },
    { kind: "lognormal", mean: 1, cv: 0.8 },
    { kind: "weibull", mean: 1, shape: 1.4 },
    { kind: "empirical", values: [0.5, 0.5, 2] },
  ])("M/G/1 with $kind services", (work) => plain({}, 0.6, work, mg1(0.6, 1, squaredVariation(work))));

  test("a tandem of Jackson's: each station as if it were alone", () => {
    const network: Network = {
      stations: { a: {}, b: { servers: 2 }, c: {} },
      classes: {
        c: {
          arrivals: { kind: "renewal", gap: exponential(1 / 0.6) },
          route: ["a", "b", "c"].map((station) => ({
            station,
            work: exponential(1),
            delay_s: station === "c" ? 0.5 : 0,
          })),
        },
      },
    };
    holds(network, mmc(0.6, 1, 1) + mmc(0.6, 1, 2) + mmc(0.6, 1, 1) + 0.5, { engine });
  });

  test("the benchmark's tandem takes what another program says", () => {
    // 20 replications of 500,000 by another program: 252.5 ± 0.5 ms.
    const { latency } = simulate(TANDEM, { requests: 400_000, engine });
    expect(latency.mean.value).toBeGreaterThan(0.2485);
    expect(latency.mean.value).toBeLessThan(0.2565);
  });
});

describe("theory", () => {
  test("M/M/1 with processor sharing takes as long as first come, first served", () =>
    holds(single({ discipline: "sharing" }, 0.7, exponential(1)), 1 / (1 - 0.7)));

  test("M/G/1 with processor sharing does not mind how services vary", () =>
    holds(single({ discipline: "sharing" }, 0.6, { kind: "gamma", mean: 1, cv: 1.5 }), 1 / (1 - 0.6)));

  test("M/M/1 served last come, first: the same mean", () =>
    holds(single({ discipline: "lifo" }, 0.7, exponential(1)), 1 / (1 - 0.7)));

  test("M/M/1/K", () => {
    const [rho, k] = [0.9, 5];
    const weights = Array.from({ length: k + 1 }, (_, n) => rho ** n);
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    const present = weights.reduce((sum, weight, n) => sum + n * weight, 0) / total;
    const accepted = rho * (1 - weights[k]! / total);
    const network = single({ queue_limit: k - 1 }, rho, exponential(1));
    holds(network, present / accepted);
    const { classes } = simulate(network, { requests: 400_000 });
    expect(classes.c!.rejected / classes.c!.arrived).toBeCloseTo(weights[k]! / total, 2);
  });

  test("Erlang's loss: M/M/c without places to wait", () => {
    const { classes } = simulate(single({ servers: 3, queue_limit: 0 }, 2.5, exponential(1)), { requests: 400_000 });
    expect(classes.c!.rejected / classes.c!.arrived).toBeCloseTo(erlangB(3, 2.5), 2);
  });

  test("two priorities without pre-emption (Cobham)", () => {
    const network: Network = {
      stations: { s: { discipline: "priority" } },
      classes: Object.fromEntries(
        [0.3, 0.4].map((rate, priority) => [
          `p${priority}`,
          {
            arrivals: { kind: "renewal" as const, gap: exponential(1 / rate) },
            route: [{ station: "s", work: exponential(1) }],
            priority,
          },
        ]),
      ),
    };
    const residual = 0.7;
    holds(network, 1 + residual / (1 - 0.3), {}, (o) => o.classes.p0!.latency.mean);
    holds(network, 1 + residual / ((1 - 0.3) * (1 - 0.7)), {}, (o) => o.classes.p1!.latency.mean);
  });

  test.each(["events", "general"] as const)(
    "visits that go ahead are Cobham's first priority, by the engine %s",
    (engine) => {
      const network: Network = {
        stations: { s: {} },
        classes: Object.fromEntries(
          [0.3, 0.4].map((rate, i) => [
            `c${i}`,
            {
              arrivals: { kind: "renewal" as const, gap: exponential(1 / rate) },
              route: [{ station: "s", work: exponential(1), ahead: i === 0 }],
            },
          ]),
        ),
      };
      const residual = 0.7;
      holds(network, 1 + residual / (1 - 0.3), { engine }, (o) => o.classes.c0!.latency.mean);
      holds(network, 1 + residual / ((1 - 0.3) * (1 - 0.7)), { engine }, (o) => o.classes.c1!.latency.mean);
    },
  );

  test("a closed network, by mean value analysis (Reiser and Lavenberg)", () => {
    const [users, think, demands] = [6, 3, [1, 0.6]];
    const queues = demands.map(() => 0);
    let response = 0;
    for (let n = 1; n <= users; n++) {
      const times = demands.map((demand, i) => demand * (1 + queues[i]!));
      response = times.reduce((sum, time) => sum + time, 0);
      const throughput = n / (think + response);
      for (const i of demands.keys()) queues[i] = throughput * times[i]!;
    }
    const network: Network = {
      stations: { a: {}, b: {} },
      classes: {
        c: {
          arrivals: { kind: "closed", population: users, think: exponential(think) },
          route: [
            { station: "a", work: exponential(demands[0]!) },
            { station: "b", work: exponential(demands[1]!) },
          ],
        },
      },
    };
    holds(network, response);
  });

  test("M/M/1 that breaks down, against its Markov chain", () => {
    const [rate, service, fails, repairs] = [0.6, 1, 0.05, 0.5];
    // What goes up from n requests to n + 1 comes down again, and what breaks down at n is repaired there or goes up.
    let up = 1;
    let down = fails / (rate + repairs);
    let total = 0;
    let present = 0;
    for (let n = 0; n < 2000; n++) {
      total += up + down;
      present += n * (up + down);
      up = (rate * (up + down)) / service;
      down = (rate * down + fails * up) / (rate + repairs);
    }
    const network = single(
      { failures: { up: exponential(1 / fails), down: exponential(1 / repairs) } },
      rate,
      exponential(1),
    );
    holds(network, present / total / rate, { requests: 80_000 });
  });

  test("a token bucket of CPU time on an idle tier takes what the closed form says", () => {
    // One request at a time, far apart: 0.33 s of work at half a core in periods of 0.1 s.
    const quota = { cores: 0.5, period_s: 0.1 };
    const network: Network = {
      stations: { s: { quota } },
      classes: { c: { arrivals: { kind: "renewal", gap: 10.0123 }, route: [{ station: "s", work: 0.33 }] } },
    };
    const { latency } = simulate(network, { requests: 20_000 });
    // From each phase of the period: 0.05 s of it used, the rest waited for; in the mean 0.33 + ½·(0.33 − 0.05 + 0.05·5.5).
    const { mean, min, max } = elapsedFromIdle(0.33, 0.33, quota);
    expect(mean).toBeCloseTo(0.33 + 0.5 * (0.33 - 0.05 + 0.05 * 5.5), 12);
    expect(latency.mean.value).toBeCloseTo(mean, 3);
    expect(latency.min).toBeGreaterThanOrEqual(min - 1e-9);
    expect(latency.max).toBeLessThanOrEqual(max + 1e-9);
  });

  test("a link's token bucket passes its burst at once, and fills again at the link's rate", () => {
    const link: StationSpec = { rate: 1e6, burst: 4e5 };
    const every = (gap: number) =>
      simulate(
        {
          stations: { s: link },
          classes: { c: { arrivals: { kind: "renewal", gap }, route: [{ station: "s", work: 5e5, delay_s: 0.01 }] } },
        },
        { requests: 100 },
      ).latency;
    expect(every(10).max).toBeCloseTo(0.1 + 0.01, 9);
    // 0.6 s apart: what is left of each gap fills the bucket by 0.2 … until it settles.
    const { max } = every(0.6);
    expect(max).toBeCloseTo(0.1 + 0.01, 9);
    expect(every(0.5).max).toBeGreaterThan(0.1);
  });

  test("packets that are lost are sent again: the mean of a link's work grows by p / (1 − p)", () => {
    const outcome = simulate(
      {
        stations: { s: { rate: 1e6, loss: { probability: 0.1, packet: 1e4, round_s: 0 } } },
        classes: { c: { arrivals: { kind: "renewal", gap: 100 }, route: [{ station: "s", work: 1e6 }] } },
      },
      { requests: 20_000 },
    );
    expect(outcome.latency.mean.value).toBeCloseTo(1 + 0.1 / 0.9, 2);
  });

  test("batches: a full batch of four takes its marginal share longer", () => {
    const outcome = simulate(
      {
        stations: { s: { batch: { size: 4, wait_s: 10, marginal: 0.25 } } },
        classes: { c: { arrivals: { kind: "trace", times_s: [1, 2, 3, 4] }, route: [{ station: "s", work: 1 }] } },
      },
      { requests: 4 },
    );
    // They wait for the fourth, then take 1 + 3 · 0.25.
    expect(outcome.latency.max).toBeCloseTo(3 + 1.75, 12);
    expect(outcome.latency.min).toBeCloseTo(1.75, 12);
  });

  test("what goes ahead is served alone and at once, whatever is waited for, and needs no place", () => {
    const network: Network = {
      stations: { s: { batch: { size: 4, wait_s: 2.5, marginal: 1 }, queue_limit: 1 } },
      classes: {
        batched: { arrivals: { kind: "trace", times_s: [0, 10] }, route: [{ station: "s", work: 1 }] },
        ahead: {
          arrivals: { kind: "trace", times_s: [1, 3, 3, 3] },
          route: [{ station: "s", work: 0.25, ahead: true }],
        },
      },
    };
    const lefts: number[] = [];
    const { classes } = simulate(network, {
      requests: 6,
      record: ({ class: name, left_s }) => void (name === "ahead" && lefts.push(left_s)),
    });
    expect(lefts).toEqual([1.25, 3.75, 4, 4.25]);
    expect(classes.ahead!.completed).toBe(4);
    expect(
      offeredLoad({
        ...network,
        classes: { ahead: { ...network.classes.ahead!, arrivals: { kind: "renewal", gap: 1 } } },
      }),
    ).toEqual({ s: 0.25 });
  });

  test("a batch that does not fill starts when its first has waited long enough", () => {
    const outcome = simulate(
      {
        stations: { s: { batch: { size: 4, wait_s: 2.5, marginal: 1 } } },
        classes: { c: { arrivals: { kind: "trace", times_s: [1, 3] }, route: [{ station: "s", work: 1 }] } },
      },
      { requests: 2 },
    );
    expect(outcome.latency.max).toBeCloseTo(2.5 + 2, 12);
  });

  test("a session is loaded at its first use, and again after it had to make room", () => {
    const visit = (name: string) => ({ station: "s", work: 1, session: { name, load: 5 } });
    const outcome = (places: number) =>
      simulate(
        {
          stations: { s: { sessions: { places } } },
          classes: {
            a: { arrivals: { kind: "trace", times_s: [0, 20] }, route: [visit("a")] },
            b: { arrivals: { kind: "trace", times_s: [10] }, route: [visit("b")] },
          },
        },
        { requests: 3 },
      );
    expect(outcome(2).stations.s!.loads).toBe(2);
    expect(outcome(1).stations.s!.loads).toBe(3);
    expect(outcome(2).latency.min).toBeCloseTo(1, 12);
    expect(outcome(1).latency.min).toBeCloseTo(6, 12);
  });

  test("of two flows that share a link each has half of it while both last", () => {
    const outcome = simulate(
      {
        stations: { s: { discipline: "sharing", rate: 10 } },
        classes: {
          small: { arrivals: { kind: "trace", times_s: [0] }, route: [{ station: "s", work: 10 }] },
          large: { arrivals: { kind: "trace", times_s: [0] }, route: [{ station: "s", work: 30 }] },
        },
      },
      { requests: 2 },
    );
    expect(outcome.classes.small!.latency.max).toBeCloseTo(2, 12);
    expect(outcome.classes.large!.latency.max).toBeCloseTo(4, 12);
  });

  test("a transfer goes on through the steps of its link's bandwidth", () => {
    const outcome = simulate(
      {
        stations: {
          s: {
            rate: {
              steps: [
                { at_s: 0, rate: 1 },
                { at_s: 2, rate: 0 },
                { at_s: 3, rate: 4 },
              ],
              repeat_s: 5,
            },
          },
        },
        classes: { c: { arrivals: { kind: "trace", times_s: [1, 6] }, route: [{ station: "s", work: 5 }] } },
      },
      { requests: 2 },
    );
    // The first: 1 unit until 2, none until 3, 4 more until 4. The second begins a cycle later.
    expect(outcome.latency.min).toBeCloseTo(3, 12);
    expect(outcome.latency.max).toBeCloseTo(3, 12);
  });

  test("a request is given up, tries again, and counts from its first coming", () => {
    const outcome = simulate(
      {
        stations: { s: {} },
        classes: {
          slow: { arrivals: { kind: "trace", times_s: [0] }, route: [{ station: "s", work: 10 }] },
          quick: {
            arrivals: { kind: "trace", times_s: [1] },
            route: [{ station: "s", work: 1 }],
            timeout_s: 4,
            retries: { most: 1, wait_s: 3 },
          },
        },
      },
      { requests: 2 },
    );
    // It comes at 1, gives up at 5, comes again at 8, is served from 10 to 11.
    expect(outcome.classes.quick).toMatchObject({ completed: 1, retries: 1, timed_out: 0 });
    expect(outcome.classes.quick!.latency.max).toBeCloseTo(10, 12);
  });

  test("overload is seen and said", () => {
    const outcome = simulate(single({}, 1.2, exponential(1)), { requests: 50_000 });
    expect(outcome.overloaded).toEqual(["s"]);
    expect(outcome.latency.settled).toBe(false);
    expect(simulate(single({}, 0.8, exponential(1))).overloaded).toEqual([]);
  });
});

describe("intervals", () => {
  test("nominal 95 % intervals hold the mean and the 95th percentile of M/M/1 as often as they say, over 400 seeds", () => {
    const [rate, truth] = [0.7, 1 / 0.3];
    const p95 = truth * Math.log(20);
    let mean = 0;
    let percentile = 0;
    for (let seed = 1; seed <= 400; seed++) {
      const { latency } = simulate(single({}, rate, exponential(1)), { seed, requests: 60_000 });
      if (latency.mean.low <= truth && truth <= latency.mean.high) mean++;
      if (latency.percentiles.p95!.low <= p95 && p95 <= latency.percentiles.p95!.high) percentile++;
    }
    for (const held of [mean, percentile]) {
      expect(held / 400).toBeGreaterThanOrEqual(0.92);
      expect(held / 400).toBeLessThanOrEqual(0.98);
    }
  });

  test("a run goes on until its intervals are as narrow as asked", () => {
    const outcome = simulate(single({}, 0.7, exponential(1)), { requests: 5000, precision: 0.05 });
    expect(outcome.precise).toBe(true);
    expect(outcome.requests).toBeGreaterThan(5000);
    for (const { value, low, high } of [outcome.latency.mean, ...Object.values(outcome.latency.percentiles)]) {
      expect((high - low) / 2).toBeLessThanOrEqual(0.05 * value);
    }
  });

  test("the beginning, when nobody waits yet, is left out", () => {
    // Arrivals fill an empty system with 30 customers in service, which takes some time.
    const network = single({ servers: 40 }, 3, { kind: "uniform", low: 8, high: 12 });
    const closed: Network = {
      stations: network.stations,
      classes: {
        c: {
          arrivals: { kind: "closed", population: 200, think: 0.001 },
          route: [{ station: "s", work: exponential(10) }],
        },
      },
    };
    const { latency } = simulate(closed, { requests: 20_000 });
    // All 200 come at once: the first 40 do not wait, later ones wait for 160 others.
    expect(latency.warmup).toBeGreaterThan(0);
    expect(latency.mean.value).toBeCloseTo(50, -1);
  });
});
