import { environmentOf } from "../costmodel/index.ts";
import type { PlanResult } from "../formats/planresult.ts";
import { Problem } from "../formats/problem.ts";
import { bindingOf, nameOf, nearestFeasible, nearestToAnswering } from "./binding.ts";
import { type Chosen, describeChoice } from "./choice.ts";
import { caveatsOf, sentenceOf } from "./explain.ts";
import { flipsOf } from "./flips.ts";
import { type Loaded, underLoad } from "./loaded.ts";
import { unknownFigure } from "./measures.ts";
import { movingOf } from "./moving.ts";
import { paretoFront } from "./pareto.ts";
import type { PlanQuestion } from "./question.ts";
import { bestOfEach, limitsOf, type Solved, solve } from "./solve.ts";
import { plannedClass } from "./workload.ts";

export interface PlanOptions {
  /** Of the simulator's random numbers. @default 1 */
  readonly seed?: number;
  /** Told of the progress of long work. */
  readonly onProgress?: (phase: "search" | "simulate" | "explain", done: number, total: number) => void;
}

/**
 * Finds the best operator, cut, placement and codec, and threads, replicas and batches where the plan varies them.
 *
 * Without a workload, requests come one at a time, and closed forms say everything. With one, closed forms with an
 * approximation of waits rank all choices, and the simulator decides among the best of each operator and placement.
 *
 * @throws Problem when names are unknown, a figure that the objective needs is not known, or nothing keeps to the constraints; then
 *   it says what comes nearest
 */
export function plan(question: PlanQuestion, options: PlanOptions = {}): PlanResult {
  const { onProgress = () => {}, seed = 1 } = options;
  const { objective, at, constraints } = question.plan;
  onProgress("search", 0, 1);
  requireFigures(question);
  const solved = solve(question);
  onProgress("search", 1, 1);
  if (solved.choices.length === 0) throw new Problem(nearestFeasible(question));
  const ranked = rank(question, solved, seed, (done, total) => onProgress("simulate", done, total));
  const kept = ranked.filter((choice) => keepsLatency(choice, at, constraints.latency_at_most));
  if (kept.length === 0) throw new Problem(missedUnderLoad(ranked, question));
  const [best, ...others] = kept as [Chosen, ...Chosen[]];
  onProgress("explain", 0, 1);
  const moving = movingOf(question);
  const runnerUp = others[0];
  const result: PlanResult = {
    objective,
    at,
    best: describeChoice(best),
    alternatives: others.map(describeChoice),
    pareto: frontOf(ranked).map(describeChoice),
    explanation: {
      sentence: sentenceOf(best, runnerUp, question.plan),
      binding: bindingOf(question, solved.choices[0]!),
      ...(runnerUp
        ? {
            runner_up: {
              operator: runnerUp.candidate.variant.operator,
              placement: runnerUp.candidate.placement,
              costs_more: value(runnerUp, question) / value(best, question) - 1,
            },
          }
        : {}),
      flips: flipsOf(question, kept),
      caveats: caveatsOf(best, solved, question),
    },
    searched: { candidates: solved.candidates, closures: solved.closures, exact: solved.exact },
    ...(moving ? { moving } : {}),
  };
  onProgress("explain", 1, 1);
  return result;
}

/** The best of each operator and placement; where there is a workload, simulated and ranked by that. */
function rank(
  question: PlanQuestion,
  { choices }: Solved,
  seed: number,
  onProgress: (done: number, total: number) => void,
): Chosen[] {
  const { plan: asked } = question;
  if (!plannedClass(question)) return bestOfEach(choices);
  // Settings matter under load: finalists may differ in nothing else.
  const finalists = [
    ...new Set([...bestOfEach(choices).slice(0, asked.finalists), ...choices.slice(0, asked.finalists)]),
  ];
  const simulated = finalists.map((choice, i): Chosen => {
    onProgress(i, finalists.length);
    return { ...choice, loaded: underLoad(question, choice.candidate, choice.model, choice.boundaries, seed) };
  });
  onProgress(finalists.length, finalists.length);
  const rested = bestOfEach(choices).filter((choice) => !finalists.includes(choice));
  // Of an operator and placement the best that keeps to the limit, where one does; else the best that is stable.
  const { at, constraints } = asked;
  const rankOf = (choice: Chosen) => {
    if (keepsLatency(choice, at, constraints.latency_at_most)) return 0;
    return choice.loaded?.overloaded.length === 0 ? 1 : 2;
  };
  const sorted = simulated.sort((a, b) => rankOf(a) - rankOf(b) || value(a, question) - value(b, question));
  return [...bestOfEach(sorted), ...rested.filter((choice) => !simulated.some((one) => sameKind(one, choice)))];
}

function sameKind(a: Chosen, b: Chosen): boolean {
  return a.candidate.variant === b.candidate.variant && a.candidate.placement === b.candidate.placement;
}

/** What the plan minimises. */
export function value({ cost, loaded }: Chosen, { plan: { objective, at } }: Pick<PlanQuestion, "plan">): number {
  return objective === "latency" && loaded ? loaded[at].value : cost;
}

function keepsLatency(
  { loaded, figures }: Chosen,
  at: keyof Pick<Loaded, "mean" | "p50" | "p95" | "p99">,
  most: number | undefined,
): boolean {
  if (loaded && loaded.overloaded.length > 0) return false;
  return most === undefined || (loaded ? loaded[at].value : figures.latency_s) <= most;
}

function missedUnderLoad(ranked: readonly Chosen[], { plan: { at, constraints } }: PlanQuestion): string {
  const simulated = ranked.filter(({ loaded }) => loaded);
  const stable = simulated.filter(({ loaded }) => loaded!.overloaded.length === 0);
  const [nearest] = stable.toSorted((a, b) => a.loaded![at].value - b.loaded![at].value);
  if (!nearest) {
    const [least] = simulated;
    return `more requests come than any of the ${simulated.length} best choices can answer; ${nearestToAnswering(least!)}`;
  }
  const ms = (seconds: number) => `${Number((seconds * 1000).toPrecision(3))} ms`;
  return (
    `under load no choice keeps the ${at} of latency to ${ms(constraints.latency_at_most!)}; nearest: ${nameOf(nearest)} ` +
    `with ${ms(nearest.loaded![at].value)}`
  );
}

/** What none beats in accuracy and latency, nor in energy and price where all choices know these. */
function frontOf(choices: readonly Chosen[]): Chosen[] {
  // Under load, what was not simulated is not known well enough to beat anything.
  const simulated = choices.some(({ loaded }) => loaded);
  const steady = choices.filter(({ loaded }) => (simulated ? loaded?.overloaded.length === 0 : true));
  const known = (figure: "energy_j" | "price") => steady.every(({ figures }) => figures[figure] !== null);
  const [energy, price] = [known("energy_j"), known("price")];
  return paretoFront(steady, ({ candidate, figures, loaded }) => [
    loaded?.mean.value ?? figures.latency_s,
    // A variant of unknown accuracy is not known to beat any other.
    -(candidate.variant.accuracy?.value ?? 0),
    ...(energy ? [figures.energy_j!] : []),
    ...(price ? [figures.price!] : []),
  ]);
}

/** An objective or a limit on what is not known would take unknown for nothing. */
function requireFigures(question: PlanQuestion): void {
  const { objective } = question.plan;
  const measures = new Set([
    ...(objective === "throughput" ? [] : [objective]),
    ...limitsOf(question).map(({ measure }) => measure),
  ]);
  const tiers = question.topology.tiers.map((_, i) => i);
  const [variant] = question.variants;
  for (const measure of measures) {
    const missing = variant && unknownFigure(measure, environmentOf(variant.model, question.topology), tiers);
    if (missing) throw new Problem(`the plan asks for ${measure}, but the topology does not say ${missing}`);
  }
}
