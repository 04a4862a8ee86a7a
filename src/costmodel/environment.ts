import { unknownName } from "../formats/names.ts";
import type { Link, Tier, Topology } from "../formats/topology.ts";
import type { CostModel, ProfileTables } from "./model.ts";
import type { Quota } from "./quota.ts";

/** A tier with the figures that its stages are made from. Tiers are known by their index in the topology. */
export interface Place {
  readonly tier: Tier;
  /** Name of the resource that its stages occupy. */
  readonly resource: string;
  readonly quota: Quota | null;
  /** For inference; undefined where no profile has the tier's number of threads. */
  readonly tables: ProfileTables | undefined;
  /** For coding, which is single-threaded, so that any profile will do. */
  readonly coding: ProfileTables;
}

/** One link on the way, and the tier at which it ends. */
export interface Hop {
  readonly link: Link;
  readonly resource: string;
  readonly to: number;
}

/** A topology with a model's tables at each tier, and the ways between tiers. */
export interface Environment {
  readonly places: readonly Place[];
  readonly enters: number;
  readonly cold: boolean;
  /** ways[a][b]: the shortest chain of links from tier a to tier b; empty from a tier to itself. */
  readonly ways: readonly (readonly (readonly Hop[])[])[];
  /** Machines whose cores tiers share. */
  readonly hosts: NonNullable<Topology["hosts"]>;
}

export function environmentOf(model: CostModel, topology: Topology): Environment {
  return {
    places: topology.tiers.map((tier): Place => {
      const tables = model.tables.find(({ threads }) => threads === tier.threads);
      return {
        tier,
        resource: `tier:${tier.name}`,
        quota: tier.cpu_quota === null ? null : { cores: tier.cpu_quota, period_s: tier.cpu_period_s },
        tables,
        coding: tables ?? model.tables[0]!,
      };
    }),
    enters: tierIndex(topology, topology.enters),
    cold: topology.session === "cold",
    ways: topology.tiers.map((_, from) => waysFrom(topology, from)),
    hosts: topology.hosts ?? {},
  };
}

/** @throws Problem when no tier is called so */
export function tierIndex({ tiers }: Topology, name: string): number {
  const index = tiers.findIndex((tier) => tier.name === name);
  if (index < 0)
    throw unknownName(
      "tier",
      name,
      tiers.map((tier) => tier.name),
    );
  return index;
}

/** The shortest chain of links from a tier to each tier. Breadth first, so that each way has the fewest links; among equals, the links that come first in the file. */
export function waysFrom(topology: Topology, from: number): (readonly Hop[])[] {
  const ways: (readonly Hop[])[] = [];
  ways[from] = [];
  const queue = [from];
  for (const at of queue) {
    for (const link of topology.links) {
      if (link.from !== topology.tiers[at]!.name) continue;
      const to = tierIndex(topology, link.to);
      if (ways[to]) continue;
      ways[to] = [...ways[at]!, { link, resource: `link:${link.from}>${link.to}`, to }];
      queue.push(to);
    }
  }
  return ways;
}
