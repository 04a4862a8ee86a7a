import type { Objective } from "../formats/plan.ts";
import type { Profile } from "../formats/profile.ts";
import { candidatesOf } from "./candidates.ts";
import { type Chosen, chosen } from "./choice.ts";
import { type ClosureGraph, closureGraph } from "./closuregraph.ts";
import { cheaperClosure } from "./closures.ts";
import { bestCuts, type Found, type Limit } from "./cuts.ts";
import { linksOf } from "./measures.ts";
import { addsUp } from "./pricing.ts";
import type { PlanQuestion } from "./question.ts";

/** What a search found, in closed form. */
export interface Solved {
  /** Each candidate with its best cuts, best first; candidates that cannot keep to the limits are left out. */
  readonly choices: readonly Chosen[];
  readonly candidates: number;
  /** Candidates whose cuts along all orders were searched. */
  readonly closures: number;
  /** Whether the first choice is the best over all downward-closed cuts, and not only over those along the profile's order. */
  readonly exact: boolean;
}

export interface SearchOptions {
  /** Whether cuts along other orders than the profile's are searched, too. @default true */
  readonly anyOrder?: boolean;
}

export function limitsOf({ plan }: PlanQuestion): Limit[] {
  const { latency_at_most, energy_at_most, price_at_most, bytes_at_most } = plan.constraints;
  const limit = (measure: Limit["measure"], most: number | undefined) =>
    most === undefined ? [] : [{ measure, most }];
  return [
    ...limit("latency", latency_at_most),
    ...limit("energy", energy_at_most?.amount),
    ...limit("price", price_at_most === undefined ? undefined : price_at_most / 1000),
    ...limit("bytes", bytes_at_most?.amount),
  ];
}

/**
 * Searches every operator, setting, placement, codec and cut. Cuts along the profile's order are searched for every
 * candidate, exactly, and so are those along all others where profiles know their graphs' edges.
 */
export function solve(question: PlanQuestion, { anyOrder = true }: SearchOptions = {}): Solved {
  const { plan } = question;
  const limits = limitsOf(question);
  const candidates = candidatesOf(question);
  const found = candidates
    .flatMap((candidate) => bestCuts(candidate, plan.objective, limits, plan.constraints.throughput_at_least) ?? [])
    .filter(({ cost }) => Number.isFinite(cost))
    .sort((a, b) => a.cost - b.cost);
  const improved =
    anyOrder && plan.objective !== "throughput" ? withClosures(found, plan.objective, limits) : undefined;
  const choices = (
    improved?.choices ?? found.map(({ candidate, boundaries, cost }) => chosen(candidate, boundaries, cost))
  ).sort((a, b) => a.cost - b.cost);
  return {
    choices,
    candidates: candidates.length,
    closures: improved?.searched ?? 0,
    exact: choices.length > 0 && isExact(choices[0]!, improved?.complete ?? false, limits),
  };
}

/** @returns how many were searched, and whether every profile knew its graph's edges */
function withClosures(found: readonly Found[], objective: Exclude<Objective, "throughput">, limits: readonly Limit[]) {
  const graphs = new Map<Profile, ClosureGraph | undefined>();
  const graphOf = (profile: Profile) => {
    if (!graphs.has(profile)) graphs.set(profile, closureGraph(profile));
    return graphs.get(profile);
  };
  let searched = 0;
  let complete = true;
  const choices = found.map((one) => {
    const { candidate, boundaries, cost } = one;
    const plain = () => chosen(candidate, boundaries, cost);
    if (candidate.ground.tiers.length < 2) return plain();
    const own = candidate.variant.profiles.map(graphOf);
    if (!own.every((graph) => graph !== undefined)) {
      complete = false;
      return plain();
    }
    const cheaper = cheaperClosure(one, own as ClosureGraph[], objective, limits);
    searched++;
    if (!cheaper) return plain();
    return chosen(cheaper.candidate, cheaper.boundaries, cheaper.cost, cheaper);
  });
  return { choices, searched, complete };
}

function isExact({ candidate }: Chosen, complete: boolean, limits: readonly Limit[]): boolean {
  const { world, tiers, rate } = candidate.ground;
  const links = linksOf(world, tiers).map(({ link }) => link);
  return complete && limits.length === 0 && rate === undefined && addsUp(candidate.topology, tiers, links);
}

/** The best choice of each operator and placement, best first. */
export function bestOfEach(choices: readonly Chosen[]): Chosen[] {
  const seen = new Set<string>();
  return choices.filter((choice) => {
    const key = `${choice.candidate.variant.operator} ${choice.candidate.placement}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}
