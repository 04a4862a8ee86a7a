import { readFileSync } from "node:fs";
import fc from "fast-check";
import { parse } from "yaml";
import type { Profile } from "../../src/formats/profile.ts";
import type { TopologyDocument } from "../../src/formats/topology.ts";
import { type Documents, modelSource, openWorld } from "../../src/whatif/index.ts";
import { chain, profileOf } from "../costmodel/profiles.ts";
import { row } from "../costmodel/topologies.ts";

const text = (file: string) => readFileSync(new URL(`../../${file}`, import.meta.url), "utf8");
const FILES = { scenario: "scenario.yaml", topology: "topology.yaml" };

/** The shipped scenario, on its shipped topology and profile. */
export const TILL: Documents = openWorld(
  parse(text("scenarios/receipts-at-the-till.yaml")),
  parse(text("topologies/mobile-edge-cloud.yaml")),
  FILES,
  modelSource((name) => JSON.parse(text(name.replace("../", "")))),
);

/** A world of one request: a profile, its variants, a topology. */
export function worldOf(
  topology: TopologyDocument,
  profiles: Readonly<Record<string, Profile>>,
  placement = "best",
  cut = "best",
): Documents {
  const names = Object.keys(profiles);
  return openWorld(
    {
      topology: "t",
      profiles: [names[0]],
      variants: names.map((name) => ({ operator: profiles[name]!.model.operator, profiles: [name] })),
      workload: [{ placement, cut, arrivals: { rate: 1 } }],
    },
    topology,
    FILES,
    modelSource((name) => profiles[name]!),
  );
}

/** Arbitrary worlds: a chain on three tiers in a row, with a variant that takes half the time. */
export const world: fc.Arbitrary<Documents> = chain.chain((spec) =>
  fc
    .record({ topology: row(spec.threads), placement: fc.constantFrom("best", "a", "c", "a>b", "b>c", "a>c") })
    .map(({ topology, placement }) => {
      const identity = profileOf(spec);
      const halved = profileOf({
        ...spec,
        kernels: spec.kernels.map((one) => ({ ...one, median_s: one.median_s / 2 })),
      });
      const sptq: Profile = { ...halved, model: { ...halved.model, operator: "sptq" } };
      return worldOf(topology, { identity, sptq }, placement);
    }),
);
