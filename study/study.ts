import os from "node:os";
import { median } from "simple-statistics";
import type { Host } from "../src/formats/profile.ts";
import { describeHost } from "../src/profiler/index.ts";
import { type OrderRow, orders } from "./agreements.ts";
import { type BestUnder, bestUnder, type Curve, curves, type Flip, flip, POLICIES } from "./beyond.ts";
import { type Calibration, calibrated, FAST_BPS, type Profiles, runOf, SLOW_BPS } from "./calibrated.ts";
import { type Comparison, FINDINGS, SIGNS } from "./claims.ts";
import { judgeClaim, type Outcome } from "./judging.ts";
import { type Front, front, LOADED, type LoadRow, underLoad } from "./load.ts";
import { type Published, readPublished } from "./published.ts";
import {
  type Deployment,
  deploymentsOf,
  FITTED,
  FITTED_WITH_SPTQ,
  isFitted,
  keyOf,
  OPERATORS,
  type Operator,
  type StudySubject,
} from "./subjects.ts";
import { type Effort, profilesOf } from "./variants.ts";
import { why } from "./why.ts";

/** A deployment's latency as the study ran it: published, and predicted. */
export interface Row extends Deployment {
  readonly accuracy: number;
  /** Median of its runs, seconds; null where none are at hand. */
  readonly published_s: number | null;
  readonly predicted_s: number;
  /** Interval that holds 90 % of the draws. */
  readonly low_s: number;
  readonly high_s: number;
  /** Whether its own runs were fitted, so that the prediction is none. */
  readonly fitted: boolean;
}

/** A claim's outcome for a model, with what Tierwise's answer rests on. */
export interface ExplainedOutcome extends Outcome {
  readonly why: string;
}

/** What follows from one calibration. */
export interface Predictions {
  readonly calibration: {
    readonly on: string;
    readonly rows: number;
    readonly cells: number;
    readonly of_cells: number;
    readonly image_bytes: number;
  };
  readonly rows: readonly Row[];
  readonly findings: readonly ExplainedOutcome[];
  readonly signs: readonly ExplainedOutcome[];
  readonly orders: readonly OrderRow[];
}

/** All that the study says. */
export interface StudyResult {
  readonly study: string;
  readonly host: Host;
  /** Of the machine over a minute, when profiling began and when it ended. */
  readonly load_average: readonly [number, number];
  readonly seconds: number;
  readonly reused_profiles: number;
  readonly budget_s: number;
  readonly profiles: readonly {
    readonly subject: string;
    readonly operator: Operator;
    readonly request_s: number;
    readonly relative_ci: number;
    readonly load_s: number;
    readonly weight_bytes: number;
    readonly load_average: number;
    readonly cuts: number;
  }[];
  /** Calibrated on the identity alone: what the study reports. */
  readonly predictions: Predictions;
  /** Calibrated on SPTQ's runs, too, for comparison; null without published runs. */
  readonly with_sptq: Predictions | null;
  readonly beyond: {
    readonly flips: readonly Flip[];
    readonly curves: readonly Curve[];
    readonly best: readonly BestUnder[];
    readonly load: readonly LoadRow[];
    readonly fronts: readonly Front[];
  };
}

const UNCALIBRATED =
  "nothing: no published runs at hand; speeds are the topology's assumptions, images travel as tensors";
const onText = (operators: readonly Operator[]) =>
  `medians of ${operators.join(" and ")}, whole, on mobile, edge and cloud`;

/** Operators whose flips are worth telling: the model as it is, and the smallest variant. */
const FLIPPED: readonly Operator[] = ["identity", "distilled+sptq"];

/**
 * Runs the study.
 *
 * @param folder of published runs
 * @param note is told of each thing done
 */
export async function runStudy(
  subjects: readonly StudySubject[],
  folder: string,
  effort: Effort,
  note: (text: string) => void,
): Promise<StudyResult> {
  const start = performance.now();
  const elapsed = () => (performance.now() - start) / 1000;
  const loadBefore = os.loadavg()[0]!;
  const profiles = new Map();
  let reused_profiles = 0;
  let done = 0;
  const all = subjects.length * OPERATORS.length;
  for (const subject of subjects) {
    const own = await profilesOf(subject, effort, (operator, reused) => {
      done++;
      if (reused) reused_profiles++;
      const how = reused ? "profile of an earlier run" : "profiled";
      note(`${done} of ${all}: ${subject.title}, ${operator}: ${how} (${elapsed().toFixed(0)} s)`);
    });
    profiles.set(subject.name, own);
  }
  const loadAfter = os.loadavg()[0]!;
  const published = readPublished(folder, subjects);
  note(
    published ? `calibrating on ${onText(FITTED)}` : `no published runs in ${folder}: predictions are not calibrated`,
  );
  const document = evaluate(subjects, profiles, published, note);
  return {
    study: "arXiv 2411.00907",
    host: describeHost(),
    load_average: [loadBefore, loadAfter],
    seconds: elapsed(),
    reused_profiles,
    budget_s: effort.budgetSeconds,
    profiles: subjects.flatMap((subject) =>
      [...(profiles as Profiles).get(subject.name)!].map(([operator, { run, session, settings, model, cuts }]) => ({
        subject: subject.name,
        operator,
        request_s: run.request.median_s,
        relative_ci: settings.relative_ci,
        load_s: session.cold_load.median_s,
        weight_bytes: model.weight_bytes,
        load_average: settings.load_average,
        cuts: cuts.length,
      })),
    ),
    ...document,
  };
}

/** Everything that follows from profiles and published runs, without measuring. */
export function evaluate(
  subjects: readonly StudySubject[],
  profiles: Profiles,
  published: Published | undefined,
  note: (text: string) => void,
): Pick<StudyResult, "predictions" | "with_sptq" | "beyond"> {
  const calibration = calibrated(subjects, profiles, published, FITTED);
  note("going where the study could not: bandwidths, cuts, codecs, sessions");
  const flips = subjects.flatMap((subject) => FLIPPED.map((operator) => flip(subject, operator, calibration)));
  const best = subjects.flatMap((subject) =>
    [SLOW_BPS, FAST_BPS].flatMap((bandwidth_bps) =>
      POLICIES.map((policy) => bestUnder(subject, policy, calibration, { bandwidth_bps })),
    ),
  );
  note("simulating load");
  const load = subjects.flatMap((subject) =>
    LOADED.flatMap((tier) =>
      (["cold", "warm"] as const).flatMap((session) => underLoad(subject, "identity", tier, session, calibration)),
    ),
  );
  note("planning");
  const more = published && calibrated(subjects, profiles, published, FITTED_WITH_SPTQ);
  return {
    predictions: predictionsOf(subjects, calibration, published, FITTED),
    with_sptq: more ? predictionsOf(subjects, more, published, FITTED_WITH_SPTQ) : null,
    beyond: {
      flips,
      curves: subjects.flatMap((subject) => curves(subject, "identity", calibration)),
      best,
      load,
      fronts: subjects.map((subject) => front(subject, calibration)),
    },
  };
}

function predictionsOf(
  subjects: readonly StudySubject[],
  calibration: Calibration,
  published: Published | undefined,
  fitted: readonly Operator[],
): Predictions {
  const { draws } = calibration;
  const predicted = new Map<string, number[]>();
  const known = published?.medians ?? new Map<string, number>();
  const isKnown = (deployment: Deployment) => isFitted(deployment, fitted) && known.has(keyOf(deployment));
  const rows = subjects.flatMap((subject) =>
    deploymentsOf(subject).map((deployment): Row => {
      const latencies = draws.latencies(runOf(deployment, subject));
      predicted.set(keyOf(deployment), latencies);
      const sorted = latencies.toSorted((a, b) => a - b);
      const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))]!;
      return {
        ...deployment,
        accuracy: subject.accuracy[deployment.operator],
        published_s: known.get(keyOf(deployment)) ?? null,
        predicted_s: median(sorted),
        low_s: at(0.05),
        high_s: at(0.95),
        fitted: isKnown(deployment),
      };
    }),
  );
  const judged = (claims: typeof FINDINGS) =>
    claims.flatMap((claim) =>
      subjects.flatMap((subject): ExplainedOutcome[] => {
        const both = ({ left, right }: Comparison) => isKnown(left) && isKnown(right);
        const outcome = judgeClaim(claim, subject, predicted, known, both);
        const stagesOf = (deployment: Deployment) => draws.stages(runOf(deployment, subject));
        return outcome ? [{ ...outcome, why: why(outcome.critical.comparison, stagesOf) }] : [];
      }),
    );
  return {
    calibration: {
      on: published ? onText(fitted) : UNCALIBRATED,
      rows: calibration.rows,
      cells: calibration.cells,
      of_cells: calibration.ofCells,
      image_bytes: calibration.image_bytes,
    },
    rows,
    findings: judged(FINDINGS),
    signs: judged(SIGNS),
    orders: published ? orders(subjects, predicted, published, fitted) : [],
  };
}
