import { compilePipeline, loadModel } from "../src/costmodel/index.ts";
import { planSchema } from "../src/formats/plan.ts";
import type { PlanChoice } from "../src/formats/planresult.ts";
import { parseScenario } from "../src/formats/scenario.ts";
import type { Topology } from "../src/formats/topology.ts";
import { plan } from "../src/planner/index.ts";
import { compileScenario, type Network, offeredLoad, simulate } from "../src/simulator/index.ts";
import { type Calibration, FAST_BPS, runOf, SLOW_BPS, studyTopology } from "./calibrated.ts";
import { OPERATORS, type Operator, type StudySubject, WHOLE } from "./subjects.ts";

type Session = "warm" | "cold";

/**
 * The study's topology at the speeds that a calibration found for a variant: what planner and simulator, which know one speed a tier,
 * take. Encoding and decoding take that speed, too.
 */
export function tuned(
  subject: StudySubject,
  operator: Operator,
  { session, bandwidth_bps }: { session: Session; bandwidth_bps: number },
  { draws, profiles }: Calibration,
): Topology {
  const study = studyTopology();
  const model = loadModel(profiles.get(subject.name)!.get(operator)!);
  const topology: Topology = {
    ...study,
    session,
    links: study.links.map((link) =>
      link.from === "mobile" || link.to === "mobile" ? link : { ...link, bandwidth_bps },
    ),
  };
  return {
    ...topology,
    tiers: topology.tiers.map((tier) => {
      const { stages } = compilePipeline(model, topology, { placement: tier.name, cut: null, codec: "json" });
      const compiled = stages
        .filter(({ stage, resource }) => resource === `tier:${tier.name}` && (stage === "infer" || stage === "load"))
        .reduce((sum, { seconds }) => sum + seconds, 0);
      const run = runOf({ subject: subject.name, operator, placement: tier.name }, subject, { session });
      const shown = draws.stages(run);
      const found = shown[`${tier.name}_infer`]! + (session === "cold" ? shown[`${tier.name}_load`]! : 0);
      return { ...tier, speed: (tier.speed * compiled) / found, note: "calibrated" };
    }),
  };
}

/** Latency of a stream of requests. */
export interface LoadRow {
  readonly subject: string;
  readonly operator: Operator;
  readonly placement: string;
  readonly session: Session;
  /** Poisson arrivals a second. */
  readonly rate: number;
  /** Share of what the busiest tier or link can do. */
  readonly offered: number;
  readonly p50_s: number;
  readonly p95_s: number;
  readonly p99_s: number;
}

const REQUESTS = 20_000;

/** Shares of what the busiest tier or link can do at most. */
const SHARES = [0.3, 0.6, 0.9];

/**
 * Streams of requests to one deployment at some shares of its capacity. Mobile is each user's own device and serves without a limit; edge and cloud serve one request at a
 * time on all their processors.
 */
export function underLoad(
  subject: StudySubject,
  operator: Operator,
  placement: string,
  session: Session,
  calibration: Calibration,
): LoadRow[] {
  const topology = tuned(subject, operator, { session, bandwidth_bps: FAST_BPS }, calibration);
  const profile = calibration.profiles.get(subject.name)!.get(operator)!;
  const models = [{ model: loadModel(profile), profiles: [profile] }];
  const networkAt = (rate: number): Network => {
    const workload = [{ placement, codec: "json", arrivals: { rate }, service: "lognormal" }];
    const document = { topology: "study", workload, tiers: { mobile: { servers: "unlimited" } } };
    return compileScenario(parseScenario(JSON.stringify(document), "study"), topology, models).network;
  };
  const busiest = Math.max(...Object.values(offeredLoad(networkAt(1))));
  return SHARES.map((share) => {
    const rate = share / busiest;
    const { classes } = simulate(networkAt(rate), { requests: REQUESTS });
    const { percentiles } = Object.values(classes)[0]!.latency;
    return {
      subject: subject.name,
      operator,
      placement,
      session,
      rate,
      offered: share,
      p50_s: percentiles.p50!.value,
      p95_s: percentiles.p95!.value,
      p99_s: percentiles.p99!.value,
    };
  });
}

/** The planner's choices for a model in the study's tiers, sessions warm. */
export interface Front {
  readonly subject: string;
  readonly bandwidth_bps: number;
  readonly choices: readonly Pick<PlanChoice, "operator" | "placement" | "cut" | "codec" | "accuracy" | "latency_s">[];
}

/** What none beats in accuracy and latency, over all operators, placements, cuts of any order, and binary codecs. */
export function front(subject: StudySubject, calibration: Calibration, bandwidth_bps = SLOW_BPS): Front {
  const topology = tuned(subject, "identity", { session: "warm", bandwidth_bps }, calibration);
  const variants = OPERATORS.map((operator) => {
    const profile = calibration.profiles.get(subject.name)!.get(operator)!;
    const accuracy = { metric: subject.metric, value: subject.accuracy[operator] };
    return { operator, accuracy, model: loadModel(profile), profiles: [profile] };
  });
  const scenario = parseScenario('{"topology": "study", "plan": {}}', "study");
  const { pareto } = plan({
    scenario,
    plan: planSchema.parse({ codecs: ["raw", "float16"] }),
    topology,
    variants,
    models: [],
  });
  return {
    subject: subject.name,
    bandwidth_bps,
    choices: pareto.map(({ operator, placement, cut, codec, accuracy, latency_s }) => ({
      operator,
      placement,
      cut,
      codec,
      accuracy,
      latency_s,
    })),
  };
}

/** Tiers at which streams are tried. */
export const LOADED: readonly string[] = WHOLE.filter((tier) => tier !== "mobile");
