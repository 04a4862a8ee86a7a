import { boundariesOf, compilePipeline, loadModel } from "../costmodel/index.ts";
import type { Stage } from "../formats/prediction.ts";
import { Problem } from "../formats/problem.ts";
import type { CodecName, Profile } from "../formats/profile.ts";
import type { MeasuredRun } from "../formats/runs.ts";
import type { Link, Topology } from "../formats/topology.ts";
import { type Cell, configurationKey } from "./cells.ts";
import { Unknowns } from "./parameters.ts";
import { type Part, secondsAtMoments, secondsByPart } from "./parts.ts";
import type { LatencyModel, Predictor } from "./predictor.ts";
import { chainOf } from "./route.ts";

/** Relative standard deviations of factors around what was profiled, before any run was seen. */
const SPREAD = {
  /** Inference: measured, but in another process, between other work. */
  infer: 0.1,
  /** Of one model around all: caches and fresh memory matter to some more than to others. */
  model: 0.15,
  /** Loading, coding and relaying depend on memory that was or was not touched before. */
  other: 0.3,
  /** Of one tier or one quota around all. */
  tier: 0.05,
  /** Of one configuration around the sum of its stages. */
  configuration: 0.02,
} as const;
/** On machines other than the profiled one: of a tier's speed, and of what its integer kernels gain beside what they gain here. */
const FOREIGN = { tier: 1, integer: 0.4 } as const;
const INTEGER = /(^|\+)(sptq|qat)$/;
/** Share of a link's rate that messages get: of an Ethernet frame of 1,514 bytes TCP carries 1,448. Links of one table are alike. */
const GOODPUT = { median: 1448 / 1514, spread: 0.02, link: 0.005 };
/** Seconds per byte of a message that sender and receiver spend on it while the link waits. */
const HANDLING = { median_s_per_byte: 0.5e-9, spread: 1 };
/** Bits that pass a shaped link at once although nobody gave it a burst: a token bucket holds a frame or two at least. */
const FRAMES = { median_bits: 25_600, spread: 0.5 };
/** Seconds that an engine takes to load anything. */
const LOAD = { name: "overhead of a load", median_s: 0.5e-3, spread: 1 };
/** Seconds from one program to the next, beyond all stages: system calls, wake-ups, parsing of headers. */
const HOP = { median_s: 0.5e-3, spread: 1 };
/** Seconds that a run takes longer after a pause than in a profile's loop: its caches are cold. */
const COLD_CACHES = { name: "cold caches of a run", median_s: 0.2e-3, spread: 1 };
/**
 * Seconds of a request outside of its stages, for each link that it crosses, and per byte of its messages: handing over between threads, copies, and the collection of
 * garbage, of which texts leave more than bytes, and sessions more than runs.
 */
const REST = { median_s: 0.5e-3, spread: 1, session: 0.5 };
const COPY = { median_s_per_byte: 0.3e-9, spread: 1, codec: 1 };

/**
 * The model of latencies where profiles are at hand: the stages that the cost model compiles for each run's own tiers and
 * links, each times a factor that measured runs show. Stages that were timed are observations of their own.
 */
export class PipelineModel implements LatencyModel {
  readonly unknowns = new Unknowns();
  readonly knowsStages = true;
  readonly route: { readonly chain: readonly string[]; readonly fetches: boolean };
  readonly #topology: Topology | undefined;
  readonly #profiles: readonly Profile[];
  readonly #foreign: boolean;
  readonly #models = new Map<string, ReturnType<typeof loadModel>>();

  /** @throws Problem when a run's model has no profile */
  constructor(cells: readonly Cell[], profiles: readonly Profile[], topology?: Topology, foreign = false) {
    this.#topology = topology;
    this.#foreign = foreign;
    this.#profiles = profiles;
    this.route = { chain: chainOf(cells, topology), fetches: false };
  }

  predictor(run: MeasuredRun): Predictor {
    const topology = this.#topologyOf(run);
    const unlimited = { ...topology, tiers: topology.tiers.map((tier) => ({ ...tier, cpu_quota: null })) };
    const { stages } = compilePipeline(this.#model(run), unlimited, {
      placement: run.placement,
      cut: run.cut ?? null,
      codec: run.codec,
    });
    const { unknowns } = this;
    const configuration = unknowns.of(`factor ${configurationKey(run)}`, "", 0, SPREAD.configuration);
    const holdsIntegers = this.#integersBetween(run);
    let segments = 0;
    const parts = stages.map((stage) => {
      if (stage.stage === "infer") segments++;
      return this.#part(stage, run, topology, holdsIntegers[segments] ?? false);
    });
    const { session = "warm", codec = this.#topology?.codec ?? "raw" } = run;
    const anyRest = unknowns.of("request beyond its stages", "s", Math.log(REST.median_s), REST.spread);
    const rest = unknowns.of(`request beyond its stages, ${session} session`, "s", 0, REST.session, [anyRest]);
    const crossed = stages.filter(({ stage }) => stage === "transfer").length;
    const anyLink = unknowns.of("request beyond its stages, per link", "s", Math.log(REST.median_s), REST.spread);
    const perLink = unknowns.of(`request beyond its stages, per link, ${session} session`, "s", 0, REST.session, [
      anyLink,
    ]);
    const anyCopy = unknowns.of("copying of a byte", "s", Math.log(COPY.median_s_per_byte), COPY.spread);
    const copy = unknowns.of(`copying of a byte as ${codec}`, "s", 0, COPY.codec, [anyCopy]);
    const bytes = stages.reduce((sum, stage) => sum + (stage.bytes ?? 0), 0);
    const beyond = (values: ArrayLike<number>) =>
      Math.exp(values[rest]!) + crossed * Math.exp(values[perLink]!) + bytes * Math.exp(values[copy]!);
    return {
      base: configuration,
      unknowns: [
        ...new Set([
          ...[configuration, rest, perLink, copy],
          ...parts.flatMap(({ factors, added, spared }) => [
            ...factors,
            ...(spared ? [spared.unknown] : []),
            ...added.map(({ unknown }) => unknown),
          ]),
        ]),
      ],
      latencies: (values) =>
        secondsAtMoments(parts, values).map((seconds) => Math.exp(values[configuration]!) * (seconds + beyond(values))),
      stages: (values) => {
        const sums: Record<string, number> = {};
        for (const [i, seconds] of secondsByPart(parts, values).entries()) {
          const { column } = parts[i]!;
          sums[column] = (sums[column] ?? 0) + seconds;
        }
        return sums;
      },
    };
  }

  /** Whether most of what is sent before the first segment, between segments, and after the last is integers. */
  #integersBetween(run: MeasuredRun): boolean[] {
    const model = this.#model(run);
    const codec = run.codec ?? this.#topology?.codec ?? "raw";
    const shares = model.tables[0]!.messages.get(codec as CodecName)?.integers;
    return boundariesOf(model, run.cut ?? null, run.placement.split(">").length).map(
      (boundary) => (shares?.[boundary] ?? 0) > 0.5,
    );
  }

  /** @param integers whether it codes integers for the most part */
  #part({ stage, resource, seconds, bytes }: Stage, run: MeasuredRun, topology: Topology, integers: boolean): Part {
    const [kind, name] = resource.split(":") as ["tier" | "link", string];
    const { unknowns } = this;
    if (kind === "tier") {
      const onTop = stage === "infer" ? COLD_CACHES : stage === "load" ? LOAD : undefined;
      const added = onTop
        ? [{ unknown: unknowns.of(onTop.name, "s", Math.log(onTop.median_s), onTop.spread), times: 1 }]
        : [];
      const factors = this.#factors(stage, name, run, integers);
      const { cpu_quota, cpu_period_s, threads } = topology.tiers.find((tier) => tier.name === name)!;
      return {
        ...{ column: `${name}_${stage}`, seconds, factors, added },
        ...{ divides: false, fixed_s: 0, leaves: false },
        limit:
          cpu_quota === null
            ? undefined
            : { quota: { cores: cpu_quota, period_s: cpu_period_s }, processors: stage === "infer" ? threads : 1 },
      };
    }
    const [from, to] = name.split(">") as [string, string];
    const link = this.#linkOf(run, from, to);
    const forward = this.#forward(from, to);
    const held = link.burst_bytes + (link.burst_s * link.bandwidth_bps) / 8;
    const goodput = unknowns.of("goodput", "", Math.log(GOODPUT.median), GOODPUT.spread);
    const hop = unknowns.of("overhead of a hop", "s", Math.log(HOP.median_s), HOP.spread);
    const handling = unknowns.of("handling of a byte", "s", Math.log(HANDLING.median_s_per_byte), HANDLING.spread);
    return {
      column: `${forward.replace(">", "_")}_transfer`,
      seconds: (Math.max(0, (bytes ?? 0) - held) * 8) / link.bandwidth_bps,
      factors: [unknowns.of(`goodput of ${forward}`, "", 0, GOODPUT.link, [goodput])],
      divides: true,
      leaves: true,
      fixed_s: link.delay_s,
      // A bucket that somebody gave is known.
      ...(held > 0 ? {} : { spared: this.#frames(link) }),
      added: [
        { unknown: hop, times: 1 },
        { unknown: handling, times: bytes ?? 0 },
      ],
    };
  }

  /** What a link lets pass although no bucket of it is stated: bits, and seconds per bit. */
  #frames({ bandwidth_bps }: Link): { unknown: number; per_bit_s: number } {
    const unknown = this.unknowns.of("bits passed at once", "bit", Math.log(FRAMES.median_bits), FRAMES.spread);
    return { unknown, per_bit_s: 1 / bandwidth_bps };
  }

  start(): Float64Array<ArrayBuffer> {
    return this.unknowns.priorMedians();
  }

  shared(): number[] {
    return [];
  }

  /** Factors of a stage: what it has everywhere, what its model or codec has, and what its tier and a quota there do. */
  #factors(stage: Stage["stage"], tier: string, run: MeasuredRun, integers: boolean): number[] {
    const { unknowns } = this;
    const { model, session = "warm", codec = this.#topology?.codec ?? "raw" } = run;
    const { cpus, threads } = run.tiers[tier] ?? {};
    const limits = [
      cpus === undefined ? "" : `${cpus} CPU`,
      threads === undefined || threads === 1 ? "" : `${threads} threads`,
    ];
    const place = [tier, ...limits.filter((limit) => limit !== "")].join(", ");
    if (stage === "infer" || stage === "load") {
      const spread = stage === "infer" ? SPREAD.infer : SPREAD.other;
      const own = stage === "infer" ? SPREAD.model : SPREAD.other;
      const everywhere = unknowns.of(stage, "", 0, spread);
      const ofModel = unknowns.of(`${stage} of ${model}`, "", 0, own, [everywhere]);
      const here = unknowns.of(`${stage} on ${place}`, "", 0, this.#foreign ? FOREIGN.tier : SPREAD.tier);
      if (stage === "load") return [ofModel, here];
      const factors = [unknowns.of(`infer of ${model}, ${session} session`, "", 0, own, [ofModel]), here];
      if (this.#foreign && INTEGER.test(run.operator))
        factors.push(unknowns.of(`integer kernels on ${place}`, "", 0, FOREIGN.integer));
      return factors;
    }
    const coding = stage === "relay" ? "relay" : `${stage} as ${codec}`;
    const everywhere = unknowns.of(coding, "", 0, SPREAD.other);
    const here = unknowns.of(`${coding} on ${place}`, "", 0, SPREAD.tier);
    if (stage === "relay" || codec !== "json") return [everywhere, here];
    // Floats' texts hang on the values, of which a profile has times for a mixture of all tensors; and reading many makes much garbage, which
    // small integers do not.
    if (integers) return [unknowns.of(`${coding} of integers`, "", 0, SPREAD.other), here];
    return [unknowns.of(`${coding} of ${model}`, "", 0, SPREAD.model, [everywhere]), here];
  }

  #model(run: MeasuredRun): ReturnType<typeof loadModel> {
    const key = `${run.model} ${run.operator}`;
    const known = this.#models.get(key);
    if (known) return known;
    const own = this.#profiles.filter(({ model }) => model.name === run.model && model.operator === run.operator);
    if (own.length === 0) {
      const there = this.#profiles.map(({ model }) => `${model.name} (${model.operator})`).join(", ");
      throw new Problem(`no profile of ${run.model} (${run.operator}) was given; there are ${there || "none"}`);
    }
    const loaded = loadModel(own);
    this.#models.set(key, loaded);
    return loaded;
  }

  /** Links as the table names them, whichever way they are gone. */
  #forward(from: string, to: string): string {
    const { chain } = this.route;
    return chain.indexOf(from) <= chain.indexOf(to) ? `${from}>${to}` : `${to}>${from}`;
  }

  #linkOf(run: MeasuredRun, from: string, to: string): Link {
    const known = this.#topology?.links.find((link) => link.from === from && link.to === to);
    const { bandwidth_bps, delay_s } = run.links[`${from}>${to}`] ?? run.links[this.#forward(from, to)] ?? {};
    const bandwidth = bandwidth_bps ?? known?.bandwidth_bps;
    if (bandwidth === undefined) {
      throw new Problem(
        `the bandwidth from ${from} to ${to} is neither in the table nor in a topology; give --topology`,
      );
    }
    return {
      from,
      to,
      bandwidth_bps: bandwidth,
      delay_s: delay_s ?? known?.delay_s ?? 0,
      burst_bytes: known?.burst_bytes ?? 0,
      burst_s: known?.burst_s ?? 0,
      energy_j_per_byte: known?.energy_j_per_byte ?? null,
      price_per_byte: known?.price_per_byte ?? null,
    };
  }

  /** The tiers and links of one run: as it was measured, on the profiled host where no topology says otherwise. */
  #topologyOf(run: MeasuredRun): Topology {
    const { chain } = this.route;
    const used = new Set([chain[0]!, ...run.placement.split(">")]);
    const last = Math.max(...[...used].map((tier) => chain.indexOf(tier)));
    const reached = chain.slice(0, last + 1);
    return {
      name: "measured",
      description: "",
      session: run.session ?? this.#topology?.session ?? "warm",
      codec: this.#topology?.codec ?? "raw",
      enters: chain[0]!,
      tiers: reached.map((name) => {
        const known = this.#topology?.tiers.find((tier) => tier.name === name);
        const { cpus, threads } = run.tiers[name] ?? {};
        return {
          name,
          device: known?.device ?? "host",
          speed: known?.speed ?? 1,
          note: known?.note ?? "",
          threads: threads ?? known?.threads ?? 1,
          cpu_quota: cpus ?? known?.cpu_quota ?? null,
          cpu_period_s: known?.cpu_period_s ?? 0.1,
          memory_bytes: known?.memory_bytes ?? null,
          power_w: known?.power_w ?? null,
          price_per_s: known?.price_per_s ?? null,
        };
      }),
      links: reached.slice(1).flatMap((to, i) => {
        const from = reached[i]!;
        return [this.#linkOf(run, from, to), this.#linkOf(run, to, from)];
      }),
    };
  }
}
