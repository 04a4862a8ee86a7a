import { type CostModel, environmentOf, parsePlacement, placementName } from "../costmodel/index.ts";
import { unknownName } from "../formats/names.ts";
import { Problem } from "../formats/problem.ts";
import type { CodecName } from "../formats/profile.ts";
import type { Topology } from "../formats/topology.ts";
import { type Ground, linksOf } from "./measures.ts";
import type { PlanQuestion, VariantModel } from "./question.ts";
import { type Setting, settingsOf, withServers, withThreads } from "./settings.ts";
import { plannedClass } from "./workload.ts";

/** A choice without its cuts. */
export interface Candidate {
  readonly variant: VariantModel;
  readonly setting: Setting;
  readonly topology: Topology;
  readonly placement: string;
  readonly ground: Ground;
  /** Numbers of the boundaries that inputs of the model cross; there is none where raw input may leave. */
  readonly forbidden: ReadonlySet<number>;
}

/**
 * Every operator × setting × placement × codec that the plan's constraints on these allow.
 *
 * @throws Problem when a constraint names what is not there, or nothing is left
 */
export function candidatesOf(question: PlanQuestion): Candidate[] {
  const { plan, topology, scenario } = question;
  checkNames(question);
  const rate = plannedClass(question)?.rate;
  const variants = question.variants.filter((variant) => allowsVariant(question, variant));
  if (variants.length === 0) throw new Problem(noVariant(question));
  const placements = placementsOf(question);
  const candidates: Candidate[] = [];
  const lacking = new Set<string>();
  for (const setting of settingsOf(question)) {
    const threaded = withThreads(topology, setting);
    const served = withServers(scenario, setting);
    for (const variant of variants) {
      const { model } = variant;
      const environment = environmentOf(model, threaded);
      const forbidden = plan.constraints.raw_input_stays ? inputBoundaries(variant) : NONE;
      for (const tiers of placements) {
        const missing = tiers.find((tier) => !environment.places[tier]!.tables);
        if (missing !== undefined) {
          const { name, threads } = threaded.tiers[missing]!;
          lacking.add(`${variant.operator} with ${threads} threads for tier "${name}"`);
          continue;
        }
        if (tiers.length - 1 > model.cuts.length) continue;
        for (const codec of codecsOf(model, plan.codecs ?? [topology.codec])) {
          const ground = { scenario: served, environment, tiers, codec, last: model.cuts.length + 1, rate };
          candidates.push({
            variant,
            setting,
            topology: threaded,
            placement: placementName(topology, tiers),
            ground,
            forbidden,
          });
        }
      }
    }
  }
  if (lacking.size > 0) {
    throw new Problem(`there is no profile of ${[...lacking].join(", ")}; take it with tierwise profile --threads`);
  }
  if (candidates.length === 0) throw new Problem("no placement is left: each needs more cuts than a variant has");
  return candidates;
}

const NONE: ReadonlySet<number> = new Set();

/** Boundaries at which an input of the model is among what crosses, the first one included. */
function inputBoundaries({ model, profiles }: VariantModel): ReadonlySet<number> {
  const [profile] = profiles;
  const inputs = new Set(profile!.model.inputs);
  const crossing = new Set(
    profile!.cuts.filter(({ tensors }) => tensors.some((tensor) => inputs.has(tensor))).map(({ id }) => id),
  );
  return new Set([0, ...model.cuts.flatMap((id, i) => (crossing.has(id) ? [i + 1] : []))]);
}

function codecsOf({ codecs, name }: CostModel, asked: readonly CodecName[]): CodecName[] {
  for (const codec of asked) {
    if (!codecs.includes(codec)) throw unknownName("codec", codec, codecs, `${name} was profiled without it`);
  }
  return [...asked];
}

/** Every chain of tiers in their order, or those that the plan names, that constraints on tiers and links allow. */
function placementsOf({ plan, topology, variants }: PlanQuestion): number[][] {
  const { tiers: tierLimits, links: linkLimits, raw_input_stays } = plan.constraints;
  const all = plan.placements?.map((placement) => parsePlacement(topology, placement)) ?? chains(topology.tiers.length);
  const environment = environmentOf(variants[0]!.model, topology);
  const name = (tier: number) => topology.tiers[tier]!.name;
  const kept = all.filter((tiers) => {
    if (tierLimits?.only && !tiers.every((tier) => tierLimits.only!.includes(name(tier)))) return false;
    if (tierLimits?.not && tiers.some((tier) => tierLimits.not!.includes(name(tier)))) return false;
    if (raw_input_stays && tiers[0] !== environment.enters) return false;
    const crossed = linksOf(environment, tiers).map(({ link }) => `${link.from}>${link.to}`);
    return !linkLimits?.not || !crossed.some((link) => linkLimits.not!.includes(link));
  });
  if (kept.length === 0) {
    throw new Problem(
      `no placement is left of ${all.map((tiers) => placementName(topology, tiers)).join(", ")}: the constraints on tiers, ` +
        "links and raw input exclude all of them; lift one",
    );
  }
  return kept;
}

/** Every non-empty subset of so many tiers, in their order: single ones first. */
function chains(count: number): number[][] {
  const subsets = Array.from({ length: 2 ** count - 1 }, (_, i) =>
    Array.from({ length: count }, (_, tier) => tier).filter((tier) => ((i + 1) >> tier) & 1),
  );
  return subsets.sort((a, b) => a.length - b.length);
}

function allowsVariant({ plan }: PlanQuestion, { operator, accuracy }: VariantModel): boolean {
  const { operators, accuracy_at_least: least } = plan.constraints;
  if (operators?.only && !operators.only.includes(operator)) return false;
  if (operators?.not?.includes(operator)) return false;
  return least === undefined || (accuracy !== undefined && accuracy.value >= least);
}

function noVariant({ plan, variants }: PlanQuestion): string {
  const { accuracy_at_least: least } = plan.constraints;
  const known = variants.flatMap(({ operator, accuracy }) => (accuracy ? [{ operator, value: accuracy.value }] : []));
  const best = known.toSorted((a, b) => b.value - a.value)[0];
  if (least === undefined) return "constraints.operators leave none of the variants; lift one";
  if (!best)
    return `no variant has a known accuracy, and constraints.accuracy_at_least asks for ${least}; give variants their accuracy`;
  return (
    `no variant that the constraints allow has an accuracy of ${least} or more; ` +
    `the best known is ${best.value} of ${best.operator}`
  );
}

function checkNames({ plan, topology, variants }: PlanQuestion): void {
  const { tiers, operators, links } = plan.constraints;
  const check = (kind: string, asked: readonly string[] | undefined, known: readonly string[]) => {
    for (const name of asked ?? [])
      if (!known.includes(name)) throw unknownName(kind, name, known, "plan.constraints names it");
  };
  const tierNames = topology.tiers.map(({ name }) => name);
  const operatorNames = variants.map(({ operator }) => operator);
  for (const limits of [tiers?.only, tiers?.not]) check("tier", limits, tierNames);
  for (const limits of [operators?.only, operators?.not]) check("operator", limits, operatorNames);
  check(
    "link",
    links?.not,
    topology.links.map(({ from, to }) => `${from}>${to}`),
  );
}
