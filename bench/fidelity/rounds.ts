import { median, sampleVariance } from "simple-statistics";
import { type ByTier, byTier, type Demands, effortOf, handlingIn, ratio, servedIn, slowed } from "./demands.ts";

/** What a round's light and full streams say. */
export interface Round {
  readonly alone: Demands;
  readonly busy: Demands;
}

/**
 * The rounds, all with what their requests take beside services on typical machines, and each at one speed. How fast the machine was in a round is
 * said by both of its streams, by each with noise; how much less requests take among others is the program's.
 */
export function pooled(rounds: readonly Round[]): Round[] {
  const kinds = ["alone", "busy"] as const;
  const ofKind = (kind: (typeof kinds)[number]) => {
    const efforts = rounds.map((round) => effortOf(round[kind]));
    const typical = byTier((tier) => median(efforts.map((effort) => effort[tier])));
    const relative = efforts.map((effort) => byTier((tier) => ratio(effort[tier], typical[tier])));
    const handling = rounds.map((round, i) => {
      const own = handlingIn(round[kind]);
      return byTier((tier) => own[tier] / relative[i]![tier]);
    });
    return { relative, handling: byTier((tier) => median(handling.map((each) => each[tier]))) };
  };
  const [alone, busy] = [ofKind("alone"), ofKind("busy")];
  return rounds.map((round, i) => {
    const at = ({ relative, handling }: typeof alone, demands: Demands): Demands => {
      const slowness = byTier((tier) => Math.sqrt(alone.relative[i]![tier] * busy.relative[i]![tier]));
      const own = slowed(
        demands,
        byTier((tier) => slowness[tier] / relative[i]![tier]),
      );
      const served = servedIn(own);
      return { ...own, processor_s: byTier((tier) => served[tier] + handling[tier] * slowness[tier]) };
    };
    return { alone: at(alone, round.alone), busy: at(busy, round.busy) };
  });
}

/**
 * By how much a stream's slowness is off from what the two others of its round say, as a standard deviation of its logarithm. Where each of the three
 * is off from its minutes' by as much, on its own, two of them differ by √2 of that, and one from the mean of the two others by √1.5.
 */
export function spreadIn(rounds: readonly Round[]): ByTier<number> {
  return byTier((tier) => {
    const logs = rounds.map(({ alone, busy }) => Math.log(ratio(effortOf(alone)[tier], effortOf(busy)[tier])));
    return logs.length > 1 ? Math.sqrt(0.75 * sampleVariance(logs)) : 0;
  });
}
