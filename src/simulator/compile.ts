import type { RandomStream } from "../random/index.ts";
import { gapsOf } from "./arrivals.ts";
import { samplerOf, scaled } from "./distributions.ts";
import type { ClassSpec, Network, StationSpec } from "./network.ts";
import type { Plan, PlannedSource, PlannedVisit } from "./plan.ts";

/** A plan, and which of its visits make up the stops of each class's route. */
export interface CompiledPlan {
  readonly plan: Plan;
  /** By class, in the order of names, then by stop: the service, and the delay after it if there is one. */
  readonly stops: readonly (readonly (readonly number[])[])[];
}

/** Whether the fast engines know all that the network has. */
export function isPlain({ stations, classes }: Network): boolean {
  return Object.values(stations).every(isPlainStation) && Object.values(classes).every(isPlainClass);
}

function isPlainStation(station: StationSpec): boolean {
  const { servers: _s, rate = 1, replicas = 1, discipline = "fifo", balancer: _b, ...more } = station;
  return (
    typeof rate === "number" &&
    replicas === 1 &&
    discipline === "fifo" &&
    Object.values(more).every((feature) => feature === undefined)
  );
}

function isPlainClass({ arrivals, timeout_s }: ClassSpec): boolean {
  return arrivals.kind !== "closed" && timeout_s === undefined;
}

/** Compiles a plain network. Random streams have the labels that {@link GeneralEngine} gives them. */
export function compilePlan(network: Network, random: RandomStream): CompiledPlan {
  const names = Object.keys(network.stations).sort();
  const servers = names.map((name) => network.stations[name]!.servers ?? 1);
  const visits: PlannedVisit[] = [];
  const sources: PlannedSource[] = [];
  const stops: number[][][] = [];
  for (const [source, name] of Object.keys(network.classes).sort().entries()) {
    const { arrivals, route } = network.classes[name]!;
    if (arrivals.kind === "closed") throw new TypeError("a closed class is not plain");
    const own = random.split("class").split(name);
    sources.push({ interarrival: gapsOf(arrivals, own.split("arrivals")), first: visits.length });
    stops.push(
      route.map((visit, i) => {
        const { rate = 1 } = network.stations[visit.station]!;
        const { delay_s = 0 } = visit;
        const service = rate === 1 ? visit.work : scaled(visit.work, 1 / (rate as number));
        const stop = [
          visits.push({
            station: names.indexOf(visit.station),
            service: samplerOf(service, own.split(i)),
            constant_s: typeof service === "number" ? service : Number.NaN,
            ahead: visit.ahead ?? false,
            next: visits.length + 1,
            source,
          }) - 1,
        ];
        if (delay_s > 0) {
          // A station of its own, where nobody waits.
          stop.push(
            visits.push({
              station: servers.push(Number.POSITIVE_INFINITY) - 1,
              service: samplerOf(delay_s, own),
              constant_s: delay_s,
              ahead: false,
              next: visits.length + 1,
              source,
            }) - 1,
          );
        }
        return stop;
      }),
    );
    visits.push({ ...visits.pop()!, next: -1 });
  }
  return { plan: { servers, visits, sources }, stops };
}
