import { compilePipeline, loadModel } from "../costmodel/index.ts";
import { Problem } from "../formats/problem.ts";
import type { Profile } from "../formats/profile.ts";
import type { MeasuredRun } from "../formats/runs.ts";
import type { Link, Topology } from "../formats/topology.ts";
import { type Cell, configurationKey } from "./cells.ts";
import { Unknowns } from "./parameters.ts";
import type { LatencyModel, Predictor } from "./predictor.ts";
import { chainOf } from "./route.ts";

/** Relative standard deviations of factors around what was profiled, before any run was seen. */
const SPREAD = {
  /** Inference: measured, but in another process, between other work. */
  infer: 0.1,
  /** Loading, coding and relaying depend on memory that was or was not touched before. */
  other: 0.3,
  /** Of one tier or one quota around all. */
  tier: 0.05,
  /** Of one configuration around the sum of its stages. */
  configuration: 0.02,
} as const;
/** Share of a link's rate that messages get; headers of packets and of requests take the rest. */
const GOODPUT = { median: 0.95, spread: 0.03 };
/** Seconds from one program to the next and back, beyond all stages: system calls, wake-ups, parsing of headers. */
const HOP = { median_s: 1e-3, spread: 1 };

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
  readonly #models = new Map<string, ReturnType<typeof loadModel>>();

  /** @throws Problem when a run's model has no profile */
  constructor(cells: readonly Cell[], profiles: readonly Profile[], topology?: Topology) {
    this.#topology = topology;
    this.#profiles = profiles;
    this.route = { chain: chainOf(cells, topology), fetches: false };
  }

  predictor(run: MeasuredRun): Predictor {
    const { stages } = compilePipeline(this.#model(run), this.#topologyOf(run), {
      placement: run.placement,
      cut: run.cut ?? null,
      codec: run.codec,
    });
    const configuration = this.unknowns.of(`factor ${configurationKey(run)}`, "", 0, SPREAD.configuration);
    const used = new Set([configuration]);
    const parts = stages.map(({ stage, resource, seconds, bytes }) => {
      const [kind, name] = resource.split(":") as ["tier" | "link", string];
      if (kind === "tier") {
        const factor = this.#factor(stage, name, run);
        used.add(factor);
        return { column: `${name}_${stage}`, seconds, factor, fixed: 0, hop: -1 };
      }
      const [from, to] = name.split(">") as [string, string];
      const link = this.#linkOf(run, from, to);
      const goodput = this.unknowns.of(
        `goodput of ${this.#forward(from, to)}`,
        "",
        Math.log(GOODPUT.median),
        GOODPUT.spread,
      );
      const hop = this.unknowns.of("overhead of a hop", "s", Math.log(HOP.median_s / 2), HOP.spread);
      used.add(goodput).add(hop);
      const held = link.burst_bytes + (link.burst_s * link.bandwidth_bps) / 8;
      const sent = Math.max(0, (bytes ?? 0) - held) * 8;
      return {
        column: `${this.#forward(from, to).replace(">", "_")}_transfer`,
        seconds: sent / link.bandwidth_bps,
        // Seconds are divided by the goodput.
        factor: goodput,
        fixed: link.delay_s,
        hop,
      };
    });
    const secondsOf = ({ column, seconds, factor, fixed, hop }: (typeof parts)[number], values: ArrayLike<number>) => {
      const scale = column.endsWith("_transfer") ? Math.exp(-values[factor]!) : Math.exp(values[factor]!);
      return seconds * scale + fixed + (hop < 0 ? 0 : Math.exp(values[hop]!));
    };
    return {
      base: configuration,
      unknowns: [...used],
      latencies: (values) => [
        Math.exp(values[configuration]!) * parts.reduce((sum, part) => sum + secondsOf(part, values), 0),
      ],
      stages: (values) => {
        const sums: Record<string, number> = {};
        for (const part of parts) sums[part.column] = (sums[part.column] ?? 0) + secondsOf(part, values);
        return sums;
      },
    };
  }

  start(): Float64Array<ArrayBuffer> {
    return this.unknowns.priorMedians();
  }

  shared(): number[] {
    return [];
  }

  /** A stage's factor on a tier: what the stage has everywhere, what the tier has, and what a quota does to it there. */
  #factor(stage: string, tier: string, run: MeasuredRun): number {
    const codec = stage === "encode" || stage === "decode" ? ` as ${run.codec ?? this.#topology?.codec ?? "raw"}` : "";
    const spread = stage === "infer" ? SPREAD.infer : SPREAD.other;
    const everywhere = this.unknowns.of(`${stage}${codec}`, "", 0, spread);
    const here = this.unknowns.of(`${stage}${codec} on ${tier}`, "", 0, SPREAD.tier, [everywhere]);
    const { cpus, threads } = run.tiers[tier] ?? {};
    const limits = [
      cpus === undefined ? "" : `${cpus} CPU`,
      threads === undefined || threads === 1 ? "" : `${threads} threads`,
    ];
    const said = limits.filter((limit) => limit !== "").join(", ");
    return said === "" ? here : this.unknowns.of(`${stage}${codec} on ${tier}, ${said}`, "", 0, SPREAD.tier, [here]);
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
        };
      }),
      links: reached.slice(1).flatMap((to, i) => {
        const from = reached[i]!;
        return [this.#linkOf(run, from, to), this.#linkOf(run, to, from)];
      }),
    };
  }
}
