/**
 * Simulated against measured latency percentiles under load: `npm run bench:fidelity -- --load`. Poisson streams are sent to two tiers
 * of this machine at shares of what the busiest of tiers and link can do. The simulator is given a light stream's requests that were alone, those
 * of one at a rate that just keeps a tier busy, and the moments at which the others' were sent, and nothing of what became of those; then, since
 * the machine is slower in one minute, and one tenth of a second, than in another, how fast it was at theirs, too.
 */
import os from "node:os";
import { quantile } from "simple-statistics";
import { table } from "../../src/cli/output.ts";
import { RandomStream } from "../../src/random/index.ts";
import { simulate } from "../../src/simulator/index.ts";
import { type RunTable, readRuns } from "../../src/store/index.ts";
import {
  aloneIn,
  amongOthers,
  type Demands,
  demandsIn,
  networkOf,
  rateAt,
  type StreamRun,
  slowed,
  slownessOf,
} from "./demands.ts";
import { percent } from "./errors.ts";
import { type Pace, paceFrom, paceIn } from "./pace.ts";
import { pooled, spreadIn } from "./rounds.ts";
import { describeLoad, type Host } from "./session.ts";
import { measureFor, type PreparedModel, prepareModels } from "./testbed.ts";

/**
 * Detectors of 7 and 32 ms and a classifier of 75, with requests of each stream and how many rounds count; a stream at each rate is a
 * round. The quicker a model, the more its streams differ by what else the machine does, and the less each of them takes.
 */
export const LOAD_SUBJECTS = [
  { name: "blazeface-back", requests: 200, rounds: 10 },
  { name: "mlsd-tiny", requests: 150, rounds: 7 },
  { name: "resnet50", requests: 100, rounds: 6 },
] as const;
type Subject = (typeof LOAD_SUBJECTS)[number];
const UTILISATIONS = [0.3, 0.5, 0.8];
/** Of a light stream, in which most requests are alone, by the profile's time of the model alone. */
const LIGHT_UTILISATION = 0.2;
const PROBE_REQUESTS = 100;
/** Before those that count: agents' code is compiled as it stays under load only. */
const PRACTICE_ROUNDS = 1;
const LINK_BPS = 2e9;
/** Streams of which the hypervisor took more, over the tiers' processor time, are measured again: neighbours are not what is simulated. */
const STOLEN_AT_MOST = 0.03;
/** Simulated for each measured one. */
const STREAMS = 40;
/** What a simulated percentile may be off by. */
const WITHIN = 0.1;
/** Of the measured streams, to see how well their percentiles are known. */
const RESAMPLES = 400;
const PERCENTILES = ["p50", "p95", "p99"] as const;
type Percentile = (typeof PERCENTILES)[number];

/** Seconds; low and high are of single streams where it was measured, and 5 and 95 % of simulations. */
interface Figure {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

interface MeasuredFigure extends Figure {
  /** Half of its 90 % interval over the value, by a bootstrap of whole streams: what other streams of the same hour would have shown. */
  readonly known_to: number;
}

export interface LoadRow {
  readonly model: string;
  readonly placement: string;
  readonly utilisation: number;
  /** Requests per second. */
  readonly rate: number;
  readonly measured: Record<Percentile, MeasuredFigure>;
  /** From requests of other rates alone; the machine's speed is their round's, and as uncertain as they say. */
  readonly forecast: Record<Percentile, Figure>;
  /** With the services of the stream's own requests: their mean, and which of them were slow. What waits is the simulator's. */
  readonly with_own_services: Record<Percentile, Figure>;
}

export async function compareLoad(
  { name, ...subject }: Subject,
  folder: string,
  budgetSeconds: number,
): Promise<LoadRow[]> {
  const [model] = await prepareModels([[name, [undefined]]], folder, budgetSeconds);
  return ["edge", "mobile>edge"].flatMap((placement) => compareOne(folder, model!, placement, subject));
}

function compareOne(
  folder: string,
  { document, profile }: PreparedModel,
  placement: string,
  { requests, rounds: counted }: Omit<Subject, "name">,
): LoadRow[] {
  const own = os.availableParallelism() >= 2;
  const grid = {
    models: [{ ...document, cuts: placement.includes(">") ? [document.cuts[3]!] : 1 }],
    placements: [placement],
    codecs: ["raw"],
    // Without a delay: the sender would wait for it turn by turn, on a tier's processor.
    links: { "mobile>edge": { bandwidth: `${LINK_BPS} bit/s`, delay: "0 s" } },
    tiers: own ? { mobile: { cores: "0" }, edge: { cores: "1" } } : {},
    warmups: 20,
    stolen_at_most: STOLEN_AT_MOST,
    seed: 1,
  };
  const name = `load-${profile.model.name}-${placement.replace(">", "-")}`;
  const measured = (suffix: string, more: object) =>
    streamRuns(readRuns(measureFor(folder, `${name}-${suffix}`, { ...grid, ...more }).runs));
  // Only to learn which rates these utilisations are.
  const probe = { requests: PROBE_REQUESTS, repeats: 1 };
  const light = Number((LIGHT_UTILISATION / profile.run.request.median_s).toPrecision(3));
  const first = aloneIn(measured("light", { ...probe, rates: [light] }));
  const full = Number((1 / Math.max(first.processor_s.mobile, first.processor_s.edge)).toPrecision(3));
  const most = demandsIn(measured("full", { ...probe, rates: [full] }));
  const rates = UTILISATIONS.map((share) => Number(rateAt(share, first, most, LINK_BPS).toPrecision(3)));
  // All by turns, each round with a light and a full stream of its own: the machine is not the same in every minute.
  const all = { rates: [light, full, ...rates], requests, repeats: PRACTICE_ROUNDS + counted };
  const streams = measured("streams", all);
  const streamOf = (rate: number, round: number) =>
    streams.filter((run) => run.rate === rate && run.repeat === PRACTICE_ROUNDS + round);
  const shown = Array.from({ length: counted }, (_, round) => ({
    alone: aloneIn(streamOf(light, round)),
    busy: demandsIn(streamOf(full, round)),
  }));
  const spread = spreadIn(shown);
  const paces = shown.map((_, round) => paceIn(streamOf(full, round)));
  const rounds = pooled(shown);
  return rates.map((rate, i) => {
    const sent = rounds.map((_, round) => streamOf(rate, round));
    const expected = rounds.map(({ alone, busy }) => amongOthers(rate, alone, busy));
    return {
      model: profile.model.name,
      placement,
      utilisation: UTILISATIONS[i]!,
      rate,
      measured: ofStreams(sent.map((runs) => runs.map(({ latency_s }) => latency_s!))),
      forecast: simulated(sent, (round, random) => {
        // What slows one tier slows the other, too: they are on one machine.
        const z = random.normal();
        const slowness = { mobile: Math.exp(spread.mobile * z), edge: Math.exp(spread.edge * z) };
        const pace = paceFrom(random.uniform(), paces[round]!);
        return { demands: slowed(expected[round]!, slowness), pace };
      }),
      with_own_services: simulated(sent, (round) => ({
        demands: slowed(expected[round]!, slownessOf(demandsIn(sent[round]!), expected[round]!)),
        pace: paceIn(sent[round]!),
      })),
    };
  });
}

/** Those requests that were answered, with their waits: an agent says how long each stop waited for the tier. */
function streamRuns({ columns, runs, records }: RunTable): StreamRun[] {
  const waits = columns.filter((column) => column.endsWith("_queue_s"));
  return runs
    .map((run, i) => ({ ...run, waited_s: waits.reduce((sum, column) => sum + Number(records[i]![column]), 0) }))
    .filter(({ latency_s }) => latency_s !== null);
}

/** Percentiles of all streams together, the least and most of any, and how well they are known. */
function ofStreams(streams: readonly (readonly number[])[]): Record<Percentile, MeasuredFigure> {
  const random = new RandomStream(1);
  const draw = () => streams[random.below(streams.length)]!;
  const resampled = Array.from({ length: RESAMPLES }, () => streams.flatMap(draw));
  return byPercentile((share) => {
    const each = streams.map((latencies) => quantile([...latencies], share));
    const value = quantile(streams.flat(), share);
    const others = resampled.map((latencies) => quantile(latencies, share));
    const known_to = (quantile(others, 0.95) - quantile(others, 0.05)) / 2 / value;
    return { value, low: Math.min(...each), high: Math.max(...each), known_to };
  });
}

/** What is expected of a stream. */
interface Expected {
  readonly demands: Demands;
  readonly pace: Pace;
}

/** The same streams, each of its round, sent at the same moments, simulated many times. */
function simulated(
  streams: readonly (readonly StreamRun[])[],
  expect: (round: number, random: RandomStream) => Expected,
): Record<Percentile, Figure> {
  const runs = Array.from({ length: STREAMS }, (_, i) =>
    streams.flatMap((stream, round) => {
      const seed = 1 + i * streams.length + round;
      const times = stream.map(({ sent_s }) => sent_s!).sort((a, b) => a - b);
      return latenciesOf(expect(round, new RandomStream(seed)), times, seed);
    }),
  );
  return byPercentile((share) => {
    const each = runs.map((latencies) => quantile(latencies, share));
    return { value: quantile(each, 0.5), low: quantile(each, 0.05), high: quantile(each, 0.95) };
  });
}

function latenciesOf({ demands, pace }: Expected, times_s: readonly number[], seed: number): number[] {
  const network = networkOf(demands, pace, times_s);
  const last = network.classes.request!.route.length - 1;
  const came = new Map<number, number>();
  const latencies: number[] = [];
  simulate(network, {
    requests: times_s.length,
    seed,
    record: ({ request, visit, entered_s, left_s }) => {
      if (visit === 0) came.set(request, entered_s);
      if (visit === last) latencies.push(left_s - came.get(request)!);
    },
  });
  return latencies;
}

function byPercentile<F extends Figure>(of: (share: number) => F): Record<Percentile, F> {
  return { p50: of(0.5), p95: of(0.95), p99: of(0.99) };
}

export function printLoad(rows: readonly LoadRow[], host: Host, json: boolean): void {
  const percentiles = rows.flatMap((row) =>
    PERCENTILES.map((name) => ({ row, name, known_to: row.measured[name].known_to })),
  );
  const known = percentiles.filter(({ known_to }) => known_to <= WITHIN);
  const withinOf = (kind: "forecast" | "with_own_services", of = percentiles) =>
    of.filter(({ row, name }) => Math.abs(row[kind][name].value / row.measured[name].value - 1) <= WITHIN).length /
    of.length;
  const within = {
    forecast: withinOf("forecast"),
    with_own_services: withinOf("with_own_services"),
    known: known.length / percentiles.length,
    ...(known.length > 0 ? { forecast_of_known: withinOf("forecast", known) } : {}),
  };
  if (json) {
    process.stdout.write(`${JSON.stringify({ ...host, within_10: within, rows })}\n`);
    return;
  }
  const ms = (value: number) => (value * 1000).toFixed(1);
  const figure = ({ value, low, high }: Figure) => `${ms(value)} (${ms(low)}–${ms(high)})`;
  const lines = rows.flatMap(({ model, placement, utilisation, rate, measured, forecast, with_own_services }) =>
    PERCENTILES.map((name) => [
      model,
      placement,
      percent(utilisation),
      rate.toFixed(1),
      name,
      figure(measured[name]),
      percent(measured[name].known_to),
      figure(forecast[name]),
      percent(forecast[name].value / measured[name].value - 1),
      ms(with_own_services[name].value),
      percent(with_own_services[name].value / measured[name].value - 1),
    ]),
  );
  const head = ["model", "placement", "utilisation", "req/s", "", "measured, ms", "known to ±", "forecast, ms", "off"];
  const more = ["with own services, ms", "off"];
  process.stdout.write(
    `${describeLoad(host)}\n${table([...head, ...more], lines)}\n\n${percent(within.with_own_services)} of the percentiles are within ±10 % with the streams' own services, ${percent(within.forecast)} forecast. ${percent(within.known)} are known to ±10 % themselves${within.forecast_of_known === undefined ? "" : `, and of these ${percent(within.forecast_of_known)} are forecast so well`}\n`,
  );
}
