import { type Deployment, OPERATORS, type Operator, PARTITIONED, type StudySubject } from "./subjects.ts";

/** `left` is faster than, slower than, or within a share of `right`. */
export interface Comparison {
  readonly left: Deployment;
  readonly is: "faster" | "slower" | "equal";
  /** Of "equal": by how much the two may differ, as a share. */
  readonly within?: number;
  readonly right: Deployment;
}

/** A conclusion of the study as comparisons that all have to hold, for each model that it is about. */
export interface Claim {
  readonly id: string;
  readonly text: string;
  readonly kinds: readonly StudySubject["kind"][];
  comparisons(subject: StudySubject): Comparison[];
}

const NON_HYBRID: readonly Operator[] = ["identity", "sptq", "qat", "pruned", "distilled"];
const TIERS = ["mobile", "edge"] as const;
const ALL = ["image", "text"] as const;
const IMAGE = ["image"] as const;

const at = (subject: StudySubject, operator: Operator, placement: string): Deployment => ({
  subject: subject.name,
  operator,
  placement,
});

/** On a tier, an operator against others. */
function against(
  subject: StudySubject,
  operator: Operator,
  is: Comparison["is"],
  others: readonly Operator[],
  placements: readonly string[],
  within?: number,
): Comparison[] {
  return placements.flatMap((placement) =>
    others
      .filter((other) => other !== operator)
      .map((other) => ({
        left: at(subject, operator, placement),
        is,
        right: at(subject, other, placement),
        ...(within === undefined ? {} : { within }),
      })),
  );
}

/** Of every operator, one tier against the others; cuts go with the operators that were cut. */
function tierAgainst(subject: StudySubject, best: string, others: readonly string[]): Comparison[] {
  return OPERATORS.flatMap((operator) =>
    others
      .filter((other) => !other.includes(">") || PARTITIONED.includes(operator))
      .map((other) => ({
        left: at(subject, operator, best),
        is: "faster" as const,
        right: at(subject, operator, other),
      })),
  );
}

/** The study's five findings, in its words made short. */
export const FINDINGS: readonly Claim[] = [
  {
    id: "a",
    text: "On Edge, distilled+SPTQ is faster than every non-hybrid operator, at a small to medium loss of accuracy",
    kinds: ALL,
    comparisons: (subject) => against(subject, "distilled+sptq", "faster", NON_HYBRID, ["edge"]),
  },
  {
    id: "b",
    text: "Distilled is the fastest non-hybrid operator on Mobile and Edge",
    kinds: ALL,
    comparisons: (subject) => against(subject, "distilled", "faster", NON_HYBRID, TIERS),
  },
  {
    id: "c",
    text: "On Mobile and Edge, operators with distillation are faster than partitioning between the two",
    kinds: ALL,
    comparisons: (subject) =>
      (["distilled", "distilled+sptq"] as const).flatMap((operator) =>
        TIERS.flatMap((tier) =>
          PARTITIONED.map((cut) => ({
            left: at(subject, operator, tier),
            is: "faster" as const,
            right: at(subject, cut, "mobile>edge"),
          })),
        ),
      ),
  },
  {
    id: "d",
    text: "Text models: Cloud is faster than Mobile, Edge and Mobile–Edge",
    kinds: ["text"],
    comparisons: (subject) => tierAgainst(subject, "cloud", ["mobile", "edge", "mobile>edge"]),
  },
  {
    id: "e",
    text: "Image models at 1 Mbit/s: Edge is faster than Mobile, Mobile–Edge and Cloud",
    kinds: IMAGE,
    comparisons: (subject) => tierAgainst(subject, "edge", ["mobile", "mobile>edge", "cloud"]),
  },
];

const EVERYWHERE = ["mobile", "edge", "cloud"] as const;

/** Signs of single operators that its data show. */
export const SIGNS: readonly Claim[] = [
  {
    id: "pruned",
    text: "Pruning changes nothing (±10 %) on any tier",
    kinds: ALL,
    comparisons: (subject) => against(subject, "pruned", "equal", ["identity"], EVERYWHERE, 0.1),
  },
  {
    id: "sptq-mobile",
    text: "SPTQ slows image models down on Mobile",
    kinds: IMAGE,
    comparisons: (subject) => against(subject, "sptq", "slower", ["identity"], ["mobile"]),
  },
  {
    id: "sptq-edge",
    text: "SPTQ speeds image models up on Edge",
    kinds: IMAGE,
    comparisons: (subject) => against(subject, "sptq", "faster", ["identity"], ["edge"]),
  },
  {
    id: "sptq-text",
    text: "SPTQ speeds text models up on every tier",
    kinds: ["text"],
    comparisons: (subject) => against(subject, "sptq", "faster", ["identity"], EVERYWHERE),
  },
  {
    id: "qat-image",
    text: "QAT slows image models down on Mobile and Edge",
    kinds: IMAGE,
    comparisons: (subject) => against(subject, "qat", "slower", ["identity"], TIERS),
  },
  {
    id: "cloud-link",
    text: "At 1 Mbit/s no operator changes an image model's latency on Cloud (±5 %)",
    kinds: IMAGE,
    comparisons: (subject) =>
      OPERATORS.filter((operator) => operator !== "identity").map((operator) => ({
        left: at(subject, operator, "cloud"),
        is: "equal" as const,
        within: 0.05,
        right: at(subject, "identity", "cloud"),
      })),
  },
];
