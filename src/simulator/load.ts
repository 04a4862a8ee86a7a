import { arrivalRate } from "./arrivals.ts";
import { meanOf } from "./distributions.ts";
import type { Network, StationSpec } from "./network.ts";

/**
 * Offered load of each station: work that comes per second over the work that it can do, from the means alone (the
 * traffic intensity ρ). From 1 on, an unlimited queue grows without end. Closed classes, which wait for answers, offer
 * none; retries are not foreseen, and sessions are taken for loaded.
 */
export function offeredLoad({ stations, classes }: Network): Record<string, number> {
  const work: Record<string, number> = {};
  const cores: Record<string, number> = {};
  for (const { arrivals, route } of Object.values(classes)) {
    const rate = arrivalRate(arrivals, meanOf);
    for (const visit of route) {
      const seconds = (rate * meanOf(visit.work)) / meanRate(stations[visit.station]!);
      work[visit.station] = (work[visit.station] ?? 0) + seconds;
      cores[visit.station] = (cores[visit.station] ?? 0) + seconds * (visit.cores ?? 1);
    }
  }
  return Object.fromEntries(
    Object.entries(stations).map(([name, station]) => {
      const { servers = 1, replicas = 1, quota, batch, failures, loss } = station;
      let seconds = work[name] ?? 0;
      if (batch) seconds *= (1 + batch.marginal * (batch.size - 1)) / batch.size;
      if (loss) seconds /= 1 - loss.probability;
      const available = failures ? meanOf(failures.up) / (meanOf(failures.up) + meanOf(failures.down)) : 1;
      const byServers = seconds / (servers * replicas * available);
      const byQuota = quota ? (cores[name] ?? 0) / (quota.cores * replicas) : 0;
      return [name, Math.max(byServers, byQuota)];
    }),
  );
}

/** Mean work per second of one server: over the trace's cycle, or what it is in the end. */
function meanRate({ rate = 1 }: StationSpec): number {
  if (typeof rate === "number") return rate;
  const { steps, repeat_s } = rate;
  if (repeat_s === undefined) return steps.at(-1)!.rate;
  const work = steps.reduce((sum, step, i) => sum + step.rate * ((steps[i + 1]?.at_s ?? repeat_s) - step.at_s), 0);
  return work / repeat_s;
}
