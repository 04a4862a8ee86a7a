import { median, quantile, sampleVariance } from "simple-statistics";
import type { MeasuredRun } from "../../src/formats/runs.ts";
import type { Network, RateTrace, StationSpec, VisitSpec } from "../../src/simulator/index.ts";

type Tier = "mobile" | "edge";
type ByTier<T> = { readonly mobile: T; readonly edge: T };

/** What a request takes that is alone in the house, from a stream in which many are. Seconds. */
export interface Alone {
  /** Of each request, by tier: the two stops at the entering tier, and the one at the other. */
  readonly out: readonly number[];
  readonly there: readonly number[];
  readonly back: readonly number[];
  /** Of each request: all that is neither a stage of a tier nor the link's rate. */
  readonly rest: readonly number[];
  /** Median. */
  readonly latency_s: number;
  /** Processor seconds a request of the whole process of each tier. */
  readonly processor_s: { readonly mobile: number; readonly edge: number };
  readonly bits: { readonly there: number; readonly back: number };
}

/** Means of what a request takes among others, at a rate that keeps the busier tier busy. Seconds. */
export interface Busy {
  /** As of a lone request, which takes more: it finds threads asleep and caches cold. */
  readonly processor_s: Alone["processor_s"];
  readonly out: number;
  readonly there: number;
  readonly back: number;
}

type Stop = "out" | "there" | "back";
type ByStop = { readonly [stop in Stop]: number };
const byTier = <T>(of: (tier: Tier) => T): ByTier<T> => ({ mobile: of("mobile"), edge: of("edge") });
const byStop = <T>(of: (stop: Stop, tier: Tier) => T) => ({
  out: of("out", "mobile"),
  there: of("there", "edge"),
  back: of("back", "mobile"),
});
const times = (values: readonly number[], factor: number) => values.map((value) => value * factor);
const meanOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
/** Of what was never seen, nothing is known. */
const ratio = (a: number, b: number) => (a > 0 && b > 0 ? a / b : 1);

/** @param stream one that keeps the busier tier busy */
export function busyIn(stream: readonly MeasuredRun[]): Busy {
  const stops = stopsOf(stream);
  return { processor_s: processorSecondsIn(stream), ...byStop((stop) => meanOf(stops[stop])) };
}

/** What a request of the stream took of each tier's process, on average. */
function processorSecondsIn(stream: readonly MeasuredRun[]): Alone["processor_s"] {
  return byTier((tier) => median(stream.map(({ processor_s }) => processor_s![tier]!)));
}

/**
 * Shares of the tiers' processors that requests at this rate take. A request finds its tier busy as often as the tier is busy (Wolff,
 * "Poisson arrivals see time averages", 1982), and then takes what one among others takes: an M/G/1 queue with exceptional first services
 * (Welch, 1964).
 */
function utilisationAt(rate: number, alone: Alone, busy: Busy): ByTier<number> {
  return byTier((tier) => {
    const saved = alone.processor_s[tier] - busy.processor_s[tier];
    return Math.min(1, (rate * alone.processor_s[tier]) / (1 + rate * saved));
  });
}

/** The rate at which the busier tier, or else the link, has this utilisation. */
export function rateAt(utilisation: number, alone: Alone, busy: Busy, link_bps: number): number {
  const of = (tier: Tier) =>
    utilisation / (alone.processor_s[tier] + utilisation * (busy.processor_s[tier] - alone.processor_s[tier]));
  return Math.min(of("mobile"), of("edge"), (utilisation * link_bps) / alone.bits.there);
}

/** Lone requests, with what they take on average at a rate at which some find their tier busy. */
export function amongOthers(rate: number, alone: Alone, busy: Busy): Alone {
  const utilisation = utilisationAt(rate, alone, busy);
  const mixed = (lone: number, among: number, tier: Tier) => lone + utilisation[tier] * (among - lone);
  return {
    ...alone,
    ...byStop((stop, tier) => {
      const mean = meanOf(alone[stop]);
      return times(alone[stop], ratio(mixed(mean, busy[stop], tier), mean));
    }),
    processor_s: byTier((tier) => mixed(alone.processor_s[tier], busy.processor_s[tier], tier)),
  };
}

/**
 * How fast each tier was from one moment to the next, 1 in the mean of its services, and from the start again when it is over. A
 * neighbour on the same host presses for some tenths of a second: services hang on those before them, the more, the sooner they follow.
 */
export type Pace = ByTier<RateTrace>;

/** Less is the rounding of sums of seconds. */
const TICK_S = 1e-6;

/** @param stream requests of one stream; what is not seen, because a tier had nothing to do, is taken for the mean */
export function paceIn(stream: readonly MeasuredRun[]): Pace {
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
    return steps.length > 0 ? { steps, repeat_s: free } : { steps: [{ at_s: 0, rate: 1 }] };
  });
}

/** A tier's inferences as they ended, seconds since the stream began. The entering tier takes requests as they are sent, one after the other. */
function inferencesOf(stream: readonly MeasuredRun[], tier: Tier) {
  let free = 0;
  return stream
    .toSorted((a, b) => a.sent_s! - b.sent_s!)
    .map(({ sent_s, latency_s, stages }) => {
      const took = stages[`${tier}_infer`] ?? 0;
      free = Math.max(free, sent_s!) + took;
      return { took, ended: tier === "mobile" ? free : sent_s! + latency_s! };
    })
    .filter(({ took }) => took > 0)
    .sort((a, b) => a.ended - b.ended);
}

/** The same pace, begun after a share of its time, from 0 to 1. */
export function paceFrom(share: number, pace: Pace): Pace {
  return byTier((tier) => {
    const { steps, repeat_s } = pace[tier];
    if (repeat_s === undefined) return pace[tier];
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
  readonly alone: Alone;
  readonly busy: Busy;
}

/**
 * What a request's services take at each tier; of a tier that infers nothing, its processor time. (Services are timed by the clock: what the
 * hypervisor takes away is in no process's processor time.)
 */
function effortOf({ processor_s, ...stops }: ByStop & Pick<Alone, "processor_s">): ByTier<number> {
  const served = { mobile: stops.out + stops.back, edge: stops.there };
  return byTier((tier) => (served[tier] > processor_s[tier] / 2 ? served[tier] : processor_s[tier]));
}

const loneEffort = (alone: Alone) => effortOf({ ...alone, ...byStop((stop) => meanOf(alone[stop])) });

/**
 * The rounds, each with what a request takes in all of them and the speed of its own. What lone requests take, and how much
 * less they take among others, is the program's; how fast the machine was in a round is said by both of its streams, by each with noise.
 */
export function pooled(rounds: readonly Round[]): Round[] {
  const efforts = rounds.map(({ alone, busy }) => ({ alone: loneEffort(alone), busy: effortOf(busy) }));
  const typical = {
    alone: byTier((tier) => median(efforts.map(({ alone }) => alone[tier]))),
    busy: byTier((tier) => median(efforts.map(({ busy }) => busy[tier]))),
  };
  const among = {
    ...byStop((stop) => median(rounds.map(({ alone, busy }) => ratio(busy[stop], meanOf(alone[stop]))))),
    processor_s: byTier((tier) =>
      median(rounds.map(({ alone, busy }) => ratio(busy.processor_s[tier], alone.processor_s[tier]))),
    ),
  };
  return rounds.map(({ alone }, round) => {
    const { alone: lone, busy } = efforts[round]!;
    const slowness = byTier((tier) =>
      Math.sqrt(ratio(lone[tier], typical.alone[tier]) * ratio(busy[tier], typical.busy[tier])),
    );
    const own = slowed(
      alone,
      byTier((tier) => ratio(typical.alone[tier], lone[tier]) * slowness[tier]),
    );
    return {
      alone: own,
      busy: {
        ...byStop((stop) => meanOf(own[stop]) * among[stop]),
        processor_s: byTier((tier) => own.processor_s[tier] * among.processor_s[tier]),
      },
    };
  });
}

/**
 * By how much a stream's slowness is off from what the two others of its round say, as a standard deviation of its logarithm. Where each of the three
 * is off from its minutes' by as much, on its own, two of them differ by √2 of that, and one from the mean of the two others by √1.5.
 */
export function spreadIn(rounds: readonly Round[]): ByTier<number> {
  return byTier((tier) => {
    const logs = rounds.map(({ alone, busy }) => Math.log(ratio(loneEffort(alone)[tier], effortOf(busy)[tier])));
    return logs.length > 1 ? Math.sqrt(0.75 * sampleVariance(logs)) : 0;
  });
}

/** The same requests on a machine that is slower or faster by such factors. */
export function slowed(alone: Alone, slowness: ByTier<number>): Alone {
  return {
    ...alone,
    ...byStop((stop, tier) => times(alone[stop], slowness[tier])),
    processor_s: byTier((tier) => alone.processor_s[tier] * slowness[tier]),
  };
}

/** By which factors these requests' services took longer than expected. */
export function slownessOf(stream: readonly MeasuredRun[], expected: Alone): ByTier<number> {
  const [own, other] = [effortOf(busyIn(stream)), loneEffort(expected)];
  return byTier((tier) => ratio(own[tier], other[tier]));
}

/** Where the two tiers run: cores of their own, or all of them on one machine with so many. */
export type Sharing = { readonly cores: number } | "own";

function stopsOf(runs: readonly MeasuredRun[]): { readonly [stop in Stop]: number[] } {
  const sums = (names: readonly string[]) =>
    runs.map(({ stages }) => names.reduce((total, name) => total + (stages[name] ?? 0), 0));
  return {
    out: sums(["mobile_infer", "mobile_encode"]),
    there: sums(["edge_decode", "edge_infer", "edge_encode"]),
    back: sums(["mobile_decode"]),
  };
}

/** @param stream requests of one stream, with the moments at which they were sent */
export function aloneIn(stream: readonly MeasuredRun[], link_bps: number): Alone {
  const sorted = stream.toSorted((a, b) => a.sent_s! - b.sent_s!);
  let free = 0;
  const alone = sorted.filter((run, i) => {
    const next = sorted[i + 1]?.sent_s ?? Number.POSITIVE_INFINITY;
    const left = run.sent_s! + run.latency_s!;
    const isAlone = run.sent_s! >= free && left <= next;
    free = Math.max(free, left);
    return isAlone;
  });
  const bitsOf = (name: string) => median(alone.map(({ bytes }) => 8 * (bytes[name] ?? 0)));
  const bits = { there: bitsOf("mobile>edge"), back: bitsOf("edge>mobile") };
  const { out, there, back } = stopsOf(alone);
  return {
    ...{ out, there, back, bits },
    rest: alone.map(({ latency_s }, i) =>
      Math.max(0, latency_s! - out[i]! - there[i]! - back[i]! - (bits.there + bits.back) / link_bps),
    ),
    latency_s: median(alone.map(({ latency_s }) => latency_s!)),
    processor_s: processorSecondsIn(alone),
  };
}

/** Quantile of what lone requests spend beside stages that is taken for the least: a few are timed short. */
const LEAST = 0.1;

/**
 * The network that these requests make at such moments. A tier serves one request after another, answers first; what its process
 * does beside that (messages, memory) takes processor time of its host, for which it shares the cores with the tier. The least that a
 * lone request spends beside stages is on its way, after the stages at the entering tier, since it is nearly all sending; the rest of
 * that processor time is not. What it spends beyond the least is a pause that occupies nothing.
 */
export function networkOf(
  alone: Alone,
  pace: Pace,
  link_bps: number,
  times_s: readonly number[],
  sharing: Sharing,
): Network {
  const { out, there, back, rest, processor_s, bits } = alone;
  const beside = {
    mobile: Math.max(0, processor_s.mobile - meanOf(out) - meanOf(back)),
    edge: Math.max(0, processor_s.edge - meanOf(there)),
  };
  const handling = beside.mobile + beside.edge;
  const least = quantile([...rest], LEAST);
  const onTheWay = handling > 0 ? Math.min(1, least / handling) : 0;
  const pauses = rest.map((own) => Math.max(0, own - onTheWay * handling));
  const hostOf = (tier: string) => (sharing === "own" ? tier : "machine");
  const tier = (name: Tier): Record<string, StationSpec> => ({
    [`tier:${name}`]: { host: hostOf(name), rate: pace[name] },
    [`messages:${name}`]: { servers: Number.POSITIVE_INFINITY, host: hostOf(name), rate: pace[name] },
  });
  const link: StationSpec = { discipline: "sharing", rate: link_bps };
  const messages = (name: Tier, share: number): VisitSpec => ({
    station: `messages:${name}`,
    work: beside[name] * share,
  });
  const arrivals = { kind: "trace" as const, times_s };
  return {
    hosts: sharing === "own" ? { mobile: { cores: 1 }, edge: { cores: 1 } } : { machine: sharing },
    stations: {
      ...tier("mobile"),
      ...tier("edge"),
      up: link,
      down: link,
      pause: { servers: Number.POSITIVE_INFINITY },
    },
    classes: {
      request: {
        arrivals,
        route: [
          { station: "pause", work: { kind: "empirical", values: pauses } },
          { station: "tier:mobile", work: meanOf(out) },
          messages("mobile", onTheWay),
          { station: "up", work: bits.there },
          messages("edge", onTheWay),
          { station: "tier:edge", work: meanOf(there) },
          { station: "down", work: bits.back },
          { station: "tier:mobile", work: meanOf(back), ahead: true },
        ],
      },
      upkeep: {
        arrivals,
        route: [
          // A lone request does not wait for it: it falls on those that come after.
          { station: "pause", work: alone.latency_s },
          messages("mobile", 1 - onTheWay),
          messages("edge", 1 - onTheWay),
        ],
      },
    },
  };
}
