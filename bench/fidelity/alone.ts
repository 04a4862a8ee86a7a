import { median, quantileSorted, sampleVariance } from "simple-statistics";
import type { MeasuredRun } from "../../src/formats/runs.ts";
import type { Network, RateTrace } from "../../src/simulator/index.ts";

type Tier = "mobile" | "edge";
type ByTier<T> = { readonly mobile: T; readonly edge: T };
type Stop = "out" | "there" | "back";
type ByStop<T> = { readonly [stop in Stop]: T };

/** A request of a stream, with what it waited for tiers, seconds. */
export interface StreamRun extends MeasuredRun {
  readonly waited_s: number;
}

/** What requests of one kind take, those that are alone in the house or those among others. Seconds. */
export interface Demands extends ByStop<number> {
  /** Means of the stages at each stop, by the clock: two are at the entering tier, `there` at the other. */
  readonly out: number;
  /** All that is no stage of a tier and no wait for one: quantiles, in equal steps. */
  readonly rest: readonly number[];
  /** Of the whole process of each tier, a request. */
  readonly processor_s: ByTier<number>;
  /** Of the greater message. */
  readonly bits: number;
}

const byTier = <T>(of: (tier: Tier) => T): ByTier<T> => ({ mobile: of("mobile"), edge: of("edge") });
const byStop = <T>(of: (stop: Stop, tier: Tier) => T): ByStop<T> => ({
  out: of("out", "mobile"),
  there: of("there", "edge"),
  back: of("back", "mobile"),
});
const meanOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
/** Of what was never seen, nothing is known. */
const ratio = (a: number, b: number) => (a > 0 && b > 0 ? a / b : 1);

const STAGES: ByStop<readonly string[]> = {
  out: ["mobile_infer", "mobile_encode"],
  there: ["edge_decode", "edge_infer", "edge_encode"],
  back: ["mobile_decode"],
};

/** What all requests of a stream took; the more there are at a time, the more of them among others. */
export function demandsIn(stream: readonly StreamRun[]): Demands {
  return demandsOf(stream.map((run) => ({ run, waited_s: run.waited_s, weight: 1 })));
}

/**
 * What those requests of a stream took that were alone in the house from their sending to their answer. The longer a request takes, the less
 * it stays alone: at a rate of λ with a probability of e^(−λ latency), by whose inverse each counts (Horvitz and Thompson, 1952).
 */
export function aloneIn(stream: readonly StreamRun[]): Demands {
  const sorted = stream.toSorted((a, b) => a.sent_s! - b.sent_s!);
  let free = 0;
  const alone = sorted.filter((run, i) => {
    const next = sorted[i + 1]?.sent_s ?? Number.POSITIVE_INFINITY;
    const left = run.sent_s! + run.latency_s!;
    const isAlone = run.sent_s! >= free && left <= next;
    free = Math.max(free, left);
    return isAlone;
  });
  // A lone request waits for nobody: what it waited is its messages' way.
  return demandsOf(alone.map((run) => ({ run, waited_s: 0, weight: Math.exp(run.rate! * run.latency_s!) })));
}

/** Quantiles that stand for a distribution. */
const QUANTILES = 200;

interface Weighted {
  readonly run: StreamRun;
  readonly waited_s: number;
  readonly weight: number;
}

function demandsOf(requests: readonly Weighted[]): Demands {
  const total = requests.reduce((sum, { weight }) => sum + weight, 0);
  const staged = ({ run: { stages } }: Weighted, stop: Stop) =>
    STAGES[stop].reduce((sum, name) => sum + (stages[name] ?? 0), 0);
  const stops = byStop(
    (stop) => requests.reduce((sum, request) => sum + request.weight * staged(request, stop), 0) / total,
  );
  const rests = requests
    .map((request) => {
      const { out, there, back } = byStop((stop) => staged(request, stop));
      const { run, waited_s, weight } = request;
      return { rest: Math.max(0, run.latency_s! - out - there - back - waited_s), weight };
    })
    .sort((a, b) => a.rest - b.rest);
  return {
    ...stops,
    bits: 8 * median(requests.map(({ run: { bytes } }) => Math.max(0, ...Object.values(bytes)))),
    rest: quantilesOf(rests, total),
    processor_s: byTier((tier) => median(requests.map(({ run }) => run.processor_s![tier]!))),
  };
}

/** @param rests in ascending order */
function quantilesOf(rests: readonly { rest: number; weight: number }[], total: number): number[] {
  let next = 0;
  let below = 0;
  return Array.from({ length: QUANTILES }, (_, i) => {
    while (next < rests.length - 1 && below + rests[next]!.weight < ((i + 0.5) / QUANTILES) * total) {
      below += rests[next]!.weight;
      next++;
    }
    return rests[next]!.rest;
  });
}

/** Time in service of a request at each tier. */
function servedIn({ out, there, back }: ByStop<number>): ByTier<number> {
  return { mobile: out + back, edge: there };
}

/** What each tier's processor does for a request while it serves none: messages, memory. */
function handlingIn(demands: ByStop<number> & Pick<Demands, "processor_s">): ByTier<number> {
  const served = servedIn(demands);
  return byTier((tier) => Math.max(0, demands.processor_s[tier] - served[tier]));
}

/**
 * Shares of the tiers' processors that requests at this rate take. A request finds its tier busy as often as the tier is busy (Wolff,
 * "Poisson arrivals see time averages", 1982), and then takes what one among others takes: an M/G/1 queue with exceptional first services
 * (Welch, 1964).
 */
function utilisationAt(rate: number, alone: Demands, busy: Demands): ByTier<number> {
  return byTier((tier) => {
    const saved = alone.processor_s[tier] - busy.processor_s[tier];
    return Math.min(1, (rate * alone.processor_s[tier]) / (1 + rate * saved));
  });
}

/** The rate at which the busier tier, or else the link, has this utilisation. */
export function rateAt(utilisation: number, alone: Demands, busy: Demands, link_bps: number): number {
  const of = (tier: Tier) =>
    utilisation / (alone.processor_s[tier] + utilisation * (busy.processor_s[tier] - alone.processor_s[tier]));
  return Math.min(of("mobile"), of("edge"), (utilisation * link_bps) / alone.bits);
}

/** What requests take at a rate at which some find their tier busy, and others do not. */
export function amongOthers(rate: number, alone: Demands, busy: Demands): Demands {
  const utilisation = utilisationAt(rate, alone, busy);
  const mixed = (lone: number, among: number, tier: Tier) => lone + utilisation[tier] * (among - lone);
  const stops = byStop((stop, tier) => mixed(alone[stop], busy[stop], tier));
  const handling = { alone: handlingIn(alone), busy: handlingIn(busy) };
  const served = servedIn(stops);
  // Its messages are held up where two others are in the house, as often as in an M/M/1 queue.
  const crowded = Math.round(QUANTILES * Math.max(utilisation.mobile, utilisation.edge) ** 2);
  return {
    ...alone,
    ...stops,
    rest: [...spreadOver(alone.rest, QUANTILES - crowded), ...spreadOver(busy.rest, crowded)],
    processor_s: {
      // The entering tier sends a request on after its inference, and before the next.
      mobile: served.mobile + mixed(handling.alone.mobile, handling.busy.mobile, "mobile"),
      // The other takes it in before its inference, while it serves those of others, which take longer by the clock.
      edge: served.edge + handling.busy.edge,
    },
  };
}

/** @param values in ascending order */
function spreadOver(values: readonly number[], count: number): number[] {
  const sorted = [...values];
  return Array.from({ length: count }, (_, i) => quantileSorted(sorted, (i + 0.5) / count));
}

/**
 * How fast each tier was from one moment to the next, 1 in the mean of its services. A neighbour on the same host presses for
 * some tenths of a second: services hang on those before them, the more, the sooner they follow.
 */
export type Pace = ByTier<RateTrace>;

/** Less is the rounding of sums of seconds. */
const TICK_S = 1e-6;

/** @param stream requests of one stream; what is not seen, because a tier had nothing to do, is taken for the mean */
export function paceIn(stream: readonly StreamRun[]): Pace {
  return byTier((tier): RateTrace => {
    const services = inferencesOf(stream, tier);
    const mean = meanOf(services.map(({ took }) => took));
    let free = 0;
    const steps = services.flatMap(({ took, ended }) => {
      const began = ended - took > free + TICK_S ? ended - took : free;
      const idle = began > free ? [{ at_s: free, rate: 1 }] : [];
      free = Math.max(free, ended);
      return ended > began + TICK_S ? [...idle, { at_s: began, rate: mean / took }] : idle;
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

/** What a round's light and full streams say. */
export interface Round {
  readonly alone: Demands;
  readonly busy: Demands;
}

/** Tiers whose services are a lesser part of their processor time infer nothing. */
const INFERS_FROM = 0.25;

/**
 * What a request's services take at each tier; of a tier that infers nothing, its processor time. (Services are timed by the clock: what the
 * hypervisor takes away is in no process's processor time.)
 */
function effortOf(demands: Demands): ByTier<number> {
  const served = servedIn(demands);
  const { processor_s } = demands;
  return byTier((tier) => (served[tier] > INFERS_FROM * processor_s[tier] ? served[tier] : processor_s[tier]));
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

/** The same requests on a machine that is slower or faster by such factors. */
export function slowed(demands: Demands, slowness: ByTier<number>): Demands {
  // Both tiers have their part in messages.
  const both = Math.sqrt(slowness.mobile * slowness.edge);
  return {
    ...demands,
    ...byStop((stop, tier) => demands[stop] * slowness[tier]),
    rest: demands.rest.map((seconds) => seconds * both),
    processor_s: byTier((tier) => demands.processor_s[tier] * slowness[tier]),
  };
}

/** By which factors a stream's services took longer than expected. */
export function slownessOf(stream: Demands, expected: Demands): ByTier<number> {
  const [own, other] = [effortOf(stream), effortOf(expected)];
  return byTier((tier) => ratio(own[tier], other[tier]));
}

/**
 * The network that these requests make at such moments. A tier serves one request after another, answers first, and then does what is
 * to do for a request beside serving it. The rest of a request's way occupies nothing: the link is wide.
 */
export function networkOf({ rest, ...demands }: Demands, pace: Pace, times_s: readonly number[]): Network {
  const { out, there, back } = demands;
  const handling = handlingIn(demands);
  const pauses = rest.map((own) => Math.max(0, own - handling.mobile - handling.edge));
  return {
    stations: {
      "tier:mobile": { rate: pace.mobile },
      "tier:edge": { rate: pace.edge },
      pause: { servers: Number.POSITIVE_INFINITY },
    },
    classes: {
      request: {
        arrivals: { kind: "trace", times_s },
        route: [
          { station: "tier:mobile", work: out + handling.mobile },
          { station: "pause", work: { kind: "empirical", values: pauses } },
          { station: "tier:edge", work: there + handling.edge },
          { station: "tier:mobile", work: back, ahead: true },
        ],
      },
    },
  };
}
