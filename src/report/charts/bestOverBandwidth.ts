import type { TopLevelSpec } from "vega-lite";
import { capitalised } from "../answer.ts";
import { type Crossing, crossings, envelope, linesByPlacement } from "../crossings.ts";
import type { Crossover, ReportData } from "../data.ts";
import { dodge } from "../dodge.ts";
import { bitRate, duration, rounded } from "../format.ts";
import { COLOURED, haloed, type Layer, type Position, pixels } from "../layers.ts";
import { INK, inked, MUTED, tierColour } from "../palette.ts";
import { logTicks, MS_OR_S } from "../scales.ts";
import { ends } from "../stages.ts";
import { shorten, textWidth } from "../text.ts";
import { chart, inHeadline, inTooltip, type Layout, TEXT_SIZE } from "../theme.ts";
import { framed } from "./chart.ts";

const WIDE_HEIGHT = 320;
const NARROW_HEIGHT = 280;
/** Changes of the fastest placement that the headline still lists one by one. */
const MOST_NAMED = 3;
const MOST_LINES = 9;

/** How the best of each placement changes with one link's bandwidth, and where another placement becomes the best. */
export const bestOverBandwidth = framed({
  wide: { left: 58, right: 150 },
  narrow: { left: 52, right: 92 },
  missing: bestOverBandwidthMissing,
  draw,
});

function draw(data: ReportData, room: Layout): TopLevelSpec {
  const crossover = data.crossover!;
  const height = room.narrow ? NARROW_HEIGHT : WIDE_HEIGHT;
  const all = crossover.points.filter(({ latency_s }) => latency_s > 0);
  const points = nearest(all);
  const lines = [...linesByPlacement(points)];
  const bandwidths = points.map(({ bandwidth_bps }) => bandwidth_bps / 1e6);
  const latencies = points.map(({ latency_s }) => latency_s * 1e3);
  const slowest = Math.min(...bandwidths);
  const fastest = Math.max(...bandwidths);
  // One bandwidth makes no axis: it gets some room on both sides.
  const [left, right] = slowest < fastest ? [slowest, fastest] : [slowest / 2, fastest * 2];
  // Below the lowest line there is room for the crossings' labels.
  const [low, high] = [Math.min(...latencies) / 1.6, Math.max(...latencies) * 1.15];
  const toX = (bps: number) => (Math.log(bps / 1e6 / left) / Math.log(right / left)) * room.plot;
  const toY = (seconds: number) => height * (1 - Math.log((seconds * 1e3) / low) / Math.log(high / low));
  const x: Position = {
    field: "mbps",
    type: "quantitative",
    scale: { type: "log", domain: [rounded(left), rounded(right)], nice: false },
    axis: {
      title: `bandwidth of ${shorten(crossover.link, room.plot * 0.5, TEXT_SIZE)}, Mbit/s`,
      grid: false,
      values: logTicks(left, right, room.narrow ? 6 : 12),
      labelExpr: "format(datum.value, '~g')",
    },
  };
  const y: Position = {
    field: "ms",
    type: "quantitative",
    scale: { type: "log", domain: [rounded(low), rounded(high)], nice: false },
    axis: {
      title: null,
      values: logTicks(low, high, 9),
      labelExpr: MS_OR_S,
    },
  };
  const placements = lines.map(([placement]) => placement);
  const row = ({ bandwidth_bps, latency_s, cut, placement }: Crossover["points"][number]) => ({
    mbps: rounded(bandwidth_bps / 1e6),
    ms: rounded(latency_s * 1e3),
    cut: cut === null ? "–" : inTooltip(cut),
    placement,
    line: placements.indexOf(placement),
  });
  const changes = crossings(points);
  return chart(
    {
      headline: headline(changes, envelope(points), crossover),
      subtitle:
        `Latency of each placement's best cut over the bandwidth of the link ${shorten(crossover.link, 200, TEXT_SIZE)}, logarithmic; the ` +
        " shaded band follows the fastest, circles mark where " +
        "another placement takes over. Dashed lines wear the colours of both their tiers." +
        (points.length < all.length ? ` The ${lines.length} placements that come nearest to the fastest.` : ""),
    },
    room,
    [
      {
        width: room.plot,
        height,
        data: { values: points.map(row) },
        layer: [
          {
            data: { values: envelope(points).map(row) },
            mark: { type: "line", strokeWidth: 11, strokeCap: "round", color: INK, opacity: 0.12, aria: false },
            encoding: { x, y },
          },
          ...present(crossover, left, right, toX),
          ...lines.flatMap(([placement], index) => strokes(data, placement, index, { x, y })),
          ...endLabels(data, lines, toY, height, room),
          ...crossingMarks(changes, toX, toY, room.plot),
          {
            mark: { type: "square", size: 90, opacity: 0, aria: false },
            encoding: {
              x,
              y,
              tooltip: [
                { field: "placement", title: "placement" },
                { field: "cut", title: "best cut" },
                { field: "mbps", type: "quantitative", title: "bandwidth, Mbit/s" },
                { field: "ms", type: "quantitative", title: "latency, ms" },
              ],
            },
          },
        ],
      },
    ],
  );
}

export function bestOverBandwidthMissing({ crossover }: ReportData): string | undefined {
  if (crossover === undefined) return "The topology has no link whose bandwidth could be varied.";
  return crossover.points.some(({ latency_s }) => latency_s > 0)
    ? undefined
    : "No placement was predicted over bandwidth.";
}

function headline(
  changes: readonly Crossing[],
  fastest: Crossover["points"],
  { link, current_bps }: Crossover,
): string {
  const now = current_bps > 0 ? `; now ${bitRate(current_bps)}` : "";
  const name = (placement: string) => (placement.includes(">") ? "" : "all on ") + inHeadline(placement);
  const last = changes.at(-1);
  if (last === undefined)
    return `${capitalised(name(fastest[0]!.placement))} is the fastest at every bandwidth of the link ${inHeadline(link)}${now}`;
  if (changes.length > MOST_NAMED) {
    const here = fastest.findLast(({ bandwidth_bps }) => bandwidth_bps <= current_bps) ?? fastest[0]!;
    return `The fastest placement changes ${changes.length} times with the bandwidth of the link ${inHeadline(link)}; now ${name(here.placement)}`;
  }
  const steps = changes.map(({ bandwidth_bps, below }) => `${name(below)} up to ${bitRate(rounded(bandwidth_bps, 2))}`);
  return `${capitalised(steps.join(", then "))}, ${name(last.above)} above${now}`;
}

/** The points of the placements that come nearest to the fastest at some bandwidth: more lines could not be labelled. */
function nearest(points: Crossover["points"]): Crossover["points"] {
  const fastest = new Map(envelope(points).map(({ bandwidth_bps, latency_s }) => [bandwidth_bps, latency_s]));
  const behind = [...linesByPlacement(points)].map(([placement, line]) => ({
    placement,
    ratio: Math.min(...line.map(({ bandwidth_bps, latency_s }) => latency_s / fastest.get(bandwidth_bps)!)),
  }));
  const kept = behind.sort((a, b) => a.ratio - b.ratio).slice(0, MOST_LINES);
  return points.filter(({ placement }) => kept.some((line) => line.placement === placement));
}

/** One colour for a placement on one tier; the tail's colour with dashes of the head's for one on two. */
function strokes(data: ReportData, placement: string, line: number, encoding: { x: Position; y: Position }): Layer[] {
  const [head, tail] = ends(placement);
  const transform = [{ filter: `datum.line === ${line}` }];
  const mark = { type: "line", strokeWidth: 2.2, aria: false } as const;
  const solid: Layer = { transform, mark: { ...mark, color: tierColour(data, tail) }, encoding };
  if (head === tail) return [solid];
  return [solid, { transform, mark: { ...mark, color: tierColour(data, head), strokeDash: [7, 7] }, encoding }];
}

function present({ current_bps }: Crossover, left: number, right: number, toX: (bps: number) => number): Layer[] {
  if (current_bps < left * 1e6 || current_bps > right * 1e6) return [];
  const values = [{ x: rounded(toX(current_bps)), text: `now ${bitRate(current_bps)}` }];
  return [
    {
      data: { values },
      mark: { type: "rule", color: MUTED, strokeDash: [2, 3], aria: false },
      encoding: { x: pixels("x"), y: { value: 0 }, y2: { value: "height" } },
    },
    {
      data: { values },
      mark: { type: "text", baseline: "bottom", color: MUTED, dy: -3 },
      encoding: { x: pixels("x"), y: { value: 0 }, text: { field: "text" } },
    },
  ];
}

function endLabels(
  data: ReportData,
  lines: [string, Crossover["points"]][],
  toY: (seconds: number) => number,
  height: number,
  { right, narrow }: Layout,
): Layer[] {
  const places = dodge(
    lines.map(([, line]) => toY(line.at(-1)!.latency_s)),
    14,
    4,
    height - 4,
  );
  const values = lines.map(([placement, line], index) => {
    const time = narrow ? "" : ` ${duration(line.at(-1)!.latency_s)}`;
    return {
      y: rounded(places[index]!),
      text: shorten(placement, right - 14 - textWidth(time, TEXT_SIZE), TEXT_SIZE) + time,
      colour: inked(tierColour(data, ends(placement)[1])),
    };
  });
  return [
    {
      data: { values },
      mark: { type: "text", align: "left", baseline: "middle", dx: 8 },
      encoding: {
        x: { value: "width" },
        y: pixels("y"),
        text: { field: "text" },
        color: COLOURED,
      },
    },
  ];
}

function crossingMarks(
  changes: readonly Crossing[],
  toX: (bps: number) => number,
  toY: (seconds: number) => number,
  width: number,
): Layer[] {
  const rows = [0, 0, 0].map(() => Number.NEGATIVE_INFINITY);
  const values = changes.map(({ bandwidth_bps, latency_s, below, above }) => {
    const at = bitRate(rounded(bandwidth_bps, 2));
    const half = textWidth(at, TEXT_SIZE, true) / 2;
    const x = toX(bandwidth_bps);
    const textX = Math.min(Math.max(x, half), width - half);
    // A label that meets its neighbour goes a row or two lower, and away where these are taken as well.
    const row = rows.findIndex((end) => textX - half > end);
    if (row >= 0) rows[row] = textX + half + 4;
    return {
      x: rounded(x),
      textX: rounded(textX),
      y: rounded(toY(latency_s)),
      textY: rounded(toY(latency_s) + 12 + 14 * Math.max(row, 0)),
      text: row >= 0 ? at : "",
      at,
      change: `${below} → ${above}`,
    };
  });
  return [
    ...haloed(
      {
        data: { values },
        mark: "text",
        encoding: { x: pixels("textX"), y: pixels("textY"), text: { field: "text" } },
      },
      { baseline: "top", fontWeight: "bold", color: INK },
    ),
    {
      data: { values },
      mark: { type: "point", size: 70, fill: "white", stroke: INK, strokeWidth: 2, opacity: 1, aria: false },
      encoding: {
        x: pixels("x"),
        y: pixels("y"),
        tooltip: [
          { field: "change", title: "fastest" },
          { field: "at", title: "at" },
        ],
      },
    },
  ];
}
