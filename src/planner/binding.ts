import type { Constraints, Plan } from "../formats/plan.ts";
import type { PlanResult } from "../formats/planresult.ts";
import { Problem } from "../formats/problem.ts";
import type { Chosen } from "./choice.ts";
import type { PlanQuestion } from "./question.ts";
import { solve } from "./solve.ts";

type Key = keyof Constraints;

/** Constraints that are set, by the names that a scenario gives them. */
function setConstraints({ constraints }: Plan): Key[] {
  return (Object.keys(constraints) as Key[]).filter(
    (key) => constraints[key] !== undefined && constraints[key] !== false,
  );
}

function without(question: PlanQuestion, keys: readonly Key[]): PlanQuestion {
  const constraints: Constraints = { ...question.plan.constraints };
  for (const key of keys) {
    if (key === "raw_input_stays") constraints[key] = false;
    else delete constraints[key];
  }
  return { ...question, plan: { ...question.plan, constraints } };
}

/** Which constraints cost something: what would be chosen without each, and how much better that were. */
export function bindingOf(question: PlanQuestion, best: Chosen): PlanResult["explanation"]["binding"] {
  return setConstraints(question.plan).flatMap((key) => {
    const free = solve(without(question, [key]), { anyOrder: false }).choices[0];
    const gain = free ? 1 - free.cost / best.cost : 0;
    return gain > 1e-6 ? [{ constraint: key, without: nameOf(free!), gain }] : [];
  });
}

/** Why nothing keeps to all constraints, and what comes nearest: for each numeric one, the best that the others leave. */
export function nearestFeasible(question: PlanQuestion): string {
  const most = attempt({ ...question, plan: { ...question.plan, objective: "throughput" } });
  if (most) return `more requests come than any choice can answer; ${nearestToAnswering(most)}`;
  const keys = setConstraints(question.plan);
  const { constraints } = question.plan;
  const hopes = keys.flatMap((key) => {
    const relaxed = attempt(closestTo(key, without(question, [key])), key === "accuracy_at_least");
    if (!relaxed) return [];
    const reached = reachedOf(key, relaxed, constraints);
    return [`without ${key}: ${nameOf(relaxed)}${reached}`];
  });
  const asked = keys.length > 0 ? `no choice keeps to all of ${keys.join(", ")}` : "no choice is feasible";
  if (hopes.length > 0) return `${asked}; nearest: ${hopes.join("; ")}`;
  const free = attempt(without(question, keys));
  return free
    ? `${asked}, nor to all but one of them; with none of them: ${nameOf(free)}`
    : "no choice is feasible even without constraints: no variant fits into the tiers' memory";
}

/** Of the choice that comes nearest to answering all: how many requests it can answer, and what helps. */
export function nearestToAnswering(choice: Chosen): string {
  const { throughput, limited_by } = choice.figures;
  const most = throughput === null ? "any number of" : `${Number(throughput.toPrecision(3))}`;
  const by = limited_by === null ? "" : `, limited by ${limited_by}`;
  return `nearest: ${nameOf(choice)}, which sustains ${most} requests a second${by}. Give the plan replicas to try, or lower the rate`;
}

/** Asks for what comes closest to a constraint that is lifted, whatever the plan's own objective. */
function closestTo(key: Key, question: PlanQuestion): PlanQuestion {
  const objective = (
    {
      latency_at_most: "latency",
      energy_at_most: "energy",
      price_at_most: "price",
      bytes_at_most: "bytes",
      throughput_at_least: "throughput",
    } as const
  )[key as string];
  return objective ? { ...question, plan: { ...question.plan, objective } } : question;
}

/** The best choice, or the most accurate one; undefined where the question has no answer either. */
function attempt(question: PlanQuestion, accurate = false): Chosen | undefined {
  const accuracy = ({ candidate }: Chosen) => candidate.variant.accuracy?.value ?? 0;
  try {
    const { choices } = solve(question, { anyOrder: false });
    return accurate ? choices.toSorted((a, b) => accuracy(b) - accuracy(a))[0] : choices[0];
  } catch (error) {
    if (error instanceof Problem) return undefined;
    throw error;
  }
}

function reachedOf(key: Key, { figures, candidate }: Chosen, constraints: Constraints): string {
  const ms = (seconds: number) => `${Number((seconds * 1000).toPrecision(3))} ms`;
  switch (key) {
    case "latency_at_most":
      return `, which takes ${ms(figures.latency_s)} instead of ${ms(constraints.latency_at_most!)}`;
    case "energy_at_most":
      return `, which takes ${figures.energy_j?.toPrecision(3)} J instead of ${constraints.energy_at_most!.amount} J`;
    case "bytes_at_most":
      return `, which sends ${figures.bytes} B instead of ${constraints.bytes_at_most!.amount} B`;
    case "price_at_most":
      return `, which costs ${((figures.price ?? 0) * 1000).toPrecision(3)} a thousand instead of ${constraints.price_at_most}`;
    case "throughput_at_least":
      return `, which sustains ${figures.throughput?.toPrecision(3) ?? "any number of"} requests a second instead of ${constraints.throughput_at_least}`;
    case "accuracy_at_least":
      return `, whose accuracy is ${candidate.variant.accuracy?.value ?? "unknown"} instead of ${constraints.accuracy_at_least}`;
    default:
      return "";
  }
}

export function nameOf({ candidate }: Chosen): string {
  return `${candidate.variant.operator} on ${candidate.placement}`;
}
