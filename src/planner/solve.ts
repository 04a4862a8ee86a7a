import type { CostModel } from "../costmodel/index.ts";
import type { Profile } from "../formats/profile.ts";
import { candidatesOf } from "./candidates.ts";
import { type Chosen, chosen } from "./choice.ts";
import { type ClosureGraph, closureGraph } from "./closuregraph.ts";
import { cheaperClosure } from "./closures.ts";
import { type Asked, bestCuts, type Found, type Limit } from "./cuts.ts";
import { linksOf, type Measure } from "./measures.ts";
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

export function askedOf(question: PlanQuestion): Asked {
  const { objective, constraints } = question.plan;
  return { objective, limits: limitsOf(question), leastThroughput: constraints.throughput_at_least };
}

/**
 * Searches every operator, setting, placement, codec and cut. Cuts along the profile's order are searched for every
 * candidate, exactly; those along all others where they could still beat the best choice so far.
 */
export function solve(question: PlanQuestion, { anyOrder = true }: SearchOptions = {}): Solved {
  const asked = askedOf(question);
  const { objective, limits } = asked;
  const candidates = candidatesOf(question);
  const found = candidates
    .flatMap((candidate) => bestCuts(candidate, asked) ?? [])
    .filter(({ cost }) => Number.isFinite(cost))
    .sort((a, b) => a.cost - b.cost);
  const improved = anyOrder && objective !== "throughput" ? withClosures(found, { ...asked, objective }) : undefined;
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
function withClosures(found: readonly Found[], asked: Asked<Measure>) {
  const graphs = new Map<Profile, ClosureGraph | undefined>();
  const graphOf = (profile: Profile, model: CostModel) => {
    if (!graphs.has(profile)) graphs.set(profile, closureGraph(profile, model));
    return graphs.get(profile);
  };
  let best = found[0]?.cost ?? Number.POSITIVE_INFINITY;
  let searched = 0;
  let complete = true;
  const choices = found.map((one) => {
    const { candidate, boundaries, cost } = one;
    const plain = () => chosen(candidate, boundaries, cost);
    if (candidate.ground.tiers.length < 2) return plain();
    const own = candidate.variant.profiles.map((profile) => graphOf(profile, candidate.variant.model));
    if (!own.every((graph) => graph !== undefined)) {
      complete = false;
      return plain();
    }
    const cheaper = cheaperClosure(one, own as ClosureGraph[], asked, best);
    if (cheaper === "hopeless") return plain();
    searched++;
    if (!cheaper) return plain();
    best = Math.min(best, cheaper.cost);
    return chosen(cheaper.candidate, cheaper.boundaries, cheaper.cost, cheaper);
  });
  return { choices, searched, complete };
}

function isExact({ candidate }: Chosen, complete: boolean, limits: readonly Limit[]): boolean {
  const { environment, tiers, rate } = candidate.ground;
  const links = linksOf(environment, tiers).map(({ link }) => link);
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
