import { unknownName } from "../formats/names.ts";
import type { Link, Topology } from "../formats/topology.ts";
import { type Catalogue, modelsOf, type Variant } from "./catalogue.ts";
import type { State } from "./state.ts";

/** What the state means with what is there: every name resolved, every default filled in. */
export interface Scene {
  readonly model: string;
  /** The model's variants. */
  readonly variants: readonly Variant[];
  /** With the state's bandwidths, delays, speeds and quotas. */
  readonly topology: Topology;
  /** As it was before them. */
  readonly base: Topology;
  readonly codec: string;
  readonly sweep: string | null;
  readonly operator: string | null;
  readonly rate: number;
  readonly one_device: boolean;
  readonly floor: number | null;
  readonly accuracy: Readonly<Record<string, number>>;
  readonly placement: string | null;
  readonly cut: string | null;
}

export const linkName = ({ from, to }: Pick<Link, "from" | "to">) => `${from}>${to}`;

/** The other direction of a link, where there is one. */
export function reverseOf({ links }: Topology, link: Link): Link | undefined {
  return links.find(({ from, to }) => from === link.to && to === link.from);
}

/** One link of each pair that lead to and fro: the one that stands first. */
export function pairs(topology: Topology): Link[] {
  return topology.links.filter((link, i) => {
    const reverse = reverseOf(topology, link);
    return reverse === undefined || topology.links.indexOf(reverse) > i;
  });
}

/**
 * Resolves a state. What it names and is not there is told in `faults`, and the default stands for it.
 *
 * @param catalogue with at least one variant and one topology
 */
export function sceneOf(catalogue: Catalogue, state: State): { scene: Scene; faults: readonly string[] } {
  const faults: string[] = [];
  const known = (kind: string, name: string | null, names: readonly string[]): string | null => {
    if (name === null || names.includes(name)) return name;
    faults.push(unknownName(kind, name, names).message);
    return null;
  };
  const models = modelsOf(catalogue);
  const model = known("model", state.model, models) ?? models[0]!;
  const variants = catalogue.variants.filter((variant) => variant.model === model);
  const operators = variants.map(({ operator }) => operator);
  const topologies = catalogue.topologies.map(({ name }) => name);
  const topologyName = known("topology", state.topology, topologies) ?? topologies[0];
  const base = catalogue.topologies.find(({ name }) => name === topologyName)!;
  const tiers = base.tiers.map(({ name }) => name);
  const links = pairs(base).map(linkName);
  for (const name of Object.keys({ ...state.bandwidth_bps, ...state.delay_s })) known("link", name, links);
  for (const name of Object.keys({ ...state.speed, ...state.cores })) known("tier", name, tiers);

  const codecs = variants[0]!.profiles[0]!.codecs.map(({ codec }) => codec as string);
  const codec = known("codec", state.codec, codecs) ?? (codecs.includes(base.codec) ? base.codec : codecs[0]!);
  const sweep = known("link", state.sweep, links) ?? links[0] ?? null;
  const placement = placementKnown(state.placement, tiers);
  if (state.placement !== null && placement === null)
    faults.push(`placement “${state.placement}” does not fit the tiers ${tiers.join(", ")}`);
  const cuts = variants.flatMap(({ profiles }) => profiles[0]!.cuts.map(({ id }) => id));
  const cut = known("cut", state.cut, cuts);
  return {
    scene: {
      model,
      variants,
      topology: withProfiledThreads(overridden(base, state), variants),
      base,
      codec,
      sweep,
      operator: known("operator", state.operator, operators),
      rate: state.rate,
      one_device: state.one_device,
      floor: state.floor,
      accuracy: state.accuracy,
      placement,
      cut: placement?.includes(">") ? cut : null,
    },
    faults,
  };
}

/** A tier whose number of threads was not profiled runs as many as were: there are figures for no others. */
function withProfiledThreads(topology: Topology, variants: readonly Variant[]): Topology {
  const profiled = variants[0]!.profiles.map(({ settings }) => settings.threads);
  return {
    ...topology,
    tiers: topology.tiers.map((tier) => (profiled.includes(tier.threads) ? tier : { ...tier, threads: profiled[0]! })),
  };
}

/** The page answers for one tier and for two in the topology's order. */
function placementKnown(placement: string | null, tiers: readonly string[]): string | null {
  const at = placement?.split(">").map((name) => tiers.indexOf(name)) ?? [];
  const fits = (at.length === 1 && at[0]! >= 0) || (at.length === 2 && at[0]! >= 0 && at[0]! < at[1]!);
  return fits ? placement : null;
}

/** A duplex link's other direction keeps its proportion to the first, and has the same delay. */
function overridden(base: Topology, { bandwidth_bps, delay_s, speed, cores, session }: State): Topology {
  const changed = new Map<Link, Partial<Link>>();
  for (const link of pairs(base)) {
    const name = linkName(link);
    const reverse = reverseOf(base, link);
    const bandwidth = bandwidth_bps[name] ?? link.bandwidth_bps;
    const delay = delay_s[name] === undefined ? {} : { delay_s: delay_s[name] };
    changed.set(link, { bandwidth_bps: bandwidth, ...delay });
    if (!reverse) continue;
    const back = bandwidth_bps[name] === undefined ? 1 : bandwidth / link.bandwidth_bps;
    changed.set(reverse, { bandwidth_bps: reverse.bandwidth_bps * back, ...delay });
  }
  return {
    ...base,
    session: session ?? base.session,
    links: base.links.map((link) => ({ ...link, ...changed.get(link) })),
    tiers: base.tiers.map((tier) => ({
      ...tier,
      speed: speed[tier.name] ?? tier.speed,
      cpu_quota: cores[tier.name] === undefined ? tier.cpu_quota : cores[tier.name]!,
    })),
  };
}
