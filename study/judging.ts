import { median } from "simple-statistics";
import type { Claim, Comparison } from "./claims.ts";
import { keyOf, type StudySubject } from "./subjects.ts";

/** Latencies by deployment (`keyOf`), seconds: jointly drawn, one of each joint draw, or a single figure. */
export type Latencies = ReadonlyMap<string, readonly number[]>;

/** From this share of joint draws on a claim holds; up to the rest it fails; between, nothing can be said. */
export const SURE = 0.8;

/** How a comparison comes out. */
export interface Judged {
  readonly comparison: Comparison;
  /** Latency of the left over that of the right: median, and 5 % and 95 % of the draws. */
  readonly ratio: number;
  readonly low: number;
  readonly high: number;
  /** Share of draws in which it holds. */
  readonly probability: number;
}

export type Verdict = "agrees" | "disagrees" | "cannot be said";

/** How a claim comes out for a model. */
export interface Outcome {
  readonly claim: string;
  readonly subject: string;
  /** Whether all published comparisons hold; null where no published run is at hand. */
  readonly published: boolean | null;
  /** Published ratio of the comparison that Tierwise finds the least likely; null where none is at hand. */
  readonly publishedRatio: number | null;
  readonly verdict: Verdict;
  /** Share of draws in which all comparisons hold. */
  readonly probability: number;
  readonly holding: number;
  readonly of: number;
  /** The comparison that is the least likely to hold. */
  readonly critical: Judged;
}

export function holds({ is, within = 0 }: Pick<Comparison, "is" | "within">, left: number, right: number): boolean {
  if (is === "faster") return left < right;
  if (is === "slower") return left > right;
  return Math.abs(left / right - 1) <= within;
}

export function judge(comparison: Comparison, latencies: Latencies): Judged {
  const left = latencies.get(keyOf(comparison.left))!;
  const right = latencies.get(keyOf(comparison.right))!;
  const ratios = left.map((value, draw) => value / right[draw]!).toSorted((a, b) => a - b);
  const at = (share: number) => ratios[Math.round(share * (ratios.length - 1))]!;
  const held = left.filter((value, draw) => holds(comparison, value, right[draw]!)).length;
  return { comparison, ratio: median(ratios), low: at(0.05), high: at(0.95), probability: held / left.length };
}

/**
 * Whether predictions bear a claim of the study out for a model.
 *
 * @param isKnown deployments whose own runs were fitted: a comparison of two of them would be no prediction and is left out
 * @returns undefined where the claim is not about the model, or nothing of it is predicted
 */
export function judgeClaim(
  claim: Claim,
  subject: StudySubject,
  predicted: Latencies,
  published: ReadonlyMap<string, number>,
  isKnown: (comparison: Comparison) => boolean,
): Outcome | undefined {
  if (!claim.kinds.includes(subject.kind)) return undefined;
  const comparisons = claim
    .comparisons(subject)
    .filter((comparison) => predicted.has(keyOf(comparison.left)) && predicted.has(keyOf(comparison.right)))
    .filter((comparison) => !isKnown(comparison));
  if (comparisons.length === 0) return undefined;
  const judged = comparisons.map((comparison) => judge(comparison, predicted));
  const draws = predicted.get(keyOf(comparisons[0]!.left))!.length;
  let all = 0;
  for (let draw = 0; draw < draws; draw++) {
    const of = (deployment: Comparison["left"]) => predicted.get(keyOf(deployment))![draw]!;
    if (comparisons.every((comparison) => holds(comparison, of(comparison.left), of(comparison.right)))) all++;
  }
  const probability = all / draws;
  const critical = judged.reduce((worst, one) => (one.probability < worst.probability ? one : worst));
  const measured = comparisons.map((comparison) => {
    const [left, right] = [published.get(keyOf(comparison.left)), published.get(keyOf(comparison.right))];
    return left === undefined || right === undefined ? undefined : holds(comparison, left, right);
  });
  const [left, right] = [critical.comparison.left, critical.comparison.right].map((one) => published.get(keyOf(one)));
  return {
    claim: claim.id,
    subject: subject.name,
    published: measured.includes(undefined) ? null : measured.every(Boolean),
    publishedRatio: left === undefined || right === undefined ? null : left / right,
    verdict: probability >= SURE ? "agrees" : probability <= 1 - SURE ? "disagrees" : "cannot be said",
    probability,
    holding: judged.filter(({ probability: own }) => own > 0.5).length,
    of: judged.length,
    critical,
  };
}
