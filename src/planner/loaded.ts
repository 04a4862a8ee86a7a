import { type CostModel, cutId } from "../costmodel/index.ts";
import type { Scenario } from "../formats/scenario.ts";
import { compileScenario, type ScenarioModel, simulate } from "../simulator/index.ts";
import type { Candidate } from "./candidates.ts";
import type { PlanQuestion } from "./question.ts";
import { withServers } from "./settings.ts";
import { className, plannedClass } from "./workload.ts";

/** An estimate with its 95 % confidence interval. */
export interface Estimate {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** What a choice's requests take among all others of the scenario. */
export interface Loaded {
  readonly mean: Estimate;
  readonly p50: Estimate;
  readonly p95: Estimate;
  readonly p99: Estimate;
  /** Answers a second, of the planned class. */
  readonly throughput: number;
  /** Stations and hosts that are asked for more than they can do. */
  readonly overloaded: readonly string[];
}

/**
 * Simulates the scenario with one class placed as the choice says; the others stay as they are. The same seed for every choice, so
 * that all face the same arrivals (common random numbers).
 */
export function underLoad(
  question: PlanQuestion,
  candidate: Candidate,
  model: CostModel,
  boundaries: readonly number[],
  seed: number,
): Loaded {
  const { index } = plannedClass(question)!;
  const scenario = placed(question.scenario, index, candidate, model, boundaries);
  const models = question.models.map(
    (own, i): ScenarioModel => (i === index ? { model, profiles: candidate.variant.profiles } : own),
  );
  const { network } = compileScenario(scenario, candidate.topology, models);
  const outcome = simulate(network, { seed, requests: scenario.requests });
  const own = outcome.classes[className(scenario.workload[index]!, index)]!;
  const { percentiles, mean } = own.latency;
  return {
    mean,
    p50: percentiles.p50!,
    p95: percentiles.p95!,
    p99: percentiles.p99!,
    throughput: outcome.simulated_s > 0 ? own.completed / outcome.simulated_s : 0,
    overloaded: [...outcome.overloaded],
  };
}

function placed(
  scenario: Scenario,
  index: number,
  candidate: Candidate,
  model: CostModel,
  boundaries: readonly number[],
): Scenario {
  const { placement, ground, setting } = candidate;
  const workload = scenario.workload.map((own, i) =>
    i === index ? { ...own, placement, cut: cutId(model, boundaries) ?? "best", codec: ground.codec } : own,
  );
  return withServers({ ...scenario, workload }, setting);
}
