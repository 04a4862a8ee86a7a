import fc from "fast-check";
import type { PlanChoice, PlanResult } from "../../src/formats/planresult.ts";
import type { Stage } from "../../src/formats/prediction.ts";
import type { Validation } from "../../src/formats/validation.ts";
import { type PlanReport, planReportSchema } from "../../src/report/index.ts";

export interface ChoiceSketch {
  operator: string;
  placement: string;
  /** Seconds of inference on each tier of the placement, and of each transfer between them. */
  infer_s: number;
  transfer_s: number;
  accuracy?: number | null;
  /** Percentiles under load, seconds; "overload"; undefined where the choice was not simulated. */
  load?: { p50: number; p95: number; p99: number } | "overload" | undefined;
}

const OPERATORS = ["identity", "sptq", "pruned", "distilled", "distilled+sptq"] as const;
const PLACEMENTS = ["mobile", "edge", "cloud", "mobile>edge", "edge>cloud", "mobile>edge>cloud"] as const;

/** A choice whose stages add up to its latency: the request goes out to its last tier, and the answer comes back. */
export function choiceOf(sketch: ChoiceSketch): PlanChoice {
  const { operator, placement, infer_s, transfer_s, accuracy = null, load } = sketch;
  const tiers = placement.split(">");
  const stage = (name: Stage["stage"], resource: string, seconds: number, direction: Stage["direction"]): Stage => ({
    stage: name,
    resource,
    seconds,
    direction,
  });
  const stages = tiers.flatMap((tier, index) => {
    const next = tiers[index + 1];
    const infer = stage("infer", `tier:${tier}`, infer_s, "request");
    if (next === undefined) return [infer];
    return [
      infer,
      stage("encode", `tier:${tier}`, transfer_s / 20, "request"),
      stage("transfer", `link:${tier}>${next}`, transfer_s, "request"),
      stage("decode", `tier:${next}`, transfer_s / 40, "request"),
    ];
  });
  const back = tiers
    .slice(1)
    .map((tier, index) => stage("transfer", `link:${tier}>${tiers[index]}`, transfer_s / 4, "response"));
  const all = [...stages, ...back.reverse()];
  const latency_s = all.reduce((sum, { seconds }) => sum + seconds, 0);
  const estimate = (value: number) => ({ value, low: value * 0.9, high: value * 1.12 });
  const loaded = load === "overload" ? { p50: 1, p95: 1, p99: 1 } : load;
  return {
    operator,
    placement,
    cut: tiers.length > 1 ? "conv7" : null,
    codec: "raw",
    along_profile_order: true,
    accuracy,
    latency_s,
    low_s: latency_s * 0.97,
    high_s: latency_s * 1.04,
    bytes: transfer_s * 1e6,
    energy_j: null,
    price_per_thousand: null,
    throughput: null,
    limited_by: null,
    ...(loaded
      ? {
          under_load: {
            mean: estimate(loaded.p50),
            p50: estimate(loaded.p50),
            p95: estimate(loaded.p95),
            p99: estimate(loaded.p99),
            throughput: 10,
            overloaded: load === "overload" ? [`tier:${tiers[0]}`] : [],
          },
        }
      : {}),
    stages: all,
  };
}

export interface PlanSketch {
  choices: readonly ChoiceSketch[];
  flips?: PlanResult["explanation"]["flips"];
  moving?: PlanResult["moving"] | undefined;
  tornado?: PlanReport["tornado"] | undefined;
  cells?: Validation["cells"] | undefined;
  latency_at_most_s?: number | undefined;
  accuracy_at_least?: number | undefined;
}

/** A report on a plan with these choices, best first; what is not sketched is not there. */
export function planOf({ choices, flips = [], moving, tornado, cells, ...limits }: PlanSketch): PlanReport {
  const [best, ...alternatives] = choices.map(choiceOf);
  const errors = { n: cells?.length ?? 0, mape: 0.04, median_ape: 0.02, within_10: 0.9, worst: 0.3 };
  return planReportSchema.parse({
    format: "tierwise/plan-report",
    version: 1,
    question: { name: "receipts", description: "", constraints: [], load: [], session: "warm", ...defined(limits) },
    topology: {
      name: "campus",
      tiers: ["mobile", "edge", "cloud"].map((name) => ({ name, text: "as this host" })),
      links: [],
    },
    variants: OPERATORS.map((operator, index) => ({
      operator,
      model: "net",
      accuracy: { metric: "accuracy", value: 0.95 - index / 100, low: 0.93 - index / 100, high: 0.96 - index / 100 },
      cpu: "Example CPU",
      runtime: "onnxruntime-node",
      threads: 1,
      created: "2026-11-20T12:00:00.000Z",
      load_average: 0.1,
      converged: true,
      relative_ci: 0.01,
    })),
    plan: {
      objective: "latency",
      at: "p95",
      best,
      alternatives,
      pareto: [],
      explanation: { sentence: "Run it.", binding: [], flips, caveats: [] },
      searched: { candidates: choices.length, closures: 0, exact: true },
      ...(moving ? { moving } : {}),
    },
    calibrated: [],
    ...(tornado ? { tornado } : {}),
    ...(cells
      ? {
          validation: {
            ...errors,
            n_fit: 10,
            rows_fit: 30,
            rows: 90,
            coverage_90: 0.9,
            interval_90: 0.1,
            extrapolating: 0,
            rank_correlation: 0.99,
            noise_floor: { mape: 0.06, median_ape: 0.03, n: 90 },
            regret: { operator: null, placement: null },
            baselines: [],
            groups: [],
            cells,
          },
        }
      : {}),
  });
}

/** A plan that has something for every chart. */
export function planSample(): PlanReport {
  const load = (scale: number) => ({ p50: 0.03 * scale, p95: 0.06 * scale, p99: 0.09 * scale });
  return planOf({
    choices: [
      {
        operator: "distilled",
        placement: "mobile>edge",
        infer_s: 0.012,
        transfer_s: 0.008,
        accuracy: 0.92,
        load: load(1),
      },
      {
        operator: "identity",
        placement: "mobile>edge",
        infer_s: 0.02,
        transfer_s: 0.008,
        accuracy: 0.95,
        load: load(1.5),
      },
      { operator: "identity", placement: "edge", infer_s: 0.06, transfer_s: 0, accuracy: 0.95, load: load(2) },
      { operator: "sptq", placement: "cloud", infer_s: 0.07, transfer_s: 0, accuracy: 0.94, load: "overload" },
    ],
    flips: [
      flip("topology.links.mobile>edge.bandwidth", 50e6, 8e6),
      flip("topology.links.mobile>edge.bandwidth", 50e6, 210e6),
      flip("topology.devices.phone.speed", 0.25, 0.4),
    ],
    moving: movingOf([20e6, 1e6, 20e6]),
    tornado: {
      share: 0.1,
      value: 0.04,
      inputs: 5,
      bars: [
        bar("topology.devices.phone.speed", ["0.25", "0.225", "0.275"], 0.044, 0.0372),
        bar("topology.links.mobile>edge.bandwidth", ["50 Mbit/s", "45 Mbit/s", "55 Mbit/s"], 0.041, 0.039),
        bar("profile", ["medians", "low ends", "high ends"], 0.0395, 0.0402),
      ],
    },
    cells: [0.92, 0.99, 1.01, 1.02, 1.22].map((ratio, index) => cellOf(0.01 * 3 ** index, ratio)),
    latency_at_most_s: 0.2,
    accuracy_at_least: 0.915,
  });
}

export function flip(path: string, now: number, at: number): PlanResult["explanation"]["flips"][number] {
  return {
    path,
    now,
    at,
    from: { operator: "distilled", placement: "mobile>edge" },
    to: { operator: "sptq", placement: "cloud" },
  };
}

export function bar(path: string, [value, low, high]: [string, string, string], at_low: number, at_high: number) {
  return { path, value, low, high, at_low, at_high, swing: Math.abs(at_high - at_low) };
}

export function cellOf(measured_s: number, ratio: number): Validation["cells"][number] {
  const predicted_s = measured_s * ratio;
  return {
    cell: "net · identity · mobile>edge · conv7 · raw · warm · mobile>edge 50 Mbit/s",
    measured_s,
    predicted_s,
    low_s: predicted_s * 0.9,
    high_s: predicted_s * 1.1,
    extrapolates: [],
  };
}

/** Phases of ten seconds at these bandwidths, bit/s; below 5 Mbit/s it is better to stay at home. */
export function movingOf(bandwidths: readonly number[]): NonNullable<PlanResult["moving"]> {
  const away = { operator: "distilled", placement: "mobile>edge", cut: "conv7" };
  const home = { operator: "distilled", placement: "mobile", cut: null };
  const phases = bandwidths.map((bps, index) => {
    const sent = 0.02 + 2e5 / bps;
    return {
      at_s: index * 10,
      bandwidths_bps: { "mobile>edge": bps },
      fixed_s: sent,
      robust_s: 0.06,
      adaptive_s: Math.min(sent, 0.06),
    };
  });
  const switches = phases
    .map(({ at_s, fixed_s }) => ({ at_s, ...(fixed_s > 0.06 ? home : away) }))
    .filter((one, index, all) => index === 0 || one.placement !== all[index - 1]!.placement);
  const mean = (of: (phase: (typeof phases)[number]) => number) =>
    phases.reduce((sum, phase) => sum + of(phase), 0) / phases.length;
  return {
    duration_s: phases.length * 10,
    fixed: { mean_s: mean(({ fixed_s }) => fixed_s), worst_regret: 2, ...away },
    robust: { mean_s: 0.06, worst_regret: 1, ...home },
    adaptive: { mean_s: mean(({ adaptive_s }) => adaptive_s), worst_regret: 0, switches: switches.length - 1 },
    switches,
    phases,
  };
}

const seconds = fc.double({ min: 1e-4, max: 5, noNaN: true });
/** From a tenth of a millisecond to a minute: axes are in milliseconds, and labels of six digits have their room. */
const load = fc
  .tuple(
    fc.double({ min: 1e-4, max: 1, noNaN: true }),
    fc.double({ min: 1, max: 12, noNaN: true }),
    fc.double({ min: 1, max: 5, noNaN: true }),
  )
  .map(([p50, a, b]) => ({ p50, p95: p50 * a, p99: p50 * a * b }));
const choice = (isLoaded: boolean) =>
  fc.record({
    operator: fc.constantFrom(...OPERATORS),
    placement: fc.constantFrom(...PLACEMENTS),
    infer_s: seconds,
    transfer_s: seconds,
    accuracy: fc.option(fc.double({ min: 0.3, max: 1, noNaN: true })),
    load: isLoaded ? fc.oneof(load, fc.constant("overload" as const), fc.constant(undefined)) : fc.constant(undefined),
  });
const positive = (least: number, most: number) => fc.double({ min: least, max: most, noNaN: true });

/** At most one flip below the present value, and one above. */
const anyFlips = ([path, now]: readonly [string, number]) =>
  fc
    .tuple(fc.option(positive(1.01, 64)), fc.option(positive(1.01, 64)))
    .map(([down, up]) => [
      ...(down === null ? [] : [flip(path, now, now / down)]),
      ...(up === null ? [] : [flip(path, now, now * up)]),
    ]);

/** Plans of all kinds: few choices and many, alone and under load, with and without what charts need. */
export const anyPlan: fc.Arbitrary<PlanReport> = fc
  .boolean()
  .chain((isLoaded) =>
    fc.record({
      // The best of each operator and placement, as plans have them; the first is simulated where there is a load.
      choices: fc
        .uniqueArray(choice(isLoaded), {
          minLength: 1,
          maxLength: 14,
          selector: ({ operator, placement }) => `${operator} ${placement}`,
        })
        .map(([first, ...rest]) => [{ ...first!, load: isLoaded ? (first!.load ?? "overload") : undefined }, ...rest]),
      flips: fc
        .tuple(anyFlips(["topology.links.mobile>edge.bandwidth", 3e6]), anyFlips(["topology.devices.phone.speed", 0.3]))
        .map((all) => all.flat()),
      moving: fc.option(fc.array(positive(1e4, 1e9), { minLength: 1, maxLength: 9 }).map(movingOf), { nil: undefined }),
      tornado: fc.option(
        fc.array(fc.tuple(positive(1e-3, 1), positive(1e-3, 1)), { maxLength: 12 }).map((ends) => ({
          share: 0.1,
          value: 0.5,
          inputs: ends.length,
          bars: ends.map(([low, high], index) =>
            bar(`topology.links.a>b${index}.delay`, ["12 ms", "10.8 ms", "13.2 ms"], low, high),
          ),
        })),
        { nil: undefined },
      ),
      cells: fc.option(
        fc
          .array(fc.tuple(positive(1e-4, 20), positive(0.2, 4)), { maxLength: 40 })
          .map((all) => all.map(([m, r]) => cellOf(m, r))),
        { nil: undefined },
      ),
      latency_at_most_s: fc.option(seconds, { nil: undefined }),
      accuracy_at_least: fc.option(positive(0.3, 1), { nil: undefined }),
    }),
  )
  .map(planOf);

function defined<T extends object>(record: T): Partial<T> {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)) as Partial<T>;
}
