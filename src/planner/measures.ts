import { type ChainCosts, type Environment, type Hop, PlacementCosts, type Pricing } from "../costmodel/index.ts";
import type { CodecName } from "../formats/profile.ts";
import type { Scenario } from "../formats/scenario.ts";
import { BYTES, ENERGY, latencyPricing, PAID_BY_THE_HOUR, PAID_BY_USE } from "./pricing.ts";
import { capacityOf } from "./workload.ts";

/** What of one request can be minimised or limited: seconds, joules, currency, bytes. */
export type Measure = "latency" | "energy" | "price" | "bytes";

/** Where a choice runs and how requests come: all but its cuts. */
export interface Ground {
  readonly scenario: Pick<Scenario, "tiers" | "links">;
  readonly environment: Environment;
  /** Indices into the topology's tiers, a segment each. */
  readonly tiers: readonly number[];
  readonly codec: CodecName;
  /** Number of the model's last boundary. */
  readonly last: number;
  /** Requests a second; undefined where they come one at a time, so that nothing waits. */
  readonly rate: number | undefined;
}

export function pricingOf(measure: Measure, { scenario, rate }: Ground): Pricing {
  switch (measure) {
    case "latency":
      return latencyPricing(scenario, rate);
    case "energy":
      return ENERGY;
    case "price":
      return rate === undefined ? PAID_BY_USE : PAID_BY_THE_HOUR;
    case "bytes":
      return BYTES;
  }
}

/** A measure as costs of the chain of segments. */
export function costsOf(measure: Measure, ground: Ground): ChainCosts {
  return priced(ground, pricingOf(measure, ground), measure === "price" ? rent(ground) : 0);
}

function priced({ environment, tiers, codec, last }: Ground, pricing: Pricing, constant: number): ChainCosts {
  const costs = new PlacementCosts(environment, tiers, codec, last, pricing);
  if (constant === 0) return costs;
  return {
    segments: costs.segments,
    last,
    constant: costs.constant + constant,
    segment: (k, a, b) => costs.segment(k, a, b),
    seam: (k, b) => costs.seam(k, b),
    get parts() {
      return costs.parts;
    },
  };
}

/** Of a request's share of the rented tiers, where requests come at a rate: every replica, busy or not. */
function rent({ scenario, environment, tiers, rate }: Ground): number {
  if (rate === undefined) return 0;
  const used = new Set([environment.enters, ...tiers]);
  return [...used].reduce((sum, index) => {
    const { tier } = environment.places[index]!;
    const { servers } = capacityOf(scenario, tier.name);
    // Where each request has a device of its own, its users own it.
    const replicas = Number.isFinite(servers) ? (scenario.tiers[tier.name]?.replicas ?? 1) : 0;
    return sum + (replicas * (tier.price_per_s ?? 0)) / rate;
  }, 0);
}

/** The links that a placement's requests and answers pass, in order. */
export function linksOf({ ways, enters }: Environment, tiers: readonly number[]): Hop[] {
  const stops = [enters, ...tiers, enters];
  return stops.slice(1).flatMap((to, i) => [...ways[stops[i]!]![to]!]);
}

/** Which figure of a topology is missing for a measure on these tiers; undefined where none is. */
export function unknownFigure(
  measure: Measure,
  environment: Environment,
  tiers: readonly number[],
): string | undefined {
  if (measure !== "energy" && measure !== "price") return undefined;
  const links = linksOf(environment, tiers).map(({ link }) => link);
  for (const index of new Set([...tiers, ...(links.length > 0 ? [environment.enters] : [])])) {
    const { tier } = environment.places[index]!;
    if (measure === "energy" && tier.power_w === null)
      return `the power of tier "${tier.name}" (devices.${tier.device}.power)`;
    if (measure === "price" && tier.price_per_s === null) {
      return `the price of tier "${tier.name}" (devices.${tier.device}.price_per_hour)`;
    }
  }
  for (const { from, to, energy_j_per_byte, price_per_byte } of links) {
    if (measure === "energy" && energy_j_per_byte === null) return `the energy of link ${from}>${to} (its energy)`;
    if (measure === "price" && price_per_byte === null)
      return `the price of link ${from}>${to} (its price_per_gigabyte)`;
  }
  return undefined;
}
