import { arrivalRate } from "./arrivals.ts";
import { meanOf } from "./distributions.ts";
import type { Network, StationSpec } from "./network.ts";

/**
 * Offered load of each station: work that comes per second over the work that it can do, from the means alone (the
 * traffic intensity ρ). From 1 on, an unlimited queue grows without end. Closed classes, which wait for answers, offer
 * none; retries are not foreseen, and sessions are taken for loaded.
 */
export function offeredLoad(network: Network): Record<string, number> {
  const { stations } = network;
  const offered = offeredWork(network);
  return Object.fromEntries(
    Object.entries(stations).map(([name, station]) => {
      const { servers = 1, replicas = 1, quota, failures, loss } = station;
      const { seconds, core_s } = offered[name]!;
      const available = failures ? meanOf(failures.up) / (meanOf(failures.up) + meanOf(failures.down)) : 1;
      const byServers = seconds / (1 - (loss?.probability ?? 0)) / (servers * replicas * available);
      const byQuota = quota ? core_s / (quota.cores * replicas) : 0;
      return [name, Math.max(byServers, byQuota)];
    }),
  );
}

/** Offered load of each host's cores. Below 1 it may still be asked for too much, where cores stand idle while one station has work. */
export function offeredHostLoad(network: Network): Record<string, number> {
  const { stations, hosts = {} } = network;
  const offered = offeredWork(network);
  return Object.fromEntries(
    Object.entries(hosts).map(([host, { cores }]) => {
      const tenants = Object.keys(stations).filter((name) => stations[name]!.host === host);
      return [host, tenants.reduce((sum, name) => sum + offered[name]!.core_s, 0) / cores];
    }),
  );
}

/** Seconds of a server and of a core that each station is asked for, each second. */
function offeredWork({ stations, classes }: Network): Record<string, { seconds: number; core_s: number }> {
  const offered = Object.fromEntries(Object.keys(stations).map((name) => [name, { seconds: 0, core_s: 0 }]));
  for (const { arrivals, route } of Object.values(classes)) {
    const rate = arrivalRate(arrivals, meanOf);
    for (const visit of route) {
      const station = stations[visit.station]!;
      const { batch } = station;
      const share = batch && !visit.ahead ? (1 + batch.marginal * (batch.size - 1)) / batch.size : 1;
      const seconds = (share * rate * meanOf(visit.work)) / meanRate(station);
      const own = offered[visit.station]!;
      own.seconds += seconds;
      own.core_s += seconds * (visit.cores ?? 1);
    }
  }
  return offered;
}

/** Mean work per second of one server: over the trace's cycle, or what it is in the end. */
function meanRate({ rate = 1 }: StationSpec): number {
  if (typeof rate === "number") return rate;
  const { steps, repeat_s } = rate;
  if (repeat_s === undefined) return steps.at(-1)!.rate;
  const work = steps.reduce((sum, step, i) => sum + step.rate * ((steps[i + 1]?.at_s ?? repeat_s) - step.at_s), 0);
  return work / repeat_s;
}
