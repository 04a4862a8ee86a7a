import { mean, median, quantile } from "simple-statistics";
import { STAGES } from "../formats/prediction.ts";
import type { MeasuredRun } from "../formats/runs.ts";

/**
 * Runs that repeat one measurement: equal in all but request and repeat. What a prediction is compared with is their
 * median, because single requests on shared machines have heavy tails.
 */
export interface Cell {
  /** Equal for cells that differ in the network alone. */
  readonly configuration: string;
  readonly key: string;
  /** One of the runs, for what is the same in all. */
  readonly run: MeasuredRun;
  readonly summary: CellSummary;
}

/** Latencies of a cell's runs, failed ones left out. */
export interface CellSummary {
  readonly n: number;
  readonly median_s: number;
  /** What parameters are fitted to; see {@link typicalOf}. */
  readonly typical_s: number;
  /** Standard deviation of repeats' logarithms. */
  readonly scatter: number;
  /** Standard error of the typical latency's logarithm. */
  readonly noise: number;
  /** Whether the runs begin with repeat 0 of request 0, whose sessions and caches may have been cold. */
  readonly from_start: boolean;
  /** Typical seconds by stage, where the runs were timed so. */
  readonly stages_s: Readonly<Record<string, number>>;
  /** By how much that first run took longer than the typical one, seconds; 0 where it is unknown. */
  readonly first_s: number;
}

/** Cells of runs, in the order of their first runs. Cells all of whose runs failed are left out. */
export function cellsOf(runs: readonly MeasuredRun[]): Cell[] {
  const groups = new Map<string, MeasuredRun[]>();
  for (const run of runs) {
    if (run.latency_s === null) continue;
    const key = cellKey(run);
    const group = groups.get(key);
    if (group) group.push(run);
    else groups.set(key, [run]);
  }
  return [...groups.values()].map((group) => {
    const inOrder = group.toSorted((a, b) => a.repeat - b.repeat || a.request - b.request);
    return cellOf(inOrder[0]!, summarise(inOrder));
  });
}

/** A cell of these conditions. */
export function cellOf(run: MeasuredRun, summary: CellSummary): Cell {
  return { configuration: configurationKey(run), key: cellKey(run), run, summary };
}

/**
 * Requests on a shared machine are only ever held up: a low quantile scatters less from cell to cell than the median, and what medians exceed it
 * by is much the same for all. Where stages were timed it is not: loading is held up more than inference, and the stages' own medians say so.
 */
const UNTIMED = 1 / 3;
const TIMED = 1 / 2;
/** From so many latencies on a first one may be left out, and a quantile be told from a median. */
const SEVERAL = 4;

/**
 * The median of the latencies of one request's repeats whose stages were timed, else the lower third's bound; without the first of a fresh start where
 * enough others are there: that one meets cold caches and measures something else.
 */
export function typicalOf(
  latencies_s: readonly number[],
  { from_start, stages_s }: Pick<CellSummary, "from_start" | "stages_s">,
): number {
  const counted = from_start && latencies_s.length >= SEVERAL ? latencies_s.slice(1) : [...latencies_s];
  return quantile(counted, quantileOf(stages_s));
}

function quantileOf(stages_s: CellSummary["stages_s"]): number {
  return Object.keys(stages_s).length > 0 ? TIMED : UNTIMED;
}

/** @param runs of one cell in their order, none failed */
function summarise(runs: readonly MeasuredRun[]): CellSummary {
  const latencies = runs.map(({ latency_s }) => latency_s!);
  const from_start = runs[0]!.repeat === 0 && runs[0]!.request === 0;
  const dropsFirst = from_start && runs.length >= SEVERAL;
  const requests = new Map<number, number[]>();
  for (const { request, latency_s } of dropsFirst ? runs.slice(1) : runs) {
    const own = requests.get(request);
    if (own) own.push(latency_s!);
    else requests.set(request, [latency_s!]);
  }
  // Inputs differ in size: only repeats of the same one show disturbances.
  const groups = [...requests.values()];
  const scatter = scatterOf(groups);
  const stages_s = stagesOf(runs);
  const share = quantileOf(stages_s);
  const typical_s = median(groups.map((own) => (own.length >= 3 ? quantile(own, share) : median(own))));
  return {
    n: runs.length,
    median_s: median(latencies),
    typical_s,
    scatter,
    // Of a median of normal values.
    noise: Math.min(0.1, Math.max(0.003, (1.25 * scatter) / Math.sqrt(runs.length))),
    from_start,
    stages_s,
    first_s: dropsFirst ? Math.max(0, latencies[0]! - typical_s) : 0,
  };
}

/** Share of a throttled stage's times that is left out at either end. */
const TRIMMED = 0.1;

/**
 * Medians of the stages that every run has; of tiers with a quota trimmed means: there a stage waits or does not, and the middle
 * of its times is one of two, which says little of how often it waits.
 */
function stagesOf(runs: readonly MeasuredRun[]): Record<string, number> {
  const common = Object.keys(runs[0]!.stages).filter((stage) =>
    runs.every(({ stages }) => stages[stage] !== undefined),
  );
  // Links are shaped, and not throttled.
  const computed = STAGES.filter((stage) => stage !== "transfer");
  const limited = new Set(
    Object.entries(runs[0]!.tiers).flatMap(([tier, { cpus }]) =>
      cpus === undefined ? [] : computed.map((stage) => `${tier}_${stage}`),
    ),
  );
  return Object.fromEntries(
    common.map((stage) => {
      const seconds = runs.map(({ stages }) => stages[stage]!).sort((a, b) => a - b);
      if (!limited.has(stage)) return [stage, median(seconds)];
      const cut = Math.round(seconds.length * TRIMMED);
      return [stage, mean(seconds.slice(cut, seconds.length - cut))];
    }),
  );
}

/**
 * Standard deviation of repeats' logarithms around their request's median, from the median absolute deviation (Rousseeuw and
 * Croux, 1993). Values that were not repeated are taken to scatter by 5 %.
 */
function scatterOf(groups: readonly (readonly number[])[]): number {
  const deviations = groups.flatMap((own) => {
    if (own.length < 2) return [];
    const middle = Math.log(median([...own]));
    return own.map((value) => Math.abs(Math.log(value) - middle));
  });
  return deviations.length < 3 ? 0.05 : 1.4826 * median(deviations);
}

/** A configuration's own figures count as much as the common ones at so many runs. */
const COMMON_RUNS = 60;

/** What disturbances do to computing. */
export interface Disturbance {
  /** Median latency over the typical one. */
  readonly ratio: number;
  /** Standard deviation of repeats' logarithms. */
  readonly scatter: number;
}

/**
 * What disturbances do where no link limits. Of each configuration, drawn to what configurations have in common where it has few
 * runs.
 */
export function disturbances(cells: readonly Cell[]): { of: ReadonlyMap<string, Disturbance>; common: Disturbance } {
  const own = [...grouped(cells)].map(([configuration, group]) => {
    const fastest = Math.min(...group.map(({ summary }) => summary.typical_s));
    const near = group.filter(({ summary }) => summary.typical_s < 1.5 * fastest);
    return {
      configuration,
      n: near.reduce((sum, { summary }) => sum + summary.n, 0),
      ratio: median(near.map(({ summary }) => summary.median_s / summary.typical_s)),
      scatter: median(near.map(({ summary }) => summary.scatter)),
    };
  });
  const common = { ratio: median(own.map(({ ratio }) => ratio)), scatter: median(own.map(({ scatter }) => scatter)) };
  const drawn = (figure: number, to: number, n: number) => to * (figure / to) ** (n / (n + COMMON_RUNS));
  return {
    of: new Map(
      own.map(({ configuration, n, ratio, scatter }) => [
        configuration,
        {
          ratio: drawn(ratio, common.ratio, n),
          scatter: Math.max(drawn(Math.max(scatter, 1e-3), Math.max(common.scatter, 1e-3), n), 0.01),
        },
      ]),
    ),
    common,
  };
}

/** Cells by configuration: equal in all but the network. */
export function grouped(cells: readonly Cell[]): Map<string, Cell[]> {
  const groups = new Map<string, Cell[]>();
  for (const cell of cells) {
    const group = groups.get(cell.configuration);
    if (group) group.push(cell);
    else groups.set(cell.configuration, [cell]);
  }
  return groups;
}

/** What decides computing: all but the network, the request and the repeat. */
export function configurationKey({
  model,
  operator,
  placement,
  cut,
  codec,
  session,
  tiers,
  rate,
}: MeasuredRun): string {
  return JSON.stringify([model, operator, placement, cut ?? "", codec ?? "", session ?? "", tiers, rate ?? 0]);
}

/** What is the same in all runs of a cell, and only there. */
export function cellKey(run: MeasuredRun): string {
  const links = Object.entries(run.links).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `${configurationKey(run)} ${JSON.stringify(links)}`;
}

/** How a cell is called in tables and messages. */
export function cellName({ model, operator, placement, cut, codec, session, links, tiers, rate }: MeasuredRun): string {
  const network = Object.entries(links).map(
    ([link, { bandwidth_bps }]) => `${link} ${bandwidth_bps === undefined ? "?" : `${bandwidth_bps / 1e6} Mbit/s`}`,
  );
  const quotas = Object.entries(tiers).flatMap(([tier, { cpus }]) =>
    cpus === undefined ? [] : [`${tier} ${cpus} CPU`],
  );
  return [model, operator, placement, cut, codec, session, ...network, ...quotas, rate ? `${rate}/s` : undefined]
    .filter((part) => part !== undefined)
    .join(" · ");
}
