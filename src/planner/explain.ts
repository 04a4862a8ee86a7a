import type { Plan } from "../formats/plan.ts";
import { formatDuration, formatSize } from "../units/index.ts";
import { type Chosen, cutOf } from "./choice.ts";
import type { PlanQuestion } from "./question.ts";
import type { Solved } from "./solve.ts";

/** The answer in a sentence. */
export function sentenceOf(best: Chosen, runnerUp: Chosen | undefined, plan: Plan): string {
  const where = best.candidate.placement.split(">");
  const cut = cutOf(best);
  const run =
    where.length === 1
      ? `Run the ${best.candidate.variant.operator} variant whole on ${where[0]}`
      : `Run the ${best.candidate.variant.operator} variant on ${where.join(", then ")}, cut after ${cut!.replaceAll(">", " and after ")}`;
  const sent = where.length > 1 || best.figures.bytes > 0 ? ` with ${best.candidate.ground.codec} messages` : "";
  const next = runnerUp
    ? `; next best is ${runnerUp.candidate.variant.operator} on ${runnerUp.candidate.placement} with ${amount(runnerUp, plan)}`
    : "";
  return `${run}${sent}: ${amount(best, plan)}${next}.`;
}

/** What a choice comes to in the plan's objective, in words. */
export function amount({ figures, loaded, cost }: Chosen, { objective, at }: Plan): string {
  switch (objective) {
    case "latency":
      return loaded
        ? `${formatDuration(loaded[at].value)} ${at === "mean" ? "on average" : `at the ${at}`} under load`
        : `${formatDuration(figures.latency_s)} a request`;
    case "throughput":
      return figures.throughput === null
        ? "any number of requests a second"
        : `${figures.throughput.toPrecision(3)} requests a second, limited by ${figures.limited_by}`;
    case "energy":
      return `${cost.toPrecision(3)} J a request`;
    case "price":
      return `${(cost * 1000).toPrecision(3)} a thousand requests`;
    case "bytes":
      return `${formatSize(cost)} a request`;
  }
}

/** What a reader of the answer should know of its making. */
export function caveatsOf(best: Chosen, solved: Solved, { variants, plan, topology }: PlanQuestion): string[] {
  const caveats: string[] = [];
  const stated = topology.tiers.filter(({ device }) => device !== "host").map(({ name }) => name);
  if (stated.length > 0) {
    caveats.push(
      `The speed of ${stated.join(", ")} is what the topology states, relative to the profiled host: no measurement.`,
    );
  }
  if (best.labels) {
    caveats.push(
      "The cut follows another order than the profile's: its boundary kernels are estimated. Split the model there and profile the parts.",
    );
  }
  const plain = variants.filter(({ profiles }) => profiles.some(({ edges }) => !edges));
  if (plain.length > 0) {
    const names = plain.map(({ operator }) => operator).join(", ");
    caveats.push(
      `The profile of ${names} has no edges, so that only cuts along its own order were searched; take it again.`,
    );
  } else if (!solved.exact && plan.objective !== "throughput") {
    caveats.push(
      "Costs do not add up here (quotas, bursts, waits or limits): cuts along other orders were searched around the best one along the profile's.",
    );
  }
  if (plan.objective === "throughput") caveats.push("Throughput was maximised over cuts along the profile's order.");
  const unknown = variants.filter(({ accuracy }) => !accuracy).map(({ operator }) => operator);
  if (unknown.length > 0) caveats.push(`The accuracy of ${unknown.join(", ")} is not known.`);
  return caveats;
}
