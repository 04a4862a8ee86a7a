import { median } from "simple-statistics";
import type { CodecName } from "../src/formats/profile.ts";
import { type Calibration, runOf, SLOW_BPS } from "./calibrated.ts";
import { type Deployment, deploymentsOf, OPERATORS, type Operator, type StudySubject } from "./subjects.ts";

/** Where the study could not go: other bandwidths, cuts, codecs and sessions. All of it is prediction. */

/** A figure with the interval that holds 90 % of the draws; null where a draw has none. */
export interface Flip {
  readonly subject: string;
  readonly operator: Operator;
  /** What is fastest below the bandwidth, and above it. */
  readonly below: string;
  readonly above: string;
  readonly bandwidth_bps: number | null;
  readonly low_bps: number | null;
  readonly high_bps: number | null;
  /** Share of draws that flip within the range at all. */
  readonly share: number;
}

/** One deployment's latency over the second link's bandwidth, at the most probable unknowns. */
export interface Curve {
  readonly subject: string;
  readonly operator: Operator;
  readonly placement: string;
  readonly points: readonly { readonly bandwidth_bps: number; readonly latency_s: number }[];
}

const LEAST_BPS = 1e3;
const MOST_BPS = 1e9;
const STEPS = 121;
/** From 1 kbit/s to 1 Gbit/s, evenly on a logarithmic scale. */
export const BANDWIDTHS = Array.from(
  { length: STEPS },
  (_, i) => LEAST_BPS * (MOST_BPS / LEAST_BPS) ** (i / (STEPS - 1)),
);

/** Latency of each placement of an operator over the bandwidth from edge to cloud. */
export function curves(subject: StudySubject, operator: Operator, { draws }: Calibration): Curve[] {
  return deploymentsOf(subject)
    .filter((deployment) => deployment.operator === operator)
    .map((deployment) => ({
      subject: subject.name,
      operator,
      placement: deployment.placement,
      points: BANDWIDTHS.map((bandwidth_bps) => ({
        bandwidth_bps,
        latency_s: draws.latency(runOf(deployment, subject, { bandwidth_bps })),
      })),
    }));
}

/**
 * The bandwidth from edge to cloud from which on Cloud is faster than every placement without it, draw by draw. Cloud's latency
 * falls with the bandwidth and the others do not depend on it, so that there is one such bandwidth at most.
 */
export function flip(subject: StudySubject, operator: Operator, { draws }: Calibration): Flip {
  const others = deploymentsOf(subject).filter((one) => one.operator === operator && one.placement !== "cloud");
  const stay = others.map((deployment) => draws.latencies(runOf(deployment, subject)));
  const best = stay[0]!.map((_, draw) => Math.min(...stay.map((own) => own[draw]!)));
  const cloud = BANDWIDTHS.map((bandwidth_bps) =>
    draws.latencies(runOf({ subject: subject.name, operator, placement: "cloud" }, subject, { bandwidth_bps })),
  );
  const found = best.map((limit, draw) => {
    const at = cloud.findIndex((own) => own[draw]! < limit);
    if (at <= 0) return at === 0 ? LEAST_BPS : Number.POSITIVE_INFINITY;
    // Between two bandwidths, linear in the logarithms.
    const [slow, fast] = [cloud[at - 1]![draw]!, cloud[at]![draw]!];
    const part = slow === fast ? 0 : Math.log(slow / limit) / Math.log(slow / fast);
    return BANDWIDTHS[at - 1]! * (BANDWIDTHS[at]! / BANDWIDTHS[at - 1]!) ** part;
  });
  const sorted = found.toSorted((a, b) => a - b);
  const quantile = (share: number) => {
    const value = sorted[Math.round(share * (sorted.length - 1))]!;
    return Number.isFinite(value) ? value : null;
  };
  const centre = median(sorted);
  const fastest = others.reduce((a, b) =>
    draws.latency(runOf(b, subject)) < draws.latency(runOf(a, subject)) ? b : a,
  );
  return {
    subject: subject.name,
    operator,
    below: fastest.placement,
    above: "cloud",
    bandwidth_bps: Number.isFinite(centre) ? centre : null,
    low_bps: quantile(0.05),
    high_bps: quantile(0.95),
    share: found.filter((value) => Number.isFinite(value) && value > LEAST_BPS).length / found.length,
  };
}

/** What requests may do that the study's did not. */
export interface Policy {
  readonly name: string;
  readonly everyCut: boolean;
  readonly codecs: readonly CodecName[];
  readonly session: "warm" | "cold";
}

export const POLICIES: readonly Policy[] = [
  { name: "as the study: its cuts, JSON, a session per request", everyCut: false, codecs: ["json"], session: "cold" },
  { name: "every profiled cut", everyCut: true, codecs: ["json"], session: "cold" },
  { name: "binary codecs", everyCut: false, codecs: ["raw", "float16"], session: "cold" },
  { name: "warm sessions", everyCut: false, codecs: ["json"], session: "warm" },
  { name: "all three", everyCut: true, codecs: ["raw", "float16"], session: "warm" },
];

/** The fastest way under a policy. */
export interface BestUnder {
  readonly subject: string;
  readonly policy: string;
  readonly bandwidth_bps: number;
  readonly operator: Operator;
  readonly placement: string;
  readonly cut: string | null;
  readonly codec: string;
  readonly latency_s: number;
  readonly low_s: number;
  readonly high_s: number;
  /** How many ways were compared. */
  readonly of: number;
}

const PAIRS = ["mobile>edge", "mobile>cloud", "edge>cloud"] as const;

/** The fastest deployment of a subject under a policy, over some operators, all placements, and the policy's cuts and codecs. */
export function bestUnder(
  subject: StudySubject,
  policy: Policy,
  { draws, profiles }: Calibration,
  { bandwidth_bps = SLOW_BPS, operators = OPERATORS }: { bandwidth_bps?: number; operators?: readonly Operator[] } = {},
): BestUnder {
  const own = profiles.get(subject.name)!;
  const { codecs, session } = policy;
  const asStudied = deploymentsOf(subject).filter(({ operator }) => operators.includes(operator));
  const ways = asStudied.flatMap((deployment) =>
    codecs.map((codec) => ({ deployment, codec, cut: subject.cuts[deployment.operator] })),
  );
  if (policy.everyCut) {
    for (const operator of operators) {
      for (const { id } of own.get(operator)!.cuts) {
        for (const placement of PAIRS) {
          const deployment: Deployment = { subject: subject.name, operator, placement };
          for (const codec of codecs) ways.push({ deployment, codec, cut: id });
        }
      }
    }
  }
  const conditions = ({ codec, cut }: (typeof ways)[number]) => ({
    bandwidth_bps,
    codec,
    session,
    ...(cut === undefined ? {} : { cut }),
  });
  let best = ways[0]!;
  let least = Number.POSITIVE_INFINITY;
  for (const way of ways) {
    const seconds = draws.latency(runOf(way.deployment, subject, conditions(way)));
    if (seconds < least) [best, least] = [way, seconds];
  }
  const sorted = draws.latencies(runOf(best.deployment, subject, conditions(best))).toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))]!;
  const { operator, placement } = best.deployment;
  return {
    subject: subject.name,
    policy: policy.name,
    bandwidth_bps,
    operator,
    placement,
    cut: placement.includes(">") ? (best.cut ?? null) : null,
    codec: best.codec,
    latency_s: least,
    low_s: at(0.05),
    high_s: at(0.95),
    of: ways.length,
  };
}
