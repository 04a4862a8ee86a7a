import { type ChainCosts, chainCost, PlacementCosts, type Pricing } from "../costmodel/index.ts";
import type { Link, Tier } from "../formats/topology.ts";
import { type Ground, linksOf } from "./measures.ts";
import { capacityOf } from "./workload.ts";

/** Something that requests occupy, and for how many seconds one does, by the cuts: the reciprocal of the rate that it sustains. */
export interface Occupancy {
  /** As a simulation calls it: `tier:edge`, `link:edge>cloud`, `medium:wifi`, `host:box`; and `quota:edge`, the processor time of a tier. */
  readonly name: string;
  readonly costs: ChainCosts;
  /** Segments and seams, by number, that occupy it. */
  readonly segments: readonly number[];
  readonly seams: readonly number[];
}

/** Seconds for work that is alone, and what share of them remains where batches share it. */
interface Work {
  readonly alone: (cpu_s: number, wall_s: number) => number;
  readonly share: number;
}

/** Seconds of a resource for work on its tiers and for bits on its links, by their names. */
interface Resource {
  readonly name: string;
  readonly tiers: Map<string, Work>;
  readonly links: Map<string, (bits: number) => number>;
}

/**
 * All that a placement's requests occupy: servers of tiers, their quotas, cores of hosts that tiers share, links, and media that links
 * share. That none is asked for more than it has is what the offered loads of a simulation say. Where several tiers share a host of more
 * than one core, it may take somewhat less: cores stand idle while only one of them has work. Links have the topology's bandwidth here,
 * whatever trace a scenario gives them.
 */
export function occupanciesOf(ground: Ground): Occupancy[] {
  const { environment, tiers, codec, last } = ground;
  const seams = tiers.slice(1).map((tier, k) => environment.ways[tiers[k]!]![tier]!);
  return resourcesOf(ground).map((resource) => {
    const pricing: Pricing = {
      work: ({ tier }, cpu_s, wall_s) => {
        const work = resource.tiers.get(tier.name);
        return work ? work.share * work.alone(cpu_s, wall_s) : 0;
      },
      // It is no part of a batch.
      answer: ({ tier }, seconds) => resource.tiers.get(tier.name)?.alone(seconds, seconds) ?? 0,
      transfer: (bytes, link) => resource.links.get(nameOf(link))?.(bytes * 8) ?? 0,
      floor: () => 0,
    };
    const works = (tier: number) => resource.tiers.has(environment.places[tier]!.tier.name);
    return {
      name: resource.name,
      costs: new PlacementCosts(environment, tiers, codec, last, pricing),
      segments: [...tiers.keys()].filter((k) => works(tiers[k]!)),
      seams: [...seams.keys()].filter((k) =>
        seams[k]!.some(
          ({ link, to }, i) => resource.links.has(nameOf(link)) || (i + 1 < seams[k]!.length && works(to)),
        ),
      ),
    };
  });
}

/** What one request occupies the longest, and for how many seconds of it; null where nothing limits how many there can be. */
export function busiest(occupancies: readonly Occupancy[], boundaries: readonly number[]) {
  let most: { readonly name: string; readonly seconds: number } | null = null;
  for (const { name, costs } of occupancies) {
    const seconds = chainCost(costs, boundaries);
    if (seconds > (most?.seconds ?? 0)) most = { name, seconds };
  }
  return most;
}

function resourcesOf(ground: Ground): Resource[] {
  const { scenario, environment, tiers } = ground;
  const resources = new Map<string, Resource>();
  const resource = (name: string) => {
    const known = resources.get(name) ?? { name, tiers: new Map(), links: new Map() };
    resources.set(name, known);
    return known;
  };
  const links = linksOf(environment, tiers);
  for (const index of new Set([environment.enters, ...tiers, ...links.map(({ to }) => to)])) {
    const { tier, quota } = environment.places[index]!;
    const { servers, replicas, share, available } = capacityOf(scenario, tier.name);
    const add = (name: string, alone: Work["alone"]) => resource(name).tiers.set(tier.name, { alone, share });
    if (Number.isFinite(servers)) add(`tier:${tier.name}`, (_, wall_s) => wall_s / (servers * available));
    if (quota) add(`quota:${tier.name}`, (cpu_s) => cpu_s / (quota.cores * replicas));
    const cores = hostCores(ground, tier);
    if (cores !== undefined) add(`host:${tier.host}`, (cpu_s) => cpu_s / cores);
  }
  for (const { link } of links) {
    const { medium, loss = 0 } = scenario.links[nameOf(link)] ?? {};
    const name = medium === undefined ? `link:${nameOf(link)}` : `medium:${medium}`;
    resource(name).links.set(nameOf(link), (bits) => bits / link.bandwidth_bps / (1 - loss));
  }
  return [...resources.values()];
}

function hostCores({ environment }: Ground, { host }: Tier): number | undefined {
  return host === undefined ? undefined : environment.hosts[host]!.cores;
}

const nameOf = ({ from, to }: Link) => `${from}>${to}`;
