import path from "node:path";
import { calibratedPredictions } from "../calibration/index.ts";
import { predict } from "../costmodel/index.ts";
import type { Plan } from "../formats/plan.ts";
import type { PlanChoice } from "../formats/planresult.ts";
import { type Validation, validationSchema } from "../formats/validation.ts";
import { plan as findPlan, type PlanOptions, type PlanQuestion, type VariantModel } from "../planner/index.ts";
import { choices, type PlanReport } from "../report/index.ts";
import { formatDuration, formatSize } from "../units/index.ts";
import { type Documents, operatorsOf, parseExpression, setPath, tornado } from "../whatif/index.ts";
import { readProfiledCalibration } from "./calibrations.ts";
import { readJson } from "./documents.ts";
import { readPlanQuestion } from "./planning.ts";
import { describeTopology } from "./topologies.ts";
import { readWorld } from "./worlds.ts";

/** By which share the tornado changes inputs. */
const SHARE = 0.1;

export interface PlanReportSources {
  /** A scenario, or the name of a shipped one. */
  readonly scenario: string;
  /** What `tierwise validate --json` printed. */
  readonly validation?: string | undefined;
  readonly calibration?: string | undefined;
}

/**
 * Everything that a report on a plan shows: finds the plan, and what its choice's latency depends on.
 *
 * @throws Problem as the planner does, or naming a file and its field
 */
export function planReportData(sources: PlanReportSources, options: PlanOptions = {}): PlanReport {
  const question = readPlanQuestion(sources.scenario);
  const validation: Validation | undefined =
    sources.validation === undefined
      ? undefined
      : readJson(sources.validation, validationSchema, "tierwise validate … --json > validation.json");
  const result = findPlan(question, options);
  const bars = tornadoOf(sources.scenario, question.plan, result.best);
  const { topology, variants } = question;
  const data: PlanReport = {
    format: "tierwise/plan-report",
    version: 1,
    question: questionOf(question, sources.scenario),
    topology: describeTopology(topology),
    variants: variants.map(variantFacts),
    plan: result,
    calibrated: [],
    ...(bars ? { tornado: bars } : {}),
    ...(validation ? { validation, validation_of: path.basename(sources.validation!) } : {}),
  };
  const { calibration } = sources;
  if (calibration === undefined) return data;
  return { ...data, calibrated: choices(data).flatMap((choice) => corrected(choice, question, calibration)) };
}

function questionOf({ scenario, plan, topology }: PlanQuestion, file: string): PlanReport["question"] {
  const { latency_at_most, accuracy_at_least } = plan.constraints;
  const planned = scenario.workload.find(({ name }) => plan.class === undefined || name === plan.class);
  const rate = planned && "rate" in planned.arrivals ? planned.arrivals.rate : undefined;
  return {
    name: scenario.name ?? path.basename(file, path.extname(file)),
    description: scenario.description ?? "",
    constraints: constraintsInWords(plan),
    load: scenario.workload.map(
      ({ name, arrivals }, index) => `${name ?? `request-${index + 1}`}: ${arrivalsInWords(arrivals)}`,
    ),
    ...(rate === undefined ? {} : { requests_per_s: rate }),
    session: topology.session,
    ...(latency_at_most === undefined ? {} : { latency_at_most_s: latency_at_most }),
    ...(accuracy_at_least === undefined ? {} : { accuracy_at_least }),
  };
}

function constraintsInWords({ constraints: asked, at }: Plan): string[] {
  const said: (string | undefined)[] = [
    asked.accuracy_at_least && `accuracy at least ${Number((asked.accuracy_at_least * 100).toPrecision(4))} %`,
    asked.latency_at_most &&
      `${at === "mean" ? "latency" : `${at} of latency`} at most ${formatDuration(asked.latency_at_most)}`,
    asked.energy_at_most && `at most ${Number(asked.energy_at_most.amount.toPrecision(3))} J a request`,
    asked.price_at_most === undefined ? undefined : `at most ${asked.price_at_most} for a thousand requests`,
    asked.bytes_at_most && `at most ${formatSize(asked.bytes_at_most.amount)} sent`,
    asked.throughput_at_least && `at least ${asked.throughput_at_least} requests a second`,
    asked.raw_input_stays ? "raw input stays where it is" : undefined,
    asked.tiers?.only && `only on ${asked.tiers.only.join(", ")}`,
    asked.tiers?.not && `not on ${asked.tiers.not.join(", ")}`,
    asked.operators?.only && `only the operators ${asked.operators.only.join(", ")}`,
    asked.operators?.not && `not the operators ${asked.operators.not.join(", ")}`,
    asked.links?.not && `not over ${asked.links.not.join(", ")}`,
  ].map((words) => words || undefined);
  return said.filter((words) => words !== undefined);
}

function arrivalsInWords(arrivals: PlanQuestion["scenario"]["workload"][number]["arrivals"]): string {
  if ("rate" in arrivals)
    return `${arrivals.rate} requests a second${"gaps" in arrivals ? `, ${arrivals.gaps} gaps` : ""}`;
  if ("every" in arrivals) return `one request every ${formatDuration(arrivals.every)}`;
  if ("bursts" in arrivals)
    return `bursts of ${arrivals.bursts.map(({ rate, lasts }) => `${rate}/s for ${formatDuration(lasts)}`).join(", ")}`;
  if ("times" in arrivals) return `a trace of ${arrivals.times.length} requests`;
  return `${arrivals.users} users, ${formatDuration(arrivals.think)} between answer and next request`;
}

function variantFacts({ operator, accuracy, profiles }: VariantModel): PlanReport["variants"][number] {
  const { model, host, settings, created, transferred } = profiles[0]!;
  return {
    operator,
    model: model.name,
    accuracy: accuracy
      ? {
          metric: accuracy.metric,
          value: accuracy.value,
          ...(accuracy.low === undefined ? {} : { low: accuracy.low }),
          ...(accuracy.high === undefined ? {} : { high: accuracy.high }),
          ...(accuracy.source === undefined ? {} : { source: accuracy.source }),
        }
      : null,
    cpu: host.cpu,
    runtime: host.runtime,
    threads: settings.threads,
    created,
    load_average: settings.load_average,
    converged: settings.converged,
    relative_ci: settings.relative_ci,
    ...(transferred
      ? { transferred: `predicted on ${transferred.to} from ${transferred.from}, by ${transferred.method}` }
      : {}),
  };
}

/** The tornado of the plan's choice; undefined where `whatif` cannot set its cut, which follows another order. */
function tornadoOf(file: string, { class: name }: Plan, best: PlanChoice): PlanReport["tornado"] {
  if (!best.along_profile_order) return undefined;
  const world = readWorld(file, name);
  const fields: (readonly [path: string, value: unknown])[] = [
    ...(operatorsOf(world).length > 0 ? [["operator", best.operator] as const] : []),
    ["placement", best.placement],
    ["cut", best.cut ?? "best"],
    ["codec", best.codec],
    ...Object.entries(best.threads ?? {}).map(
      ([tier, threads]) => [`topology.tiers.${tier}.threads`, threads] as const,
    ),
  ];
  const chosen = fields.reduce<Documents>((at, [field, value]) => setPath(at, field, value), world);
  const { share, value, inputs, bars } = tornado(chosen, parseExpression("latency_s", "latency"), SHARE, { seed: 1 });
  return { share, value, inputs, bars: bars.map((bar) => ({ ...bar })) };
}

/** A choice as a calibration corrects it; nothing where it is not one of `predict`'s. */
function corrected(
  { operator, placement, cut, codec, along_profile_order, threads }: PlanChoice,
  { variants, topology }: PlanQuestion,
  calibration: string,
): PlanReport["calibrated"] {
  const { model, profiles } = variants.find((variant) => variant.operator === operator)!;
  if (!along_profile_order || threads !== undefined) return [];
  const bare = predict(model, topology, { placements: [placement], cuts: cut ?? "best", codecs: [codec] });
  const known = readProfiledCalibration(calibration, profiles, topology);
  return calibratedPredictions(bare, profiles[0]!, topology, known).map(
    ({ latency_s, low_s, high_s, extrapolates = [] }) => ({
      operator,
      placement,
      latency_s,
      low_s,
      high_s,
      extrapolates,
    }),
  );
}
