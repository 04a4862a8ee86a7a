import { unknownName } from "../formats/names.ts";
import type { Scenario, ScenarioClass } from "../formats/scenario.ts";
import type { PlanQuestion } from "./question.ts";

/** The class that a plan is for. */
export interface PlannedClass {
  /** Position in the workload. */
  readonly index: number;
  /** Requests a second; undefined where users wait for answers, so that it depends on the latency. */
  readonly rate: number | undefined;
}

/**
 * @returns undefined where the scenario has no workload: requests come one at a time
 * @throws Problem when the plan names a class that is not there
 */
export function plannedClass({ scenario, plan }: PlanQuestion): PlannedClass | undefined {
  const names = scenario.workload.map(className);
  const index = plan.class === undefined ? 0 : names.indexOf(plan.class);
  if (index < 0) throw unknownName("class", plan.class!, names);
  const planned = scenario.workload[index];
  return planned && { index, rate: meanRate(planned.arrivals) };
}

export const className = ({ name }: ScenarioClass, index: number) => name ?? `request-${index + 1}`;

function meanRate(arrivals: ScenarioClass["arrivals"]): number | undefined {
  if ("rate" in arrivals) return arrivals.rate;
  if ("every" in arrivals) return 1 / arrivals.every;
  if ("bursts" in arrivals) {
    const time = arrivals.bursts.reduce((sum, { lasts }) => sum + lasts, 0);
    return arrivals.bursts.reduce((sum, { rate, lasts }) => sum + rate * lasts, 0) / time;
  }
  if ("times" in arrivals) {
    const span = arrivals.times.at(-1)! - arrivals.times[0]!;
    return span > 0 ? (arrivals.times.length - 1) / span : undefined;
  }
  return undefined;
}

/** How a tier serves, for capacities and for waits. */
export interface Capacity {
  /** Requests served at once over all replicas; infinite where each has a device of its own. */
  readonly servers: number;
  /** Of the tier, each with a quota of its own. */
  readonly replicas: number;
  /** Server time that a request takes over what it takes alone: below 1 where batches share it. */
  readonly share: number;
  /** Share of the time in which a server is up. */
  readonly available: number;
}

const SINGLE: Capacity = { servers: 1, replicas: 1, share: 1, available: 1 };

export function capacityOf({ tiers }: Pick<Scenario, "tiers">, name: string): Capacity {
  const tier = tiers[name];
  if (!tier) return SINGLE;
  const servers = tier.servers === "unlimited" ? Number.POSITIVE_INFINITY : tier.servers;
  const { batch, replicas, failures } = tier;
  return {
    servers: servers * replicas,
    replicas,
    share: batch ? (1 + (batch.size - 1) * batch.marginal) / batch.size : 1,
    available: failures ? failures.every / (failures.every + failures.repair) : 1,
  };
}

/**
 * Mean wait of requests that come as a Poisson stream to servers that each take the same time: Sakasegawa's formula for
 * G/G/m ("An approximation formula Lq ≃ α·ρ^β/(1−ρ)", 1977) with variable arrivals and fixed service.
 *
 * @returns seconds; infinite where more is asked than can be served
 */
export function meanWait(
  service_s: number,
  rate: number,
  { servers, share }: Pick<Capacity, "servers" | "share">,
): number {
  if (!Number.isFinite(servers) || service_s === 0) return 0;
  const busy = rate * service_s * share;
  const utilisation = busy / servers;
  if (utilisation >= 1) return Number.POSITIVE_INFINITY;
  return (0.5 * service_s * share * utilisation ** (Math.sqrt(2 * (servers + 1)) - 1)) / (servers * (1 - utilisation));
}
