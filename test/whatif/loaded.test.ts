import { expect, test } from "vitest";
import { loadedOutcomeOf, modelSource, openWorld, parseWorld } from "../../src/whatif/index.ts";
import { profileOf } from "../costmodel/profiles.ts";

const PROFILE = profileOf({
  kernels: [0.03, 0.05].map((median_s) => ({ median_s, spread_s: 0 })),
  cuts: [{ elements: [100], boundary_s: 0 }],
  weight_bytes: 1e6,
  inputElements: 100,
  outputElements: 10,
  threads: 1,
  overhead_s: 0,
});

/** Two tiers that share one core; each of them alone would have time enough. */
const worldAt = (rate: number) =>
  openWorld(
    {
      topology: "t",
      profiles: ["p"],
      requests: 3000,
      workload: [{ placement: "a>b", cut: PROFILE.cuts[0]!.id, arrivals: { rate } }],
    },
    {
      name: "shared",
      hosts: { machine: { cores: 1 } },
      tiers: ["a", "b"].map((name) => ({ name, host: "machine" })),
      links: [{ from: "a", to: "b", bandwidth: "1 Gbit/s" }],
    },
    { scenario: "scenario.yaml", topology: "topology.yaml" },
    modelSource(() => PROFILE),
  );

test("a class diverges where a host of its route is asked for too much, though no tier is", () => {
  const at = (rate: number) => {
    const documents = worldAt(rate);
    return loadedOutcomeOf(documents, parseWorld(documents), { seed: 1 });
  };
  expect(at(8)).toMatchObject({ diverges: false, overloaded: [] });
  expect(at(16)).toMatchObject({ diverges: true, overloaded: ["host:machine"] });
});
