import { describe, expect, test } from "vitest";
import { Problem } from "../../src/formats/problem.ts";
import { type Network, simulate } from "../../src/simulator/index.ts";
import { exponential } from "./networks.ts";

/** Requests that visit two stations, on hosts or not. */
function tandem(cores: number | undefined, rate: number, servers = Number.POSITIVE_INFINITY): Network {
  const host = cores === undefined ? {} : { host: "box" };
  return {
    ...(cores === undefined ? {} : { hosts: { box: { cores } } }),
    stations: { a: { servers, ...host }, b: { servers, ...host } },
    classes: {
      request: {
        arrivals: { kind: "renewal", gap: exponential(1 / rate) },
        route: [
          { station: "a", work: exponential(0.25) },
          { station: "b", work: { kind: "gamma", mean: 0.75, cv: 0.5 } },
        ],
      },
    },
  };
}

describe("stations of one host", () => {
  // Baskett, Chandy, Muntz and Palacios, 1975: a processor that is shared does not mind how work varies or is divided.
  test.each([0.3, 0.7])("share its core as M/G/1 with processor sharing does, at load %f", (load) => {
    let held = 0;
    for (let seed = 1; seed <= 20; seed++) {
      const { low, high } = simulate(tandem(1, load), { requests: 8000, confidence: 0.99, seed }).latency.mean;
      if (low <= 1 / (1 - load) && 1 / (1 - load) <= high) held++;
    }
    expect(held).toBeGreaterThanOrEqual(17);
  });

  test("share two cores as M/M/2 does", () => {
    // Two cores: alone or in twos jobs have a core each.
    const load = 1.4;
    const truth = 1 / (1 - (load / 2) ** 2);
    let held = 0;
    for (let seed = 1; seed <= 20; seed++) {
      const network = tandem(2, load);
      const { low, high } = simulate(network, { requests: 8000, confidence: 0.99, seed }).latency.mean;
      if (low <= truth && truth <= high) held++;
    }
    expect(held).toBeGreaterThanOrEqual(17);
  });

  test("do not notice it where it has cores for all of them", () => {
    const [shared, alone] = [tandem(2, 0.9, 1), tandem(undefined, 0.9, 1)].map((network) =>
      simulate(network, { requests: 5000, seed: 3, engine: "general" }),
    );
    expect(shared!.latency.mean.value).toBeCloseTo(alone!.latency.mean.value, 9);
    expect(shared!.latency.max).toBeCloseTo(alone!.latency.max, 9);
  });

  test("keep to its cores under quotas, too", () => {
    const network = tandem(1, 0.5, 1);
    const quota = { cores: 0.6, period_s: 0.1 };
    const limited = {
      ...network,
      stations: { a: { ...network.stations.a, quota }, b: { ...network.stations.b, quota } },
    };
    const slower = simulate(limited, { requests: 5000, seed: 3 });
    expect(slower.latency.mean.value).toBeGreaterThan(
      simulate(network, { requests: 5000, seed: 3 }).latency.mean.value,
    );
    // Of a core, 0.5 is asked for.
    expect(slower.stations.a!.throttled_share + slower.stations.b!.throttled_share).toBeGreaterThan(0);
  });

  test("need a host that is there", () => {
    expect(() => simulate({ ...tandem(1, 0.5), hosts: {} })).toThrow(Problem);
  });
});
