import { defaultPlacements, type Hop, parsePlacement, tierIndex, waysFrom } from "../costmodel/index.ts";
import type { Measure } from "../formats/measure.ts";
import { unknownName } from "../formats/names.ts";
import { STAGES } from "../formats/prediction.ts";
import { Problem } from "../formats/problem.ts";
import type { CodecName } from "../formats/profile.ts";
import { type MeasuredRun, recordOf } from "../formats/runs.ts";
import type { Topology } from "../formats/topology.ts";
import type { Shapes } from "../profiler/index.ts";
import { RandomStream, shuffled } from "../random/index.ts";

/** Cells of a product beyond which nobody waits for the end. */
const MOST_CELLS = 1_000_000;

/** A model that is measured, and where it may be cut. */
export interface MeasuredModel {
  readonly name: string;
  readonly operator: string;
  /** Path below the agents' folder of models. */
  readonly path: string;
  readonly sha256: string;
  readonly shapes: Shapes;
  /** Values of its inputs, as a raw message. */
  readonly input: Uint8Array;
  /** Ids of all its cuts, in order. */
  readonly cuts: readonly string[];
  /** Which of them to use, if it is not the scenario's. */
  readonly wanted: Measure["cuts"] | undefined;
}

/** A tier on a request's way, and the part of the model between two cuts that it runs; without one it relays. */
export interface Visit {
  readonly tier: string;
  readonly part?: { readonly from: string | null; readonly to: string | null };
}

/** One configuration: everything about a request that is the same in each repeat. */
export interface Cell {
  /** Tells it from all others, as the table's columns do. */
  readonly key: string;
  readonly model: MeasuredModel;
  readonly placement: string;
  readonly cut: string | undefined;
  /** Undefined where nothing travels. */
  readonly codec: CodecName | undefined;
  readonly session: "warm" | "cold";
  /** Requests per second offered; undefined: one at a time is in flight. */
  readonly rate: number | undefined;
  /** From the entering tier on. */
  readonly visits: readonly Visit[];
  /** Links on the way, both directions. */
  readonly links: Readonly<Record<string, { readonly bandwidth_bps: number; readonly delay_s: number }>>;
  /** Tiers on the way. */
  readonly tiers: Readonly<Record<string, { readonly cpus?: number; readonly threads: number }>>;
}

/**
 * The product of all that the scenario lists, each cell once: what a placement does not touch (the codec of a model that
 * stays where it is, a link that is not on the way) is not varied.
 *
 * @param limits whether processors can be limited; quotas are left out otherwise
 * @throws Problem naming what cannot be measured
 */
export function cellsOf(
  measure: Measure,
  topology: Topology,
  models: readonly MeasuredModel[],
  { limits }: { limits: boolean },
): Cell[] {
  checkNames(measure, topology);
  const cells = new Map<string, Cell>();
  const codecs = measure.codecs ?? [topology.codec];
  const sessions = measure.sessions ?? [topology.session];
  for (const { placement, tiers, visits } of routesOf(measure, topology)) {
    const links = linkSettings(measure, topology, visits);
    const places = tierSettings(measure, topology, visits, limits);
    for (const model of models)
      for (const cut of cutsOf(measure, model, tiers.length))
        for (const codec of visits.length > 1 ? codecs : [undefined])
          for (const session of sessions)
            for (const rate of measure.rates)
              for (const link of links)
                for (const place of places) {
                  const boundaries = [null, ...(cut === undefined ? [] : cut.split(SEPARATOR)), null];
                  const cell = {
                    model,
                    placement,
                    cut: cut?.replaceAll(SEPARATOR, ">"),
                    codec,
                    session,
                    rate: rate === "closed" ? undefined : rate,
                    visits: visits.map(({ tier, segment }) =>
                      segment === undefined
                        ? { tier }
                        : { tier, part: { from: boundaries[segment]!, to: boundaries[segment + 1]! } },
                    ),
                    links: link,
                    tiers: place,
                  };
                  const key = keyOf(rowOf(cell, { request: 0, repeat: 0, latency_s: null, error: "-" }));
                  cells.set(key, { ...cell, key });
                  if (cells.size > MOST_CELLS)
                    throw new Problem(`measure: the product has more than ${MOST_CELLS} cells; list less`);
                }
  }
  const all = [...cells.values()];
  if (all.length === 0) throw new Problem("measure: no cell is left; no placement asked for can be measured");
  const { sample, seed } = measure;
  if (sample === undefined || sample >= all.length) return all;
  const drawn = new Set(shuffled(all, new RandomStream(seed).split("sample")).slice(0, sample));
  return all.filter((cell) => drawn.has(cell));
}

/** The cells in the order of one repeat: shuffled, so that no cell always follows the same one. */
export function roundOf(cells: readonly Cell[], seed: number, repeat: number): Cell[] {
  return shuffled(cells, new RandomStream(seed).split("order").split(repeat));
}

/** Joins the ids of two cuts; no node's name has it. */
const SEPARATOR = "\u0000";

interface Route {
  readonly placement: string;
  /** Of the segments. */
  readonly tiers: readonly number[];
  readonly visits: readonly { readonly tier: string; readonly segment?: number }[];
}

/** The tiers that each placement's requests pass; the answer comes back the same way. */
function routesOf({ placements, agents }: Measure, topology: Topology): Route[] {
  const routes: Route[] = [];
  for (const placement of placements ?? defaultPlacements(topology)) {
    const tiers = parsePlacement(topology, placement);
    const visits: { tier: string; segment?: number }[] = [{ tier: topology.enters }];
    let at = tierIndex(topology, topology.enters);
    for (const [segment, tier] of tiers.entries()) {
      for (const { to } of waysFrom(topology, at)[tier]! as Hop[]) visits.push({ tier: topology.tiers[to]!.name });
      visits[visits.length - 1] = { ...visits.at(-1)!, segment };
      at = tier;
    }
    const names = visits.map(({ tier }) => tier);
    const stranded = names.findIndex((name, i) => i > 0 && names[i - 1]! in agents && !(name in agents));
    if (stranded > 0) {
      if (!placements) continue;
      throw new Problem(
        `measure: placement "${placement}": tier "${names[stranded - 1]}" runs elsewhere and cannot reach "${names[stranded]}" on this machine; run that one as an agent, too`,
      );
    }
    const back = (waysFrom(topology, at)[tierIndex(topology, topology.enters)]! as Hop[]).map(
      ({ to }) => topology.tiers[to]!.name,
    );
    if (new Set(names).size === names.length && back.join(">") === names.slice(0, -1).reverse().join(">"))
      routes.push({ placement: placement.replace(/\s/g, ""), tiers, visits });
    else if (placements)
      throw new Problem(
        `measure: placement "${placement}": its requests pass ${names.join(", ")}, and answers would come back another way; only ways that are the same there and back can be measured`,
      );
  }
  return routes;
}

function checkNames({ links, tiers, agents }: Measure, topology: Topology): void {
  const names = topology.tiers.map(({ name }) => name);
  for (const name of [...Object.keys(tiers), ...Object.keys(agents)])
    if (!names.includes(name)) throw unknownName("tier", name, names, "see `measure` in the scenario");
  const known = topology.links.map(({ from, to }) => `${from}>${to}`);
  for (const name of Object.keys(links))
    if (!known.includes(name)) throw unknownName("link", name, known, "see `measure` in the scenario");
  for (const name of names)
    if (name.includes("_"))
      throw new Problem(`tier "${name}": columns such as a_b_mbps need names without "_"; write "-" instead`);
  for (const [name, { bandwidth = [], delay = [] }] of Object.entries(links)) {
    const [from, to] = name.split(">") as [string, string];
    if ((bandwidth.length > 1 || delay.length > 1) && (from in agents || to in agents))
      throw new Problem(
        `measure: links: ${name}: nothing shapes the link to a tier that runs elsewhere; give one value`,
      );
  }
}

type Cells<Key extends keyof Cell> = Cell[Key][];

/** Every combination of the bandwidths and delays of the links on the way. */
function linkSettings({ links }: Measure, topology: Topology, visits: Route["visits"]): Cells<"links"> {
  let settings: Cells<"links"> = [{}];
  for (let i = 1; i < visits.length; i++) {
    const [from, to] = [visits[i - 1]!.tier, visits[i]!.tier];
    const names = [`${from}>${to}`, `${to}>${from}`] as const;
    const [there, back] = names.map((name) => topology.links.find((link) => `${link.from}>${link.to}` === name)!);
    const [asked, askedBack] = names.map((name) => links[name]);
    const bandwidths = pairs(asked?.bandwidth, askedBack?.bandwidth, there!.bandwidth_bps, back!.bandwidth_bps);
    const delays = pairs(asked?.delay, askedBack?.delay, there!.delay_s, back!.delay_s);
    settings = settings.flatMap((setting) =>
      bandwidths.flatMap(([a, b]) =>
        delays.map(([c, d]) => ({
          ...setting,
          [names[0]]: { bandwidth_bps: a, delay_s: c },
          [names[1]]: { bandwidth_bps: b, delay_s: d },
        })),
      ),
    );
  }
  return settings;
}

/** A quantity in both directions. Where one direction alone is asked for, the other keeps its proportion to it. */
function pairs(
  there: readonly number[] | undefined,
  back: readonly number[] | undefined,
  usual: number,
  usualBack: number,
): [number, number][] {
  if (there && back) return there.flatMap((a) => back.map((b): [number, number] => [a, b]));
  const ratio = usual > 0 ? usualBack / usual : 1;
  if (there) return there.map((a) => [a, a * ratio]);
  const inverse = usualBack > 0 ? usual / usualBack : 1;
  if (back) return back.map((b) => [b * inverse, b]);
  return [[usual, usualBack]];
}

/** Every combination of the quotas and threads of the tiers on the way. */
function tierSettings(
  { tiers, agents }: Measure,
  topology: Topology,
  visits: Route["visits"],
  limits: boolean,
): Cells<"tiers"> {
  let settings: Cells<"tiers"> = [{}];
  for (const { tier: name } of visits) {
    const tier = topology.tiers.find((candidate) => candidate.name === name)!;
    const asked = tiers[name];
    const quotas = limits && !(name in agents) ? (asked?.cpus ?? [tier.cpu_quota ?? undefined]) : [undefined];
    settings = settings.flatMap((setting) =>
      quotas.flatMap((cpus) =>
        (asked?.threads ?? [tier.threads]).map((threads) => ({
          ...setting,
          [name]: { ...(cpus === undefined ? {} : { cpus }), threads },
        })),
      ),
    );
  }
  return settings;
}

/** The cuts to measure a model at: undefined for one tier, ids for two, pairs of them for three. */
function cutsOf(measure: Measure, model: MeasuredModel, tiers: number): (string | undefined)[] {
  if (tiers === 1) return [undefined];
  const wanted = model.wanted ?? measure.cuts;
  if (typeof wanted === "number") {
    const single = spread(model.cuts, wanted);
    if (tiers === 2) return single;
    const few = spread(model.cuts, wanted + 1);
    const both = few.flatMap((first, i) => few.slice(i + 1).map((second) => first + SEPARATOR + second));
    return spread(both, wanted);
  }
  const chosen: string[] = [];
  for (const id of wanted) {
    const parts = splitIds(id, model.cuts);
    if (parts === undefined) {
      // A list for all models may name cuts that only some of them have.
      if (model.wanted) throw unknownName(`cut of ${model.name}`, id, model.cuts);
    } else if (parts.length === tiers - 1) chosen.push(parts.join(SEPARATOR));
  }
  if (chosen.length === 0)
    throw new Problem(
      `measure: cuts: ${wanted.join(", ")}: ${model.name} has none of them for ${tiers} tiers (${tiers - 1} to a placement, joined by >)`,
    );
  return chosen;
}

/** An id, or two joined by `>`, which ids may have in themselves; undefined where there are no such cuts. */
function splitIds(text: string, known: readonly string[]): string[] | undefined {
  if (known.includes(text)) return [text];
  for (let at = text.indexOf(">"); at >= 0; at = text.indexOf(">", at + 1)) {
    const [first, second] = [text.slice(0, at).trim(), text.slice(at + 1).trim()];
    const [i, j] = [known.indexOf(first), known.indexOf(second)];
    if (i >= 0 && j > i) return [first, second];
  }
  return undefined;
}

/** So many items, evenly spread, none of the ends where there are enough. */
function spread<Item>(items: readonly Item[], count: number): Item[] {
  if (count >= items.length) return [...items];
  return Array.from({ length: count }, (_, i) => items[Math.floor(((i + 0.5) * items.length) / count)]!);
}

/** What a run of a cell adds to it. */
export type RunOfCell = Pick<MeasuredRun, "request" | "repeat" | "latency_s"> &
  Partial<Pick<MeasuredRun, "sent_s" | "processor_s" | "stolen_s" | "stages" | "bytes" | "error">>;

/** One request of a cell as a measured run. */
export function rowOf(cell: Omit<Cell, "key">, { stages = {}, bytes = {}, ...run }: RunOfCell): MeasuredRun {
  const { model, placement, cut, codec, session, rate, links, tiers } = cell;
  return {
    model: model.name,
    operator: model.operator,
    placement,
    links: { ...links },
    tiers: { ...tiers },
    ...(cut === undefined ? {} : { cut }),
    ...(codec === undefined ? {} : { codec }),
    session,
    ...(rate === undefined ? {} : { rate }),
    ...run,
    stages,
    bytes,
  };
}

/** Columns that say which configuration a row is of: all but what a run adds. */
const CONFIGURATION = /^(model|operator|placement|cut|codec|session|rate)$|_(mbps|delay_s|cpus|threads)$/;

/** What tells a row's cell from others, from a run or a record of a table. */
export function keyOf(row: MeasuredRun | Readonly<Record<string, string>>): string {
  const record = "stages" in row ? recordOf(row as MeasuredRun) : (row as Record<string, string>);
  const entries = Object.entries(record).filter(([column, cell]) => CONFIGURATION.test(column) && cell !== "");
  return JSON.stringify(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The columns of a table of these cells. */
export function columnsOf(cells: readonly Cell[], topology: Topology): string[] {
  const tiers = topology.tiers.map(({ name }) => name).filter((name) => cells.some((cell) => name in cell.tiers));
  const streams = cells.some(({ rate }) => rate !== undefined);
  const links = topology.links
    .map(({ from, to }) => ({ from, to }))
    .filter(({ from, to }) => cells.some((cell) => `${from}>${to}` in cell.links));
  const hops = new Set(
    cells.flatMap(({ visits }) => visits.slice(1).map(({ tier }, i) => `${visits[i]!.tier}_${tier}`)),
  );
  const local = STAGES.filter((stage) => stage !== "transfer");
  return [
    ...["model", "operator", "placement", "cut", "codec", "session", "rate"],
    ...links.flatMap(({ from, to }) => [`${from}_${to}_mbps`, `${from}_${to}_delay_s`]),
    ...tiers.flatMap((tier) => [`${tier}_cpus`, `${tier}_threads`]),
    ...["request", "repeat", ...(streams ? ["sent_s"] : []), "latency_s", "error"],
    ...tiers.flatMap((tier) => [...local, "queue"].map((stage) => `${tier}_${stage}_s`)),
    ...(streams ? tiers.flatMap((tier) => [`${tier}_cpu_s`, `${tier}_stolen_s`]) : []),
    ...[...hops].map((hop) => `${hop}_transfer_s`),
    ...links.map(({ from, to }) => `${from}_${to}_bytes`),
  ];
}
