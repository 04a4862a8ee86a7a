import { unknownName } from "../formats/names.ts";
import { Problem } from "../formats/problem.ts";
import type { CodecName } from "../formats/profile.ts";
import type { Link, Topology } from "../formats/topology.ts";
import { environmentOf } from "./environment.ts";
import { cutId, modelOf, type ProfileSource } from "./model.ts";
import { codecsOf, type PredictOptions, placementsOf } from "./options.ts";
import { placementName } from "./placement.ts";
import { fastest } from "./search.ts";

/** One placement's fastest way at one bandwidth. */
export interface CrossoverPoint {
  readonly bandwidth_bps: number;
  readonly placement: string;
  readonly cut: string | null;
  readonly codec: CodecName;
  readonly latency_s: number;
  /** Whether no other placement is faster at this bandwidth. */
  readonly best: boolean;
}

/** How the answer changes with one link's bandwidth. */
export interface Crossover {
  readonly link: string;
  /** Its bandwidth in the topology, bit/s. */
  readonly current_bps: number;
  readonly points: readonly CrossoverPoint[];
}

/**
 * The fastest cut and codec of each placement over a range of bandwidths of one link. The link's other direction keeps
 * its proportion, and a burst given as a time keeps its time. Placements that fit in no tier's memory are left out.
 *
 * @param link written "mobile>edge"
 * @param bandwidths bit/s, above 0
 * @throws Problem as predict does, and when the link is unknown or a bandwidth impossible
 */
export function crossover(
  profiles: ProfileSource,
  topology: Topology,
  link: string,
  bandwidths: readonly number[],
  options: Pick<PredictOptions, "placements" | "codecs"> = {},
): Crossover {
  const model = modelOf(profiles);
  const codecs = codecsOf(model, topology, options.codecs);
  const varied = findLink(topology, link);
  const placements = placementsOf(model, topology, options.placements, "best");
  const points = bandwidths.flatMap((bandwidth_bps) => {
    const environment = environmentOf(model, withBandwidth(topology, varied, bandwidth_bps));
    const choices = placements.flatMap((tiers) => {
      const found = codecs.flatMap((codec) => {
        const best = fastest(environment, tiers, codec, model.cuts.length);
        return best?.feasible ? [{ ...best, codec }] : [];
      });
      if (found.length === 0) return [];
      const { codec, boundaries, latency_s } = found.reduce((a, b) => (b.latency_s < a.latency_s ? b : a));
      return [
        { bandwidth_bps, placement: placementName(topology, tiers), cut: cutId(model, boundaries), codec, latency_s },
      ];
    });
    const least = Math.min(...choices.map(({ latency_s }) => latency_s));
    const best = choices.findIndex(({ latency_s }) => latency_s === least);
    return choices.map((choice, i) => ({ ...choice, best: i === best }));
  });
  return { link, current_bps: varied.bandwidth_bps, points };
}

function findLink({ links }: Topology, name: string): Link {
  const linkName = ({ from, to }: Link) => `${from}>${to}`;
  const found = links.find((link) => linkName(link) === name);
  if (!found) throw unknownName("link", name, links.map(linkName));
  return found;
}

function withBandwidth(topology: Topology, varied: Link, bandwidth_bps: number): Topology {
  if (!(bandwidth_bps > 0 && Number.isFinite(bandwidth_bps))) {
    throw new Problem(`a bandwidth of ${bandwidth_bps} bit/s is impossible; give numbers above zero`);
  }
  const factor = bandwidth_bps / varied.bandwidth_bps;
  const isReverse = ({ from, to }: Link) => from === varied.to && to === varied.from;
  return {
    ...topology,
    links: topology.links.map((link) =>
      link === varied
        ? { ...link, bandwidth_bps }
        : isReverse(link)
          ? { ...link, bandwidth_bps: link.bandwidth_bps * factor }
          : link,
    ),
  };
}
