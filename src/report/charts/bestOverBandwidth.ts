import type { TopLevelSpec } from "vega-lite";
import { crossings, envelope, linesByPlacement, type Crossing } from "../crossings.ts";
import type { Crossover, ReportData } from "../data.ts";
import { dodge } from "../dodge.ts";
import { bitRate, duration, rounded } from "../format.ts";
import { INK, inked, MUTED, tierColour } from "../palette.ts";
import { ends } from "../stages.ts";
import { shorten, textWidth } from "../text.ts";
import { type ChartOptions, chart, type Layer, layout, logTicks, nothingToDraw, pixels, TEXT_SIZE } from "../theme.ts";

const WIDE_HEIGHT = 320;
const NARROW_HEIGHT = 280;

/** How the best of each placement changes with one link's bandwidth, and where another placement becomes the best. */
export function bestOverBandwidth(data: ReportData, options: ChartOptions = {}): TopLevelSpec {
  const room = layout(options, { left: 58, right: 150 }, { left: 52, right: 92 });
  const { crossover } = data;
  if (crossover === undefined || bestOverBandwidthMissing(data) !== undefined) {
    return nothingToDraw(bestOverBandwidthMissing(data)!, room);
  }
  const height = room.narrow ? NARROW_HEIGHT : WIDE_HEIGHT;
  const points = crossover.points.filter(({ latency_s }) => latency_s > 0);
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
  const x = {
    field: "mbps",
    type: "quantitative",
    scale: { type: "log", domain: [rounded(left), rounded(right)], nice: false },
    axis: {
      title: `bandwidth of ${shorten(crossover.link, room.plot * 0.5, TEXT_SIZE)}, Mbit/s`,
      grid: false,
      values: logTicks(left, right),
      labelExpr: "format(datum.value, '~g')",
    },
  } as const;
  const y = {
    field: "ms",
    type: "quantitative",
    scale: { type: "log", domain: [rounded(low), rounded(high)], nice: false },
    axis: {
      title: null,
      values: logTicks(low, high),
      labelExpr: "datum.value >= 1000 ? format(datum.value / 1000, '~g') + ' s' : format(datum.value, '~g') + ' ms'",
    },
  } as const;
  const row = ({ bandwidth_bps, latency_s, cut, placement }: Crossover["points"][number]) => ({
    mbps: rounded(bandwidth_bps / 1e6),
    ms: rounded(latency_s * 1e3),
    cut: cut ?? "–",
    placement,
  });
  const changes = crossings(points);
  return chart(
    {
      headline: headline(changes, envelope(points), crossover),
      subtitle:
        "Latency of each placement's best cut, logarithmic; the shaded band follows the fastest, circles mark where " +
        "another placement takes over. Dashed lines wear the colours of both their tiers.",
    },
    room,
    [
      {
        width: room.plot,
        height,
        layer: [
          {
            data: { values: envelope(points).map(row) },
            mark: { type: "line", strokeWidth: 11, strokeCap: "round", color: INK, opacity: 0.12, aria: false },
            encoding: { x, y },
          },
          ...present(crossover, left, right, toX),
          ...lines.flatMap(([placement, line]) => strokes(data, placement, line.map(row), { x, y })),
          ...endLabels(data, lines, toY, height, room.right),
          ...crossingMarks(changes, toX, toY, room.plot),
          {
            data: { values: points.map(row) },
            mark: { type: "circle", size: 90, opacity: 0, aria: false },
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
  return crossover.points.some(({ latency_s }) => latency_s > 0) ? undefined : "No placement was predicted over bandwidth.";
}

function headline(changes: readonly Crossing[], fastest: Crossover["points"], { link, current_bps }: Crossover): string {
  const now = current_bps > 0 ? `; it has ${bitRate(current_bps)} now` : "";
  const first = changes[0];
  if (first === undefined) return `${fastest[0]!.placement} is the fastest at every bandwidth of ${link}${now}`;
  const then = changes.slice(1, 3).map(({ bandwidth_bps, above }) => `, from ${bitRate(rounded(bandwidth_bps, 2))} ${above}`);
  return (
    `Below ${bitRate(rounded(first.bandwidth_bps, 2))} on ${link}, ${first.below} is the fastest; above it ` +
    `${first.above}${then.join("")}${now}`
  );
}

/** One colour for a placement on one tier; the tail's colour with dashes of the head's for one on two. */
function strokes(
  data: ReportData,
  placement: string,
  values: object[],
  encoding: NonNullable<Layer["encoding"]>,
): Layer[] {
  const [head, tail] = ends(placement);
  const solid: Layer = {
    data: { values },
    mark: { type: "line", strokeWidth: 2.2, color: tierColour(data, tail), aria: false },
    encoding,
  };
  if (head === tail) return [solid];
  const dashes: Layer = {
    data: { values },
    mark: { type: "line", strokeWidth: 2.2, strokeDash: [7, 7], color: tierColour(data, head), aria: false },
    encoding,
  };
  return [solid, dashes];
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
  margin: number,
): Layer[] {
  const places = dodge(lines.map(([, line]) => toY(line.at(-1)!.latency_s)), 14, 4, height - 4);
  const values = lines.map(([placement, line], index) => {
    const time = duration(line.at(-1)!.latency_s);
    return {
      y: rounded(places[index]!),
      text: `${shorten(placement, margin - 16 - textWidth(time, TEXT_SIZE), TEXT_SIZE)} ${time}`,
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
        color: { field: "colour", type: "nominal", scale: null },
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
  let free = Number.NEGATIVE_INFINITY;
  const values = changes.map(({ bandwidth_bps, latency_s, below, above }) => {
    const text = bitRate(rounded(bandwidth_bps, 2));
    const half = textWidth(text, TEXT_SIZE, true) / 2;
    const x = toX(bandwidth_bps);
    const textX = Math.min(Math.max(x, half), width - half);
    const fits = textX - half > free;
    if (fits) free = textX + half + 4;
    return {
      x: rounded(x),
      textX: rounded(textX),
      y: rounded(toY(latency_s)),
      text: fits ? text : "",
      change: `${below} → ${above}`,
    };
  });
  return [
    {
      data: { values },
      mark: { type: "point", size: 70, fill: "white", stroke: INK, strokeWidth: 2, opacity: 1, aria: false },
      encoding: {
        x: pixels("x"),
        y: pixels("y"),
        tooltip: [
          { field: "change", title: "fastest" },
          { field: "text", title: "at" },
        ],
      },
    },
    {
      data: { values },
      mark: { type: "text", baseline: "top", dy: 11, fontWeight: "bold", color: INK },
      encoding: { x: pixels("textX"), y: pixels("y"), text: { field: "text" } },
    },
  ];
}
