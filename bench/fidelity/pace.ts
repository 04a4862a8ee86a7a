import { mean } from "simple-statistics";
import type { RateTrace } from "../../src/simulator/index.ts";
import { type ByTier, byTier, demandsIn, handlingIn, type StreamRun, type Tier } from "./demands.ts";

/**
 * How fast each tier was from one moment to the next, 1 in the mean of its services. A neighbour on the same host presses for
 * some tenths of a second: services hang on those before them, the more, the sooner they follow.
 */
export type Pace = ByTier<RateTrace>;

/** Less is the rounding of sums of seconds. */
const TICK_S = 1e-6;

/**
 * @param stream requests of one stream
 * @returns seconds since it began; what is not seen, because a tier had nothing to do, and what comes after the last service, is taken for the mean
 */
export function paceIn(stream: readonly StreamRun[]): Pace {
  return byTier((tier): RateTrace => {
    const services = inferencesOf(stream, tier);
    if (services.length === 0) return { steps: [{ at_s: 0, rate: 1 }] };
    const usual = mean(services.map(({ took }) => took));
    let free = 0;
    const steps = services.flatMap(({ took, ended }) => {
      const began = ended - took > free + TICK_S ? ended - took : free;
      const idle = began > free ? [{ at_s: free, rate: 1 }] : [];
      free = Math.max(free, ended);
      return ended > began + TICK_S ? [...idle, { at_s: began, rate: usual / took }] : idle;
    });
    return { steps: [...steps, { at_s: free, rate: 1 }] };
  });
}

/** A tier's inferences as they ended, seconds since the stream began. The entering tier takes requests as they are sent, one after the other. */
function inferencesOf(stream: readonly StreamRun[], tier: Tier) {
  const handling = handlingIn(demandsIn(stream)).mobile;
  let free = 0;
  return stream
    .toSorted((a, b) => a.sent_s! - b.sent_s!)
    .map(({ sent_s, latency_s, stages }) => {
      const took = stages[`${tier}_infer`] ?? 0;
      const sentOn = Math.max(free, sent_s!) + took;
      free = sentOn + handling;
      return { took, ended: tier === "mobile" ? sentOn : sent_s! + latency_s! };
    })
    .filter(({ took }) => took > 0)
    .sort((a, b) => a.ended - b.ended);
}

/** The same pace, begun after a share of its time, from 0 to 1, and from the start again when it is over. */
export function paceFrom(share: number, pace: Pace): Pace {
  return byTier((tier) => {
    const steps = pace[tier].steps.slice(0, -1);
    const repeat_s = pace[tier].steps.at(-1)!.at_s;
    if (steps.length === 0) return pace[tier];
    const start = share * repeat_s;
    const next = steps.findIndex(({ at_s }) => at_s > start);
    const after = next < 0 ? steps.length : next;
    const moved = (some: RateTrace["steps"], by: number) => some.map(({ at_s, rate }) => ({ at_s: at_s + by, rate }));
    const turned = [
      { at_s: 0, rate: steps[after - 1]!.rate },
      ...moved(steps.slice(after), -start),
      ...moved(steps.slice(0, after), repeat_s - start),
    ];
    return { steps: turned.filter(({ at_s }, i) => i === 0 || at_s < repeat_s), repeat_s };
  });
}
