import { duration } from "../src/report/format.ts";
import type { Comparison } from "./claims.ts";
import type { Deployment } from "./subjects.ts";

/** Parts of a request in the order in which a sentence names them, by the endings of stages' names. */
const PARTS: readonly (readonly [stages: RegExp, verb: string])[] = [
  [/_load$/, "loads"],
  [/_infer$/, "computes"],
  [/_(encode|decode|relay)$/, "codes"],
  [/_transfer$/, "is on links"],
];
/** Less than this share of a request explains nothing. */
const NOTABLE = 0.03;

/** What a deployment spends its time on: "distilled on edge loads 1.02 s and computes 412 ms". */
export function spent(deployment: Deployment, stages: Readonly<Record<string, number>>): string {
  const total = Object.values(stages).reduce((sum, seconds) => sum + seconds, 0);
  const parts = PARTS.flatMap(([pattern, verb]) => {
    const seconds = Object.entries(stages)
      .filter(([name]) => pattern.test(name))
      .reduce((sum, [, own]) => sum + own, 0);
    return seconds > NOTABLE * total ? [`${verb} ${duration(seconds)}`] : [];
  });
  const listed =
    parts.length > 1 ? `${parts.slice(0, -1).join(", ")} and ${parts.at(-1)}` : (parts[0] ?? "does nothing");
  return `${deployment.operator} on ${deployment.placement} ${listed}`;
}

/** Why a comparison comes out as it does, from the stages of both. */
export function why(
  { left, right }: Comparison,
  stagesOf: (deployment: Deployment) => Readonly<Record<string, number>>,
): string {
  return `${spent(left, stagesOf(left))}; ${spent(right, stagesOf(right))}`;
}
