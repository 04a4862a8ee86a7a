import { chainCost, cutId, environmentOf } from "../costmodel/index.ts";
import type { PlanResult } from "../formats/planresult.ts";
import type { Scenario } from "../formats/scenario.ts";
import type { Topology } from "../formats/topology.ts";
import { type Candidate, candidatesOf } from "./candidates.ts";
import { type Asked, bestCuts } from "./cuts.ts";
import { costsOf } from "./measures.ts";
import type { PlanQuestion } from "./question.ts";
import { askedOf } from "./solve.ts";
import { plannedClass } from "./workload.ts";

/** A time during which no bandwidth changes. */
interface Phase {
  readonly at_s: number;
  readonly duration_s: number;
  readonly topology: Topology;
  /** Of the links with traces, bit/s. */
  readonly bandwidths: readonly (readonly [link: string, bandwidth_bps: number])[];
}

/** One way to run, whatever the bandwidths. */
interface Policy {
  readonly candidate: Candidate;
  readonly boundaries: readonly number[];
}

type Moving = NonNullable<PlanResult["moving"]>;

/**
 * Over bandwidth traces: the one choice with the least mean latency; the one whose worst regret is least (minimax regret;
 * L. J. Savage, "The theory of statistical decision", 1951); and the best sequence of choices where switching costs time,
 * by dynamic programming over the phases of the traces with the future known, which bounds what any rule can reach.
 *
 * Choices are those that are best of their operator, placement and codec in some phase. Requests are alone, and a phase's bandwidth
 * is the one that it begins with.
 *
 * @returns undefined where no link has a trace
 */
export function movingOf(question: PlanQuestion): Moving | undefined {
  const phases = phasesOf(question);
  if (phases.length === 0) return undefined;
  const policies = policiesOf(question, phases);
  if (policies.length === 0) return undefined;
  const latency = phases.map(({ topology }) => policies.map((policy) => latencyIn(policy, topology)));
  const ideal = latency.map((row) => Math.min(...row));
  const time = phases.reduce((sum, { duration_s }) => sum + duration_s, 0);
  const meanOf = (chosen: readonly number[]) =>
    phases.reduce((sum, { duration_s }, phase) => sum + latency[phase]![chosen[phase]!]! * duration_s, 0) / time;
  const regretOf = (chosen: readonly number[]) =>
    Math.max(...phases.map((_, phase) => latency[phase]![chosen[phase]!]! / ideal[phase]! - 1));
  const always = (policy: number) => phases.map(() => policy);
  const indices = policies.map((_, i) => i);
  const least = (of: (policy: number) => number) => indices.reduce((a, b) => (of(b) < of(a) ? b : a));
  const fixed = least((policy) => meanOf(always(policy)));
  const robust = least((policy) => regretOf(always(policy)));
  // A switch costs one request that time, so that over all requests of a second it counts the less, the more there are.
  const switch_s = question.plan.switching / (plannedClass(question)?.rate ?? 1);
  const adaptive = sequence(latency, phases, switch_s);
  const switches = adaptive.flatMap((policy, phase) => (phase > 0 && policy !== adaptive[phase - 1] ? [phase] : []));
  const named = (policy: number) => {
    const { candidate, boundaries } = policies[policy]!;
    const { variant, placement } = candidate;
    return { operator: variant.operator, placement, cut: cutId(variant.model, boundaries) };
  };
  return {
    duration_s: time,
    fixed: { ...named(fixed), mean_s: meanOf(always(fixed)), worst_regret: regretOf(always(fixed)) },
    robust: { ...named(robust), mean_s: meanOf(always(robust)), worst_regret: regretOf(always(robust)) },
    adaptive: {
      mean_s: meanOf(adaptive) + (switches.length * switch_s) / time,
      worst_regret: regretOf(adaptive),
      switches: switches.length,
    },
    switches: [0, ...switches].map((phase) => ({ at_s: phases[phase]!.at_s, ...named(adaptive[phase]!) })),
    phases: phases.map(({ at_s, bandwidths }, phase) => ({
      at_s,
      bandwidths_bps: Object.fromEntries(bandwidths),
      fixed_s: latency[phase]![fixed]!,
      robust_s: latency[phase]![robust]!,
      adaptive_s: latency[phase]![adaptive[phase]!]!,
    })),
  };
}

/** The policy of each phase with the least latency over time, switches included. */
function sequence(latency: readonly (readonly number[])[], phases: readonly Phase[], switch_s: number): number[] {
  const count = latency[0]!.length;
  let cost = Array<number>(count).fill(0);
  const from: number[][] = [];
  for (const [phase, { duration_s }] of phases.entries()) {
    const cheapest = cost.indexOf(Math.min(...cost));
    const origin = cost.map((own, policy) => (phase > 0 && cost[cheapest]! + switch_s < own ? cheapest : policy));
    from.push(origin);
    cost = origin.map(
      (before, policy) => cost[before]! + (before === policy ? 0 : switch_s) + latency[phase]![policy]! * duration_s,
    );
  }
  const chosen = [cost.indexOf(Math.min(...cost))];
  for (let phase = phases.length - 1; phase > 0; phase--) chosen.unshift(from[phase]![chosen[0]!]!);
  return chosen;
}

function policiesOf(question: PlanQuestion, phases: readonly Phase[]): Policy[] {
  const asked: Asked = { ...askedOf(question), objective: "latency" };
  const policies = new Map<string, Policy>();
  for (const topology of new Set(phases.map((phase) => phase.topology))) {
    for (const candidate of candidatesOf({ ...question, topology })) {
      const alone = { ...candidate, ground: { ...candidate.ground, rate: undefined } };
      const found = bestCuts(alone, asked);
      if (!found) continue;
      const { variant, setting, placement, ground } = candidate;
      const key = JSON.stringify([variant.operator, setting, placement, ground.codec, found.boundaries]);
      if (!policies.has(key)) policies.set(key, { candidate: alone, boundaries: found.boundaries });
    }
  }
  return [...policies.values()];
}

function latencyIn({ candidate, boundaries }: Policy, topology: Topology): number {
  const { variant, ground } = candidate;
  const moved =
    candidate.topology.tiers === topology.tiers ? topology : { ...candidate.topology, links: topology.links };
  return chainCost(costsOf("latency", { ...ground, environment: environmentOf(variant.model, moved) }), boundaries);
}

/** What the traces of all links come to, over one repetition of the longest. */
function phasesOf({ scenario, topology }: PlanQuestion): Phase[] {
  const traced = Object.entries(scenario.links).filter(([, { trace }]) => trace);
  if (traced.length === 0) return [];
  const end = Math.max(...traced.map(([, link]) => lengthOf(link)));
  const moments = new Set([0]);
  for (const [, link] of traced) {
    const length = link.repeat ?? end;
    for (let start = 0; start < end; start += length) {
      for (const { at } of link.trace!) if (at < length && start + at < end) moments.add(start + at);
    }
  }
  const times = [...moments].sort((a, b) => a - b);
  const known = new Map<string, Topology>();
  return times.map((at_s, i) => {
    const bandwidths = traced.map(([name, link]) => [name, bandwidthAt(link, at_s)] as const);
    const key = JSON.stringify(bandwidths);
    const own = known.get(key) ?? withBandwidths(topology, new Map(bandwidths));
    known.set(key, own);
    return { at_s, duration_s: (times[i + 1] ?? end) - at_s, topology: own, bandwidths };
  });
}

type TracedLink = Scenario["links"][string];

/** Until a trace begins again; one without an end is taken to keep its last step as long as the steps before it last on average. */
function lengthOf({ trace, repeat }: TracedLink): number {
  if (repeat !== undefined) return repeat;
  const steps = trace!;
  const last = steps.at(-1)!.at;
  return steps.length > 1 ? last + last / (steps.length - 1) : 1;
}

function bandwidthAt({ trace, repeat }: TracedLink, at_s: number): number {
  const moment = repeat === undefined ? at_s : at_s % repeat;
  return (trace!.findLast(({ at }) => at <= moment) ?? trace![0]!).bandwidth;
}

function withBandwidths(topology: Topology, bandwidths: ReadonlyMap<string, number>): Topology {
  return {
    ...topology,
    links: topology.links.map((link) => ({
      ...link,
      bandwidth_bps: bandwidths.get(`${link.from}>${link.to}`) ?? link.bandwidth_bps,
    })),
  };
}
