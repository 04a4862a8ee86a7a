import { median, quantileSorted } from "simple-statistics";
import type { MeasuredRun } from "../../src/formats/runs.ts";
import type { Network } from "../../src/simulator/index.ts";
import type { Pace } from "./pace.ts";

export type Tier = "mobile" | "edge";
export type ByTier<T> = { readonly mobile: T; readonly edge: T };
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
  /** Of the whole process of each tier, a request; where streams say it together, services and what is handled beside them. */
  readonly processor_s: ByTier<number>;
  /** Of the greater message. */
  readonly bits: number;
}

export const byTier = <T>(of: (tier: Tier) => T): ByTier<T> => ({ mobile: of("mobile"), edge: of("edge") });
const byStop = <T>(of: (stop: Stop, tier: Tier) => T): ByStop<T> => ({
  out: of("out", "mobile"),
  there: of("there", "edge"),
  back: of("back", "mobile"),
});
/** Of what was never seen, nothing is known. */
export const ratio = (a: number, b: number) => (a > 0 && b > 0 ? a / b : 1);

const STAGES_AT: ByStop<readonly string[]> = {
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
  const each = requests.map(({ run, waited_s, weight }) => {
    const stops = byStop((stop) => STAGES_AT[stop].reduce((sum, name) => sum + (run.stages[name] ?? 0), 0));
    const rest = run.latency_s! - stops.out - stops.there - stops.back - waited_s;
    return { stops, rest: Math.max(0, rest), weight };
  });
  const rests = each.toSorted((a, b) => a.rest - b.rest);
  return {
    ...byStop((stop) => each.reduce((sum, { stops, weight }) => sum + weight * stops[stop], 0) / total),
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

/** Time in service of a request at each tier, seconds. */
export function servedIn({ out, there, back }: ByStop<number>): ByTier<number> {
  return { mobile: out + back, edge: there };
}

/** What each tier's processor does for a request while it serves none, seconds: messages, memory. */
export function handlingIn(demands: ByStop<number> & Pick<Demands, "processor_s">): ByTier<number> {
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

/** Tiers whose services are a lesser part of their processor time infer nothing. */
const INFERS_FROM = 0.25;

/**
 * What a request's services take at each tier; of a tier that infers nothing, its processor time. (Services are timed by the clock: what the
 * hypervisor takes away is in no process's processor time.)
 */
export function effortOf(demands: Demands): ByTier<number> {
  const served = servedIn(demands);
  const { processor_s } = demands;
  return byTier((tier) => (served[tier] > INFERS_FROM * processor_s[tier] ? served[tier] : processor_s[tier]));
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
