import { RandomStream } from "../random/index.ts";
import { checkNetwork } from "./check.ts";
import { Columnar, isColumnar } from "./columnar.ts";
import { compilePlan, isPlain } from "./compile.ts";
import { EventCore } from "./eventcore.ts";
import { type ClassTotals, GeneralEngine, type Stay } from "./general.ts";
import { offeredHostLoad, offeredLoad } from "./load.ts";
import type { Network } from "./network.ts";
import type { Engine, VisitTotals } from "./plan.ts";
import { type Estimate, Tally } from "./tally.ts";

export type EngineName = "columnar" | "events" | "general";

export interface SimulateOptions {
  /** @default 1 */
  readonly seed?: number;
  /**
   * Requests that arrive, over all classes; with `precision`, those of the first look.
   * @default 100,000
   */
  readonly requests?: number;
  /** Goes on until each interval's half width is at most this share of its value, such as 0.02. */
  readonly precision?: number;
  /**
   * Requests after which it stops even so.
   * @default 100 times `requests`
   */
  readonly most?: number;
  /**
   * Percentiles of latency to estimate.
   * @default [50, 95, 99]
   */
  readonly percentiles?: readonly number[];
  /**
   * Of the intervals.
   * @default 0.95
   */
  readonly confidence?: number;
  /** @default the fastest that knows all that the network has */
  readonly engine?: EngineName;
  /** Is told each stay at a station; makes the general engine necessary. */
  readonly record?: (stay: Stay) => void;
  readonly onProgress?: (arrived: number) => void;
}

/** What the latencies of some requests are. */
export interface LatencyEstimate {
  readonly counted: number;
  /** Requests at the beginning that were left out as warm-up. */
  readonly warmup: number;
  /** False where no steady state was reached. */
  readonly settled: boolean;
  readonly mean: Estimate;
  /** By name: p50, p95, p99 … */
  readonly percentiles: Readonly<Record<string, Estimate>>;
  readonly min: number;
  readonly max: number;
}

export interface StationOutcome {
  /** Share of server time that was used; mean number of requests served where servers are without limit. */
  readonly utilisation: number;
  /** Mean number of requests that wait. */
  readonly mean_queue: number;
  readonly offered_load: number;
  readonly rejected: number;
  readonly loads: number;
  readonly throttled_share: number;
  readonly down_share: number;
}

export interface HostOutcome {
  readonly offered_load: number;
}

export interface ClassOutcome extends ClassTotals {
  readonly latency: LatencyEstimate;
  /** Stop by stop, means in seconds; service holds the delay after it. */
  readonly stops: readonly { readonly station: string; readonly wait_s: number; readonly service_s: number }[];
}

export interface Outcome {
  readonly engine: EngineName;
  readonly seed: number;
  readonly requests: number;
  readonly events: number;
  readonly simulated_s: number;
  /** Completed requests per simulated second. */
  readonly throughput: number;
  /** Over all classes. */
  readonly latency: LatencyEstimate;
  readonly classes: Readonly<Record<string, ClassOutcome>>;
  readonly stations: Readonly<Record<string, StationOutcome>>;
  readonly hosts: Readonly<Record<string, HostOutcome>>;
  /** Stations and hosts to which more work comes than they can do, and where nothing keeps the queue from growing. */
  readonly overloaded: readonly string[];
  /** Whether every interval is as narrow as was asked for. */
  readonly precise: boolean;
}

/**
 * Simulates a network until so many requests have come, or until the latencies are known as precisely as asked; lets all
 * that are under way complete; and says what it saw.
 *
 * @throws Problem when the network cannot be simulated
 */
export function simulate(network: Network, options: SimulateOptions = {}): Outcome {
  checkNetwork(network);
  const { seed = 1, requests = 100_000, confidence = 0.95, percentiles = [50, 95, 99] } = options;
  const most = Math.max(requests, options.most ?? requests * 100);
  const names = Object.keys(network.classes).sort();
  const all = new Tally();
  const tallies = names.map(() => (names.length > 1 ? new Tally() : all));
  const run = open(network, options, new RandomStream(seed), (latencies, sources, n) => {
    all.add(latencies, n);
    if (names.length === 1) return;
    for (const [source, tally] of tallies.entries()) {
      const own = latencies.subarray(0, n).filter((_, i) => sources[i] === source);
      tally.add(own, own.length);
    }
  });
  const { engine } = run;

  const estimate = (tally: Tally): LatencyEstimate => {
    const { counted, warmup, settled, mean, quantile, min, max } = tally.summary(confidence);
    const named = percentiles.map((percentile) => [`p${percentile}`, quantile(percentile / 100)] as const);
    return { counted, warmup, settled, mean, percentiles: Object.fromEntries(named), min, max };
  };
  const isPrecise = (latency: LatencyEstimate) =>
    options.precision === undefined ||
    [latency.mean, ...Object.values(latency.percentiles)].every(
      ({ value, low, high }) => (high - low) / 2 <= options.precision! * value,
    );

  for (;;) {
    const before = engine.arrived;
    // First as many as asked for, then twice as many each time.
    advance(engine, Math.min(most, Math.max(requests, 2 * before)), options.onProgress);
    if (options.precision === undefined || engine.arrived >= most || engine.arrived === before) break;
    if (all.count > 0 && isPrecise(estimate(all))) break;
  }
  engine.finish();

  const simulated_s = engine.now;
  const load = offeredLoad(network);
  const hostLoad = offeredHostLoad(network);
  const latency = estimate(all);
  const perSecond = (total: number) => (simulated_s > 0 ? total / simulated_s : 0);
  return {
    engine: run.name,
    seed,
    requests: engine.arrived,
    events: engine.events,
    simulated_s,
    throughput: perSecond(all.count),
    latency,
    classes: Object.fromEntries(
      names.map((name, i) => {
        const stops = network.classes[name]!.route.map(({ station }, stop) => {
          const { visits, wait_s, service_s } = run.stop(i, stop);
          const mean = (total: number) => (visits === 0 ? 0 : total / visits);
          return { station, wait_s: mean(wait_s), service_s: mean(service_s) };
        });
        return [name, { ...run.classTotals(i), latency: estimate(tallies[i]!), stops }];
      }),
    ),
    stations: Object.fromEntries(
      Object.entries(network.stations).map(([name, { servers = 1, replicas = 1 }]) => {
        const { busy_s, waiting_s, rejected, loads, throttled_s, down_s } = run.stationTotals(name);
        return [
          name,
          {
            utilisation: perSecond(servers === Number.POSITIVE_INFINITY ? busy_s : busy_s / servers / replicas),
            mean_queue: perSecond(waiting_s),
            offered_load: load[name]!,
            rejected,
            loads,
            throttled_share: perSecond(throttled_s / replicas),
            down_share: perSecond(down_s / replicas),
          },
        ];
      }),
    ),
    hosts: Object.fromEntries(Object.entries(hostLoad).map(([name, offered_load]) => [name, { offered_load }])),
    overloaded: [
      ...Object.keys(network.stations).filter((name) => load[name]! >= 1 && grows(network, name)),
      ...Object.keys(hostLoad).filter(
        (name) => hostLoad[name]! >= 1 && tenantsOf(network, name).some((one) => grows(network, one)),
      ),
    ].sort(),
    precise: isPrecise(latency),
  };
}

function tenantsOf({ stations }: Network, host: string): string[] {
  return Object.keys(stations).filter((name) => stations[name]!.host === host);
}

/** Whether nothing limits a station's queue. */
function grows({ stations, classes }: Network, name: string): boolean {
  const visitors = Object.values(classes).filter(({ route }) => route.some(({ station }) => station === name));
  return stations[name]!.queue_limit === undefined && visitors.some(({ timeout_s }) => timeout_s === undefined);
}

/** Requests between two words of progress. */
const STRIDE = 250_000;

function advance(engine: Engine, target: number, onProgress: ((arrived: number) => void) | undefined): void {
  while (engine.arrived < target) {
    const before = engine.arrived;
    engine.advance(Math.min(target - before, onProgress ? STRIDE : target - before));
    onProgress?.(engine.arrived);
    // The arrivals have come to their end.
    if (engine.arrived === before) return;
  }
}

interface Run {
  readonly name: EngineName;
  readonly engine: Engine;
  stop(source: number, stop: number): VisitTotals;
  classTotals(source: number): ClassTotals;
  stationTotals(station: string): {
    busy_s: number;
    waiting_s: number;
    rejected: number;
    loads: number;
    throttled_s: number;
    down_s: number;
  };
}

type Sink = ConstructorParameters<typeof EventCore>[1];

/** The engine that is asked for, or the fastest that will do. */
function open(network: Network, { engine: asked, record }: SimulateOptions, random: RandomStream, sink: Sink): Run {
  if (asked === "general" || record !== undefined || !isPlain(network)) {
    if (asked !== undefined && asked !== "general") {
      throw new RangeError(`the engine "${asked}" does not know all that the network has`);
    }
    return openGeneral(network, random, sink, record);
  }
  const names = Object.keys(network.classes).sort();
  const { plan, stops } = compilePlan(network, random);
  const columnar = asked === undefined ? isColumnar(plan) : asked === "columnar";
  if (columnar && !isColumnar(plan)) throw new RangeError('the engine "columnar" knows single routes only');
  const completed = names.map(() => 0);
  const counting: Sink = (latencies, sources, n) => {
    if (names.length === 1) completed[0]! += n;
    else for (let i = 0; i < n; i++) completed[sources[i]!]!++;
    sink(latencies, sources, n);
  };
  const engine = columnar ? new Columnar(plan, counting) : new EventCore(plan, counting);
  const stop = (source: number, index: number) => {
    const parts = stops[source]![index]!.map((visit) => engine.totals(visit));
    return { ...parts[0]!, service_s: parts.reduce((sum, { service_s }) => sum + service_s, 0) };
  };
  return {
    name: columnar ? "columnar" : "events",
    engine,
    stop,
    classTotals: (source) => ({
      arrived: completed[source]!,
      completed: completed[source]!,
      rejected: 0,
      timed_out: 0,
      retries: 0,
    }),
    stationTotals: (station) => {
      let busy_s = 0;
      let waiting_s = 0;
      for (const [source, name] of names.entries()) {
        for (const [i, visit] of network.classes[name]!.route.entries()) {
          if (visit.station !== station) continue;
          const totals = engine.totals(stops[source]![i]![0]!);
          busy_s += totals.service_s;
          waiting_s += totals.wait_s;
        }
      }
      return { busy_s, waiting_s, rejected: 0, loads: 0, throttled_s: 0, down_s: 0 };
    },
  };
}

function openGeneral(network: Network, random: RandomStream, sink: Sink, record?: (stay: Stay) => void): Run {
  const names = Object.keys(network.classes).sort();
  const engine = new GeneralEngine(network, random, sink, record);
  const firsts: number[] = [];
  let visits = 0;
  for (const name of names) {
    firsts.push(visits);
    visits += network.classes[name]!.route.length;
  }
  return {
    name: "general",
    engine,
    stop: (source, stop) => engine.totals(firsts[source]! + stop),
    classTotals: (source) => engine.classTotals(names[source]!),
    stationTotals: (station) => engine.stationTotals(station),
  };
}
