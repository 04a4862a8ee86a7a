import { median } from "simple-statistics";
import type { MeasuredRun } from "../formats/runs.ts";
import type { Topology } from "../formats/topology.ts";
import { type Cell, configurationKey, grouped } from "./cells.ts";
import { type Channel, closedLoop, type LoopMessage } from "./loop.ts";
import { type Crossing, crossings, type Route } from "./messages.ts";
import { Unknowns } from "./parameters.ts";
import type { LatencyModel, Predictor } from "./predictor.ts";
import { chainOf, fetchesInput } from "./route.ts";

/** Stands for an empty bucket, whose logarithm does not exist. */
const NO_BURST_S = 1e-6;
/** Links whose shaping nobody states: a bucket of one second of the rate, as the published studies set theirs. */
const UNKNOWN_BURST = { median_s: 1, spread: 0.1 };
/** Messages of which nothing is known: from a sentence to a picture. */
const MESSAGE = { median_bits: 1e5, spread: 4 };
/** Links of one table are shaped alike, and so are messages of one kind: spreads around what they have in common. */
const LIKE_LINKS = 0.03;
const LIKE_MESSAGES = 0.03;
/**
 * Runs of one rate of a link are made in one sitting, and a machine is some per cent faster or slower in another: the spread of that. A few
 * networks cannot show it; predictions at other rates must allow for it.
 */
const SITTING = 0.05;
/** Seconds from an answer to the next request of a measuring loop. */
const GAP = { median_s: 0.05, spread: 0.7 };
/** Requests of a loop that are followed: enough for a bucket to run dry by many small messages. */
const LOOP = 200;
/** Bit/s at which a program writes and reads messages while they are transmitted: tens of megabytes a second. */
const HANDLING = { median: 400e6, spread: 0.7 };

const SHARED = /^(gap between|burst of|message handling)/;

/**
 * The model of end-to-end latencies: what a request takes where no link limits (by configuration), the sizes of its
 * messages, and the links' token buckets. Everything physical that a table of end-to-end times can show, and nothing of
 * kernels: those come in through the prior of a configuration's base, where profiles are at hand.
 */
export class EndToEndModel implements LatencyModel {
  readonly unknowns = new Unknowns();
  readonly knowsStages = false;
  readonly route: Route;
  /** Seconds by which the first request of a fresh start takes longer, by configuration. */
  readonly #first = new Map<string, number>();
  readonly #topology: Topology | undefined;

  /** @param cells those that will be fitted: structure is read off them */
  constructor(cells: readonly Cell[], topology?: Topology) {
    this.#topology = topology;
    const chain = chainOf(cells, topology);
    this.route = { chain, fetches: fetchesInput(cells, chain) };
    for (const [configuration, group] of grouped(cells)) {
      this.#first.set(configuration, median(group.map(({ summary }) => summary.first_s)));
    }
  }

  /**
   * What predicts the latencies of a closed loop of such requests from the unknowns.
   *
   * @param requests of the loop, 1 or more
   */
  predictor(run: MeasuredRun, requests: number): Predictor {
    const configuration = configurationKey(run);
    const base = this.#base(run);
    const first = this.#first.get(configuration) ?? 0;
    const gap = this.unknowns.of("gap between requests", "s", Math.log(GAP.median_s), GAP.spread);
    const limited = crossings(run, this.route).filter(({ link }) => run.links[link]?.bandwidth_bps !== undefined);
    const names = [...new Set(limited.map(({ link, direction }) => `${link} ${direction}`))];
    const messages = limited.map((crossing) => ({
      channel: names.indexOf(`${crossing.link} ${crossing.direction}`),
      size: this.#size(run, crossing),
    }));
    const links = names.map((name) => {
      const link = name.split(" ")[0]!;
      return { rate: run.links[link]!.bandwidth_bps!, ...this.#link(link) };
    });
    // What comes after that many requests is like the last of them.
    const loop = Math.min(requests, LOOP);
    const delay = limited.reduce((sum, { link }) => sum + 2 * this.#delay(run, link), 0);
    const sittings = this.#sittings(run, [...new Set(limited.map(({ link }) => link))]);
    const used = [base, gap, ...sittings, ...messages.map(({ size }) => size)];
    return {
      base,
      unknowns: [...new Set([...used, ...links.flatMap(({ burst, handling }) => [burst, handling])])],
      latencies: (values) => {
        const at = (index: number) => Math.exp(values[index]!);
        const sized = messages.map(({ channel, size }): LoopMessage => ({ channel, bits: at(size) }));
        const channels = links.map(
          ({ rate, burst, depth, handling }): Channel => ({
            rate,
            depth: at(burst) * rate + depth,
            handling: at(handling),
          }),
        );
        const speed = Math.exp(sittings.reduce((sum, index) => sum + values[index]!, 0));
        return closedLoop(at(base) * speed + delay, first, sized, channels, at(gap), loop);
      },
    };
  }

  /** Factors on what a request takes where no link limits: of each link's rate, for a model over the same links. */
  #sittings({ model, links }: MeasuredRun, crossed: readonly string[]): number[] {
    return crossed.map((link) => {
      const rate = `${link} at ${links[link]!.bandwidth_bps! / 1e6} Mbit/s`;
      return this.unknowns.of(`sitting ${JSON.stringify([model, crossed, rate])}`, "", 0, SITTING);
    });
  }

  /** One way, seconds: the table's, or the topology's. */
  #delay(run: MeasuredRun, link: string): number {
    const known = this.#topology?.links.find(({ from, to }) => `${from}>${to}` === link);
    return run.links[link]?.delay_s ?? known?.delay_s ?? 0;
  }

  /** A configuration's latency where no link limits, with the hierarchy that predicts configurations never seen. */
  #base(run: MeasuredRun): number {
    const { model, operator, placement, cut = "", codec = "", session = "", tiers, rate } = run;
    const place = JSON.stringify([placement, session, tiers, rate ?? 0]);
    const parents = [
      this.unknowns.of(`${model} on ${place}`, "s", 0, 3),
      this.unknowns.of(`${operator}`, "", 0, 0.5),
      this.unknowns.of(`${operator} of ${model}`, "", 0, 0.3),
      this.unknowns.of(`${operator} on ${place}`, "", 0, 0.3),
      ...(cut === "" ? [] : [this.unknowns.of(`${model} cut after ${cut}`, "", 0, 0.5)]),
      ...(codec === "" ? [] : [this.unknowns.of(`${model} as ${codec}`, "", 0, 0.3)]),
    ];
    return this.unknowns.of(`base ${configurationKey(run)}`, "s", 0, 0.4, parents);
  }

  /** Bits of a message: the same for all that send the same thing, but for a few per cent. */
  #size(run: MeasuredRun, { kind }: Crossing): number {
    const { model, operator, codec = "" } = run;
    const cut = kind === "input" ? "" : (run.cut ?? "");
    const what = [kind === "input" ? `input of ${model}` : `${kind} of ${operator} ${model}`, cut && `after ${cut}`];
    const common = this.unknowns.of(
      [...what, codec && `as ${codec}`].filter((part) => part !== "").join(" "),
      "bit",
      Math.log(MESSAGE.median_bits),
      MESSAGE.spread,
    );
    // Relays pass messages on as they are: the same one on each link.
    return this.unknowns.of(`${kind} ${configurationKey(run)}`, "bit", 0, LIKE_MESSAGES, [common]);
  }

  #link(name: string): { burst: number; depth: number; handling: number } {
    const known = this.#topology?.links.find(({ from, to }) => `${from}>${to}` === name);
    const burst_s = known ? Math.max(known.burst_s, NO_BURST_S) : UNKNOWN_BURST.median_s;
    return {
      burst: known
        ? this.unknowns.of(`burst of ${name}`, "s", Math.log(burst_s), 0.05)
        : this.unknowns.of(`burst of ${name}`, "s", 0, LIKE_LINKS, [
            this.unknowns.of("burst of links", "s", Math.log(burst_s), UNKNOWN_BURST.spread),
          ]),
      depth: (known?.burst_bytes ?? 0) * 8,
      handling: this.unknowns.of(`message handling over ${name}`, "bit/s", Math.log(HANDLING.median), HANDLING.spread),
    };
  }

  /** Unknowns of the network, which all configurations share. */
  shared(): number[] {
    return [...this.unknowns.list.keys()].filter((i) => SHARED.test(this.unknowns.list[i]!.name));
  }

  /**
   * Where to begin the search: at the priors, but for bases, at the fastest cell of each configuration, and for sizes, at
   * what its slowest cell took longer.
   */
  start(cells: readonly Cell[]): Float64Array<ArrayBuffer> {
    const values = this.unknowns.priorMedians();
    const put = (name: string, value: number) => {
      const index = this.unknowns.find(name);
      if (index !== undefined) values[index] = Math.log(value);
    };
    for (const [configuration, group] of grouped(cells)) {
      const fastest = Math.min(...group.map(({ summary }) => summary.typical_s));
      put(`base ${configuration}`, fastest);
      for (const cell of group) {
        for (const crossing of crossings(cell.run, this.route)) {
          const others = Object.keys(cell.run.links).filter((link) => link !== crossing.link);
          const alone = others.every((link) => isFastest(group, link, cell));
          const rate = cell.run.links[crossing.link]?.bandwidth_bps;
          const excess = cell.summary.typical_s - fastest;
          if (rate === undefined || !alone || excess <= 0) continue;
          const same = crossings(cell.run, this.route).filter(({ link }) => link === crossing.link).length;
          const index = this.#size(cell.run, crossing);
          const common = this.unknowns.list[index]!.parents[0]!;
          const bits = Math.log((excess / same + UNKNOWN_BURST.median_s) * rate);
          if (bits > values[common]!) values[common] = bits;
        }
      }
    }
    for (const [i, { name, parents }] of this.unknowns.list.entries()) {
      if (parents.length === 1 && !name.startsWith("base")) values[i] = values[parents[0]!]!;
    }
    return values;
  }
}

function isFastest(group: readonly Cell[], link: string, { run }: Cell): boolean {
  const rates = group.map((cell) => cell.run.links[link]?.bandwidth_bps ?? 0);
  return (run.links[link]?.bandwidth_bps ?? 0) >= Math.max(...rates);
}
