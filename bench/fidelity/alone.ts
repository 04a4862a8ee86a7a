import { median, quantile } from "simple-statistics";
import type { MeasuredRun } from "../../src/formats/runs.ts";
import type { Distribution, Network, StationSpec, VisitSpec } from "../../src/simulator/index.ts";

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

/**
 * Processor seconds of each tier's whole process that a request takes among others, at a rate that keeps the busier tier busy: less
 * than a lone one, which finds threads asleep and caches cold.
 */
export type Busy = Alone["processor_s"];

const byTier = (of: (tier: "mobile" | "edge") => number) => ({ mobile: of("mobile"), edge: of("edge") });

/** What a request of the stream took of each tier's process, on average. */
export function processorSecondsIn(stream: readonly MeasuredRun[]): Alone["processor_s"] {
  return byTier((tier) => median(stream.map(({ processor_s }) => processor_s![tier]!)));
}

/**
 * Shares of the tiers' processors that requests at this rate take. A request finds its tier busy as often as the tier is busy (Wolff,
 * "Poisson arrivals see time averages", 1982), and then takes what one among others takes: an M/G/1 queue with exceptional first services
 * (Welch, 1964).
 */
function utilisationAt(rate: number, alone: Alone, busy: Busy): { readonly mobile: number; readonly edge: number } {
  return byTier((tier) => {
    const saved = alone.processor_s[tier] - busy[tier];
    return Math.min(1, (rate * alone.processor_s[tier]) / (1 + rate * saved));
  });
}

/** The rate at which the busier tier, or else the link, has this utilisation. */
export function rateAt(utilisation: number, alone: Alone, busy: Busy, link_bps: number): number {
  const of = (tier: "mobile" | "edge") =>
    utilisation / (alone.processor_s[tier] + utilisation * (busy[tier] - alone.processor_s[tier]));
  return Math.min(of("mobile"), of("edge"), (utilisation * link_bps) / alone.bits.there);
}

/** Lone requests, with the processor time that they take on average at a rate at which some find their tier busy. */
export function amongOthers(rate: number, alone: Alone, busy: Busy): Alone {
  const utilisation = utilisationAt(rate, alone, busy);
  const mixed = (tier: "mobile" | "edge") =>
    alone.processor_s[tier] + utilisation[tier] * (busy[tier] - alone.processor_s[tier]);
  return { ...alone, processor_s: byTier(mixed) };
}

/** What a round's light and full streams say. */
export interface Round {
  readonly alone: Alone;
  readonly busy: Busy;
}

/**
 * The rounds, each with what a request takes of processors in all of them and the speed of its own. What lone requests take, and how much
 * less they take among others, is the program's; how fast the machine was in a round is said by both of its streams, by each with noise.
 */
export function pooled(rounds: readonly Round[]): Round[] {
  const typical = {
    alone: byTier((tier) => median(rounds.map(({ alone }) => alone.processor_s[tier]))),
    busy: byTier((tier) => median(rounds.map(({ busy }) => busy[tier]))),
  };
  return rounds.map(({ alone, busy }) => {
    const slowness = byTier((tier) =>
      Math.sqrt((alone.processor_s[tier] / typical.alone[tier]) * (busy[tier] / typical.busy[tier])),
    );
    const at = (processor_s: Busy) => byTier((tier) => processor_s[tier] * slowness[tier]);
    return { alone: taking(at(typical.alone), alone), busy: at(typical.busy) };
  });
}

/** The same requests on a machine that is slower or faster by what they take of processors there, seconds. */
export function taking(processor_s: Busy, alone: Alone): Alone {
  const slowness = byTier((tier) => processor_s[tier] / alone.processor_s[tier]);
  const times = (values: readonly number[], factor: number) => values.map((value) => value * factor);
  return {
    ...alone,
    out: times(alone.out, slowness.mobile),
    back: times(alone.back, slowness.mobile),
    there: times(alone.there, slowness.edge),
    processor_s,
  };
}

/** Where the two tiers run: cores of their own, or all of them on one machine with so many. */
export type Sharing = { readonly cores: number } | "own";

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
  const sum = ({ stages }: MeasuredRun, names: readonly string[]) =>
    names.reduce((total, name) => total + (stages[name] ?? 0), 0);
  const bitsOf = (name: string) => median(alone.map(({ bytes }) => 8 * (bytes[name] ?? 0)));
  const bits = { there: bitsOf("mobile>edge"), back: bitsOf("edge>mobile") };
  const out = alone.map((run) => sum(run, ["mobile_infer", "mobile_encode"]));
  const there = alone.map((run) => sum(run, ["edge_decode", "edge_infer", "edge_encode"]));
  const back = alone.map((run) => sum(run, ["mobile_decode"]));
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

const meanOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

/**
 * The network that these requests make at such moments. A tier serves one request after another, answers first; what its process
 * does beside that (messages, memory) takes processor time of its host, for which it shares the cores with the tier. The least that a
 * lone request spends beside stages is on its way, after the stages at the entering tier, since it is nearly all sending; the rest of
 * that processor time is not. What it spends beyond the least is a pause that occupies nothing.
 */
export function networkOf(alone: Alone, link_bps: number, times_s: readonly number[], sharing: Sharing): Network {
  const { out, there, back, rest, processor_s, bits } = alone;
  const beside = {
    mobile: Math.max(0, processor_s.mobile - meanOf(out) - meanOf(back)),
    edge: Math.max(0, processor_s.edge - meanOf(there)),
  };
  const handling = beside.mobile + beside.edge;
  const least = quantile([...rest], LEAST);
  const onTheWay = handling > 0 ? Math.min(1, least / handling) : 0;
  const empirical = (values: readonly number[]): Distribution => ({ kind: "empirical", values });
  const hostOf = (tier: string) => (sharing === "own" ? tier : "machine");
  const tier = (name: string): Record<string, StationSpec> => ({
    [`tier:${name}`]: { host: hostOf(name) },
    [`messages:${name}`]: { servers: Number.POSITIVE_INFINITY, host: hostOf(name) },
  });
  const link: StationSpec = { discipline: "sharing", rate: link_bps };
  const messages = (name: "mobile" | "edge", share: number): VisitSpec => ({
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
          { station: "pause", work: empirical(rest.map((own) => Math.max(0, own - onTheWay * handling))) },
          { station: "tier:mobile", work: empirical(out) },
          messages("mobile", onTheWay),
          { station: "up", work: bits.there },
          messages("edge", onTheWay),
          { station: "tier:edge", work: empirical(there) },
          { station: "down", work: bits.back },
          { station: "tier:mobile", work: empirical(back), ahead: true },
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
