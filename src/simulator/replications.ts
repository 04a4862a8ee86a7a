import jStat from "jstat";
import type { ClassOutcome, LatencyEstimate, Outcome, StationOutcome } from "./simulate.ts";
import type { Estimate } from "./tally.ts";

/**
 * Joins the outcomes of independent runs of one network: figures are means over the runs, and each interval is Student's
 * t over them.
 *
 * @param outcomes at least two
 */
export function joinOutcomes(outcomes: readonly Outcome[], confidence = 0.95): Outcome {
  const [first] = outcomes;
  if (!first || outcomes.length < 2) throw new RangeError("intervals need at least two runs");
  const join = (estimates: readonly Estimate[]): Estimate => {
    const value = meanOf(estimates.map((estimate) => estimate.value));
    const squares = estimates.reduce((sum, estimate) => sum + (estimate.value - value) ** 2, 0);
    const error = Math.sqrt(squares / (estimates.length - 1) / estimates.length);
    const half = jStat.studentt.inv((1 + confidence) / 2, estimates.length - 1) * error;
    return { value, low: value - half, high: value + half };
  };
  const joinLatency = (latencies: readonly LatencyEstimate[]): LatencyEstimate => ({
    counted: sumOf(latencies.map(({ counted }) => counted)),
    warmup: sumOf(latencies.map(({ warmup }) => warmup)),
    settled: latencies.every(({ settled }) => settled),
    mean: join(latencies.map(({ mean }) => mean)),
    percentiles: Object.fromEntries(
      Object.keys(latencies[0]!.percentiles).map((name) => [
        name,
        join(latencies.map(({ percentiles }) => percentiles[name]!)),
      ]),
    ),
    min: Math.min(...latencies.map(({ min }) => min)),
    max: Math.max(...latencies.map(({ max }) => max)),
  });
  const each = <Value>(of: (outcome: Outcome) => Value): Value[] => outcomes.map(of);
  return {
    ...first,
    requests: sumOf(each(({ requests }) => requests)),
    events: sumOf(each(({ events }) => events)),
    simulated_s: sumOf(each(({ simulated_s }) => simulated_s)),
    throughput: meanOf(each(({ throughput }) => throughput)),
    latency: joinLatency(each(({ latency }) => latency)),
    classes: Object.fromEntries(
      Object.keys(first.classes).map((name) => [
        name,
        joinClass(
          each(({ classes }) => classes[name]!),
          joinLatency,
        ),
      ]),
    ),
    stations: Object.fromEntries(
      Object.keys(first.stations).map((name) => [name, joinStation(each(({ stations }) => stations[name]!))]),
    ),
  };
}

function joinClass(
  classes: readonly ClassOutcome[],
  joinLatency: (latencies: readonly LatencyEstimate[]) => LatencyEstimate,
): ClassOutcome {
  const sum = (field: "arrived" | "completed" | "rejected" | "timed_out" | "retries") =>
    sumOf(classes.map((one) => one[field]));
  return {
    arrived: sum("arrived"),
    completed: sum("completed"),
    rejected: sum("rejected"),
    timed_out: sum("timed_out"),
    retries: sum("retries"),
    latency: joinLatency(classes.map(({ latency }) => latency)),
    stops: classes[0]!.stops.map(({ station }, i) => ({
      station,
      wait_s: meanOf(classes.map(({ stops }) => stops[i]!.wait_s)),
      service_s: meanOf(classes.map(({ stops }) => stops[i]!.service_s)),
    })),
  };
}

function joinStation(stations: readonly StationOutcome[]): StationOutcome {
  const mean = (field: keyof StationOutcome) => meanOf(stations.map((station) => station[field]));
  return {
    utilisation: mean("utilisation"),
    mean_queue: mean("mean_queue"),
    offered_load: mean("offered_load"),
    rejected: sumOf(stations.map(({ rejected }) => rejected)),
    loads: sumOf(stations.map(({ loads }) => loads)),
    throttled_share: mean("throttled_share"),
    down_share: mean("down_share"),
  };
}

const sumOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0);
const meanOf = (values: readonly number[]) => sumOf(values) / values.length;
