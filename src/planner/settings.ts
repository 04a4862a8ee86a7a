import { unknownName } from "../formats/names.ts";
import { Problem } from "../formats/problem.ts";
import type { Scenario } from "../formats/scenario.ts";
import type { Topology } from "../formats/topology.ts";
import type { PlanQuestion } from "./question.ts";

/** One choice of what `plan` varies beside operator, placement, cut and codec. Each is by tier; a tier left out stays as it is. */
export interface Setting {
  readonly threads: Readonly<Record<string, number>>;
  readonly replicas: Readonly<Record<string, number>>;
  readonly batch: Readonly<Record<string, number>>;
}

const KINDS = ["threads", "replicas", "batch"] as const;

/**
 * Every combination of the numbers that the plan gives.
 *
 * @throws Problem when a tier is unknown, or has no batches to vary
 */
export function settingsOf({ plan, scenario, topology }: PlanQuestion): Setting[] {
  const names = topology.tiers.map(({ name }) => name);
  let settings: Setting[] = [{ threads: {}, replicas: {}, batch: {} }];
  for (const kind of KINDS) {
    for (const [tier, numbers] of Object.entries(plan[kind])) {
      if (!names.includes(tier)) throw unknownName("tier", tier, names, `plan.${kind} names it`);
      if (kind === "batch" && !scenario.tiers[tier]?.batch) {
        throw new Problem(
          `plan.batch.${tier}: the scenario's tiers.${tier} has no batch; say there how long to wait and what one more ` +
            "request of a batch costs",
        );
      }
      settings = settings.flatMap((setting) =>
        numbers.map((number) => ({ ...setting, [kind]: { ...setting[kind], [tier]: number } })),
      );
    }
  }
  return settings;
}

export function withThreads(topology: Topology, { threads }: Setting): Topology {
  if (Object.keys(threads).length === 0) return topology;
  return {
    ...topology,
    tiers: topology.tiers.map((tier) => ({ ...tier, threads: threads[tier.name] ?? tier.threads })),
  };
}

export function withServers(scenario: Scenario, { replicas, batch }: Setting): Scenario {
  const tiers = { ...scenario.tiers };
  for (const [name, number] of Object.entries(replicas)) {
    tiers[name] = { ...(tiers[name] ?? SINGLE), replicas: number };
  }
  for (const [name, size] of Object.entries(batch)) {
    const tier = tiers[name]!;
    tiers[name] = { ...tier, batch: { ...tier.batch!, size } };
  }
  return { ...scenario, tiers };
}

/** A tier that the scenario says nothing of. */
const SINGLE: Scenario["tiers"][string] = {
  servers: 1,
  replicas: 1,
  balancer: "shortest-queue",
  discipline: "fifo",
};
