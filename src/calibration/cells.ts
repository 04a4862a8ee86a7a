import { median, quantile } from "simple-statistics";
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
  /** In the order in which they were taken; failed requests are left out. */
  readonly latencies_s: readonly number[];
  readonly median_s: number;
  /** Whether the first latency is that of repeat 0, request 0: sessions and caches may have been cold. */
  readonly fromStart: boolean;
}

/** Cells of runs, in the order of their first runs. Runs that failed are left out, and cells with no others. */
export function cellsOf(runs: readonly MeasuredRun[]): Cell[] {
  const groups = new Map<string, MeasuredRun[]>();
  for (const run of runs) {
    if (run.latency_s === null) continue;
    const key = cellKey(run);
    const group = groups.get(key);
    if (group) group.push(run);
    else groups.set(key, [run]);
  }
  return [...groups].map(([key, group]) => {
    const inOrder = group.toSorted((a, b) => a.repeat - b.repeat || a.request - b.request);
    const latencies = inOrder.map(({ latency_s }) => latency_s!);
    const first = inOrder[0]!;
    return {
      configuration: configurationKey(first),
      key,
      run: first,
      latencies_s: latencies,
      median_s: median(latencies),
      fromStart: first.repeat === 0 && first.request === 0,
    };
  });
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

function cellKey(run: MeasuredRun): string {
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

/** Requests on a shared machine are only ever held up: a low quantile scatters less from cell to cell than the median. */
const TYPICAL = 1 / 3;

/**
 * The latency that parameters are fitted to: the lower third's bound of a cell's requests, without the first request of a
 * fresh start where enough others are there, because that one meets cold caches and measures something else.
 */
export function typicalLatency({ latencies_s, fromStart }: Pick<Cell, "latencies_s" | "fromStart">): number {
  return quantile(fromStart && latencies_s.length >= 4 ? latencies_s.slice(1) : [...latencies_s], TYPICAL);
}

/**
 * How much a cell's median exceeds its typical latency where no link limits: what disturbances add to computing. The median
 * over those cells of each configuration that are about as fast as its fastest.
 */
export function medianOverTypical(cells: readonly Cell[]): number {
  const ratios = [...grouped(cells).values()].flatMap((group) => {
    const fastest = Math.min(...group.map(typicalLatency));
    return group
      .filter((cell) => typicalLatency(cell) < 1.5 * fastest)
      .map((cell) => cell.median_s / typicalLatency(cell));
  });
  return median(ratios);
}

/** By how much a fresh start's first request exceeded the others', seconds; 0 where it is unknown. */
export function firstExcess(cell: Cell): number {
  const { latencies_s, fromStart } = cell;
  return fromStart && latencies_s.length >= 4 ? Math.max(0, latencies_s[0]! - typicalLatency(cell)) : 0;
}

/**
 * Standard error of a cell's typical latency on a logarithmic scale: that of a median of normal values, 1.25 σ/√n, with σ
 * from the median absolute deviation (Rousseeuw and Croux, 1993). One value alone is taken to scatter by 5 %.
 */
export function relativeNoise({ latencies_s }: Cell): number {
  if (latencies_s.length < 3) return 0.05;
  const logs = latencies_s.map(Math.log);
  const middle = median(logs);
  const deviation = 1.4826 * median(logs.map((value) => Math.abs(value - middle)));
  return Math.min(0.1, Math.max(0.003, (1.25 * deviation) / Math.sqrt(latencies_s.length)));
}
