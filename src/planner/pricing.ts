import { LATENCY, type Place, type Pricing } from "../costmodel/index.ts";
import type { Scenario } from "../formats/scenario.ts";
import type { Link, Topology } from "../formats/topology.ts";
import { capacityOf, meanWait } from "./workload.ts";

/** Seconds of a request among others like it, waits by a formula; without a rate it is alone. */
export function latencyPricing(scenario: Pick<Scenario, "tiers">, rate: number | undefined): Pricing {
  if (rate === undefined) return LATENCY;
  return {
    work: (place, cpu_s, wall_s) => {
      const alone_s = LATENCY.work(place, cpu_s, wall_s);
      return alone_s + meanWait(busySeconds(place, cpu_s, wall_s), rate, capacityOf(scenario, place.tier.name));
    },
    transfer: (bytes, link) =>
      LATENCY.transfer(bytes, link) + meanWait((bytes * 8) / link.bandwidth_bps, rate, { servers: 1, share: 1 }),
    floor: LATENCY.floor,
  };
}

/** Joules beyond idling. */
export const ENERGY: Pricing = {
  work: ({ tier }, _cpu_s, wall_s) => wall_s * (tier.power_w ?? 0),
  transfer: (bytes, link) => bytes * (link.energy_j_per_byte ?? 0),
  floor: ({ tier }) => tier.power_w ?? 0,
};

/** Price where only work and traffic are paid for. */
export const PAID_BY_USE: Pricing = {
  work: ({ tier }, _cpu_s, wall_s) => wall_s * (tier.price_per_s ?? 0),
  transfer: (bytes, link) => bytes * (link.price_per_byte ?? 0),
  floor: ({ tier }) => tier.price_per_s ?? 0,
};

/** Price of traffic where tiers are rented by the hour. */
export const PAID_BY_THE_HOUR: Pricing = { work: () => 0, transfer: PAID_BY_USE.transfer, floor: () => 0 };

/** Bytes on links, each counted on every link that it passes. */
export const BYTES: Pricing = { work: () => 0, transfer: (bytes) => bytes, floor: () => 0 };

/** Under a quota a stream of requests gets the quota's rate, whatever one alone gets. */
function busySeconds({ quota }: Place, cpu_s: number, wall_s: number): number {
  return quota ? Math.max(wall_s, cpu_s / quota.cores) : wall_s;
}

/** Whether every cost on these tiers and links is proportional to work and bytes, so that a minimum cut is exact. */
export function addsUp(topology: Topology, tiers: readonly number[], links: readonly Link[]): boolean {
  return (
    tiers.every((tier) => topology.tiers[tier]!.cpu_quota === null) &&
    links.every(({ burst_bytes, burst_s }) => burst_bytes === 0 && burst_s === 0)
  );
}
