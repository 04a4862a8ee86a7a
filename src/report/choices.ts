import type { PlanChoice } from "../formats/planresult.ts";
import { bitRate, byteSize, duration, percent, rounded } from "./format.ts";
import type { PlanReport } from "./plandata.ts";

/** All choices that the plan names, best first, each once. */
export function choices({ plan }: PlanReport): PlanChoice[] {
  const known = new Map<string, PlanChoice>();
  for (const choice of [plan.best, ...plan.alternatives, ...plan.pareto]) {
    const { operator, placement, threads, replicas, batch } = choice;
    const key = JSON.stringify([operator, placement, threads, replicas, batch]);
    if (!known.has(key)) known.set(key, choice);
  }
  return [...known.values()];
}

/** "distilled+sptq on mobile>edge". */
export function choiceName({ operator, placement }: { operator: string; placement: string }): string {
  return `${operator} on ${placement}`;
}

/** Whether the plan's latencies are those of requests among others. */
export function isLoaded({ plan }: PlanReport): boolean {
  return plan.best.under_load !== undefined;
}

/**
 * The latency by which the plan compares choices, seconds: alone, or where there is a load, its mean or percentile under
 * it. Undefined where a choice was not simulated or its queues grow without end.
 */
export function plannedLatency(data: PlanReport, { latency_s, under_load }: PlanChoice): number | undefined {
  if (!isLoaded(data)) return latency_s;
  if (under_load === undefined || under_load.overloaded.length > 0) return undefined;
  return under_load[data.plan.at as "mean" | "p50" | "p95" | "p99"].value;
}

/** What that latency is called: "latency", or "p95 of latency under load". */
export function plannedLatencyName(data: PlanReport): string {
  if (!isLoaded(data)) return "latency";
  return data.plan.at === "mean" ? "mean latency under load" : `${data.plan.at} of latency under load`;
}

/** A path of a scenario or topology, in words: "bandwidth of mobile>edge". */
export function pathInWords(path: string): string {
  if (path === "profile") return "kernels' times";
  const parts = path.split(".");
  const field = parts.pop()!.replaceAll("_", " ");
  const owner = parts.at(-1);
  return owner === undefined || owner === "topology" ? field : `${field} of ${owner}`;
}

/** The value of such a path, for people. */
export function pathAmount(path: string, value: number): string {
  return path.endsWith(".bandwidth") ? bitRate(value) : pathText(path, `${Number(value.toPrecision(3))}`);
}

/** A value that documents write as a bare number, with what it counts: speeds are multiples of the profiled host's. */
export function pathText(path: string, value: string): string {
  if (path.endsWith(".speed")) return `${value} × host`;
  return path.endsWith(".cpu_quota") ? `${value} ${Number(value) === 1 ? "core" : "cores"}` : value;
}

/** A change, for people: "falls by 13 %", "rises 4.2-fold". */
export function changeInWords(now: number, then: number): string {
  if (then < now) return `falls by ${percent(1 - then / now)}`;
  return then < 2 * now ? `rises by ${percent(then / now - 1)}` : `rises ${rounded(then / now, 2)}-fold`;
}

/** The plan's objective for its choice, in words. */
export function objectiveText(data: PlanReport, choice: PlanChoice): string {
  const { objective } = data.plan;
  switch (objective) {
    case "latency": {
      const seconds = plannedLatency(data, choice);
      return seconds === undefined ? "more requests than it can answer" : duration(seconds);
    }
    case "throughput":
      return choice.throughput === null ? "no limit" : `${Number(choice.throughput.toPrecision(3))} requests/s`;
    case "energy":
      return choice.energy_j === null ? "unknown" : `${Number(choice.energy_j.toPrecision(3))} J`;
    case "price":
      return choice.price_per_thousand === null
        ? "unknown"
        : `${Number(choice.price_per_thousand.toPrecision(3))} a thousand`;
    case "bytes":
      return byteSize(choice.bytes);
  }
}
