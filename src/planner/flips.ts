import { environmentOf } from "../costmodel/index.ts";
import type { PlanFlip } from "../formats/planresult.ts";
import type { Topology } from "../formats/topology.ts";
import type { Candidate } from "./candidates.ts";
import type { Chosen } from "./choice.ts";
import { bestCuts } from "./cuts.ts";
import type { PlanQuestion } from "./question.ts";
import { askedOf } from "./solve.ts";

/** Choices that are followed; those behind them seldom come to the front. */
const FOLLOWED = 12;
/** How far each figure is varied, down and up. */
const STEPS = 6;
const STEP = 2;
const PRECISION = 0.01;

interface Knob {
  readonly path: string;
  readonly now: number;
  readonly turned: (topology: Topology, factor: number) => Topology;
}

/**
 * For each bandwidth and each device speed the nearest value at which another operator or placement becomes as good, in closed
 * form and along the profile's order: where nothing is found within a factor of 64, there is no entry. Closed form knows no
 * queues: under load, the best of requests that are alone (`from`) can be another than the plan's.
 */
export function flipsOf(question: PlanQuestion, choices: readonly Chosen[]): PlanFlip[] {
  const followed = choices.slice(0, FOLLOWED).map(({ candidate }) => original(candidate));
  const [first] = winner(question, followed, (topology) => topology);
  if (!first || followed.length < 2) return [];
  const from = { operator: first.variant.operator, placement: first.placement };
  return knobsOf(question.topology).flatMap((knob) =>
    [1 / STEP, STEP].flatMap((step): PlanFlip[] => {
      const best = (factor: number) => winner(question, followed, (topology) => knob.turned(topology, factor))[0];
      let near = 1;
      for (let i = 1; i <= STEPS; i++) {
        let far = step ** i;
        let other = best(far);
        if (other && same(other, first)) {
          near = far;
          continue;
        }
        if (!other) return [];
        while (Math.abs(far / near - 1) > PRECISION) {
          const middle = Math.sqrt(near * far);
          const found = best(middle);
          if (found && same(found, first)) near = middle;
          else [far, other] = [middle, found ?? other];
        }
        const to = { operator: other.variant.operator, placement: other.placement };
        return [{ path: knob.path, now: knob.now, at: knob.now * far, from, to }];
      }
      return [];
    }),
  );
}

/** A closure's candidate stands on the environment of its partition; here it stands on the profile's own again. */
function original(candidate: Candidate): Candidate {
  const { ground, variant, topology } = candidate;
  const last = variant.model.cuts.length + 1;
  return ground.last === last
    ? candidate
    : { ...candidate, ground: { ...ground, environment: environmentOf(variant.model, topology), last } };
}

function winner(
  question: PlanQuestion,
  candidates: readonly Candidate[],
  turned: (topology: Topology) => Topology,
): Candidate[] {
  const asked = askedOf(question);
  let best: { candidate: Candidate; cost: number } | undefined;
  for (const candidate of candidates) {
    const topology = turned(candidate.topology);
    const environment = environmentOf(candidate.variant.model, topology);
    const moved = { ...candidate, topology, ground: { ...candidate.ground, environment } };
    const found = bestCuts(moved, asked);
    if (found && found.cost < (best?.cost ?? Number.POSITIVE_INFINITY)) best = { candidate: moved, cost: found.cost };
  }
  return best ? [best.candidate] : [];
}

function same(a: Candidate, b: Candidate): boolean {
  return a.variant === b.variant && a.placement === b.placement;
}

/** Bandwidths, both directions of a link together, and speeds of devices other than the profiled host. */
function knobsOf({ links, tiers }: Topology): Knob[] {
  const pairs = links.filter(
    ({ from, to }, i) =>
      links.findIndex((other) => other.from === to && other.to === from) > i ||
      !links.some((other) => other.from === to && other.to === from),
  );
  const bandwidths = pairs.map(
    ({ from, to, bandwidth_bps }): Knob => ({
      path: `topology.links.${from}>${to}.bandwidth`,
      now: bandwidth_bps,
      turned: (topology, factor) => ({
        ...topology,
        links: topology.links.map((link) =>
          (link.from === from && link.to === to) || (link.from === to && link.to === from)
            ? { ...link, bandwidth_bps: link.bandwidth_bps * factor }
            : link,
        ),
      }),
    }),
  );
  const devices = tiers.filter(
    ({ device }, i) => device !== "host" && tiers.findIndex((tier) => tier.device === device) === i,
  );
  const speeds = devices.map(
    ({ device, speed }): Knob => ({
      path: `topology.devices.${device}.speed`,
      now: speed,
      turned: (topology, factor) => ({
        ...topology,
        tiers: topology.tiers.map((tier) => (tier.device === device ? { ...tier, speed: tier.speed * factor } : tier)),
      }),
    }),
  );
  return [...bandwidths, ...speeds];
}
