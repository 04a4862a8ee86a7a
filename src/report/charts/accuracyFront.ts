import type { TopLevelSpec } from "vega-lite";
import { choiceName, choices, plannedLatency, plannedLatencyName } from "../choices.ts";
import { duration, factor, rounded } from "../format.ts";
import { placeLabels } from "../labels.ts";
import { haloed, type Layer, type Position, pixels } from "../layers.ts";
import { INK, MUTED, PALE } from "../palette.ts";
import type { PlanReport } from "../plandata.ts";
import { logTicks } from "../scales.ts";
import { shorten, textWidth } from "../text.ts";
import { type ChartOptions, chart, layout, nothingToDraw, TEXT_SIZE } from "../theme.ts";

const WIDE_HEIGHT = 300;
const NARROW_HEIGHT = 260;
/** Latencies that differ more than so many times are drawn on a logarithmic axis. */
const LINEAR_UP_TO = 6;
const MOST_LABELS = 60;

interface Point {
  operator: string;
  placement: string;
  seconds: number;
  accuracy: number;
  low: number | undefined;
  high: number | undefined;
}

/** Accuracy over latency: the choices that none beats in both, as a line, and those that are beaten. */
export function accuracyFront(data: PlanReport, options: ChartOptions = {}): TopLevelSpec {
  const room = layout(options, { left: 58, right: 30 }, { left: 54, right: 12 });
  const missing = accuracyFrontMissing(data);
  if (missing !== undefined) return nothingToDraw(missing, room);
  const height = room.narrow ? NARROW_HEIGHT : WIDE_HEIGHT;
  const points = pointsOf(data);
  const front = frontOf(points);
  const times = points.map(({ seconds }) => seconds * 1e3);
  const [least, most] = [Math.min(...times), Math.max(...times)];
  const log = least > 0 && most / least > LINEAR_UP_TO;
  const [left, right] = log ? [least / 1.25, most * 1.6] : [0, most * 1.15 || 1];
  const floor = data.question.accuracy_at_least;
  const shares = [...points.flatMap(({ accuracy, low, high }) => [accuracy, low, high]), floor].filter(
    (share) => share !== undefined,
  );
  const [worst, best] = [Math.min(...shares), Math.max(...shares)];
  const reach = Math.max(best - worst, 0.004) * 0.08;
  const [bottom, top] = [(worst - reach) * 100, (best + reach) * 100];
  const toX = (ms: number) =>
    room.plot * (log ? Math.log(ms / left) / Math.log(right / left) : (ms - left) / (right - left));
  const toY = (share: number) => height * (1 - (share * 100 - bottom) / (top - bottom));
  const at = (point: Point) => ({ x: toX(point.seconds * 1e3), y: toY(point.accuracy) });
  const ordered = [...front, ...points.filter((point) => !front.includes(point))];
  const places = placeLabels(
    ordered.slice(0, MOST_LABELS).map((point) => ({
      ...at(point),
      text: label(point, room.plot, front.includes(point)),
      bold: front.includes(point),
    })),
    TEXT_SIZE,
    { width: room.plot, height },
    ordered.slice(MOST_LABELS).map(at),
  );
  const rows = ordered.map((point, index) => ({
    choice: choiceName(point),
    ms: rounded(point.seconds * 1e3),
    percent: rounded(point.accuracy * 100),
    ...(point.low !== undefined && point.high !== undefined
      ? { low: rounded(point.low * 100), high: rounded(point.high * 100) }
      : {}),
    front: front.includes(point),
    ...(places[index]
      ? {
          text: label(point, room.plot, front.includes(point)),
          textX: rounded(places[index].textX),
          textY: rounded(places[index].textY),
        }
      : {}),
  }));
  const x: Position = {
    field: "ms",
    type: "quantitative",
    scale: { type: log ? "log" : "linear", domain: [rounded(left), rounded(right)], nice: false },
    axis: {
      title: `${plannedLatencyName(data)}, ms${log ? ", logarithmic" : ""}`,
      ...(log ? { values: logTicks(left, right, room.narrow ? 6 : 12) } : { tickCount: room.narrow ? 4 : 8 }),
      labelExpr: "format(datum.value, '~g')",
      grid: false,
    },
  };
  const y: Position = {
    field: "percent",
    type: "quantitative",
    scale: { domain: [rounded(bottom, 5), rounded(top, 5)], nice: false, zero: false },
    axis: { title: null, tickCount: 5, labelExpr: "datum.label + ' %'" },
  };
  const ends = { x: pixels("textX"), y: pixels("textY"), text: { field: "text" } } as const;
  return chart(
    { headline: headline(front), subtitle: subtitle(data, points.length - front.length, room.narrow) },
    room,
    [
      {
        width: room.plot,
        height,
        data: { values: rows },
        layer: [
          ...atLeast(floor, toY),
          {
            transform: [{ filter: "isValid(datum.low) && datum.front" }],
            mark: { type: "rule", color: PALE, strokeWidth: 3, aria: false },
            encoding: { x, y: { ...y, field: "low" }, y2: { field: "high" } },
          },
          {
            data: { values: rows.filter((row) => row.front).map(({ ms, percent }) => ({ ms, percent })) },
            mark: { type: "line", interpolate: "step-after", color: INK, strokeWidth: 1.5, aria: false },
            encoding: { x, y, order: { field: "ms", type: "quantitative" } },
          },
          {
            mark: { type: "circle", size: 60, opacity: 1 },
            encoding: {
              x,
              y,
              color: { condition: { test: "datum.front", value: INK }, value: PALE },
              tooltip: [
                { field: "choice", title: "choice" },
                { field: "ms", type: "quantitative", title: `${plannedLatencyName(data)}, ms` },
                { field: "percent", type: "quantitative", title: `${metricOf(data)}, %` },
              ],
            },
          },
          ...[true, false].flatMap((isFront) =>
            haloed(
              {
                transform: [{ filter: `isValid(datum.text) && ${isFront ? "" : "!"}datum.front` }],
                mark: "text",
                encoding: ends,
              },
              {
                align: "left",
                baseline: "middle",
                fontWeight: isFront ? "bold" : "normal",
                color: isFront ? INK : MUTED,
              },
            ),
          ),
        ],
      },
    ],
  );
}

export function accuracyFrontMissing(data: PlanReport): string | undefined {
  return pointsOf(data).length > 0 ? undefined : "The accuracy of no variant is known.";
}

function pointsOf(data: PlanReport): Point[] {
  return choices(data).flatMap((choice) => {
    const seconds = plannedLatency(data, choice);
    if (choice.accuracy === null || seconds === undefined) return [];
    const known = data.variants.find(({ operator }) => operator === choice.operator)?.accuracy;
    return [
      {
        operator: choice.operator,
        placement: choice.placement,
        seconds,
        accuracy: choice.accuracy,
        low: known?.low,
        high: known?.high,
      },
    ];
  });
}

/** Those that no other beats in both, the fastest first. */
function frontOf(points: readonly Point[]): Point[] {
  const front: Point[] = [];
  for (const point of [...points].sort((a, b) => a.seconds - b.seconds || b.accuracy - a.accuracy))
    if (front.length === 0 || point.accuracy > front.at(-1)!.accuracy) front.push(point);
  return front;
}

function headline(front: readonly Point[]): string {
  const [fastest, best] = [front[0]!, front.at(-1)!];
  if (fastest === best)
    return `${choiceName(best)} is the fastest and the most accurate: ${percents(best.accuracy)} in ${duration(best.seconds)}`;
  const points = ((best.accuracy - fastest.accuracy) * 100).toPrecision(2);
  return (
    `${choiceName(best)} is the most accurate, in ${duration(best.seconds)}; ` +
    `${choiceName(fastest)} is ${factor(best.seconds / fastest.seconds)} as fast for ${Number(points)} points less`
  );
}

function subtitle(data: PlanReport, beaten: number, narrow: boolean): string {
  const intervals = data.variants.some(({ accuracy }) => accuracy?.low !== undefined);
  return (
    `${metricOf(data)}, %, over ${plannedLatencyName(data)}, ms. Each dot is an operator on a placement at its best cut; none beats ` +
    `those on the line in both${beaten > 0 ? ", pale ones are beaten" : ""}.` +
    (intervals && !narrow ? " Bars are 95 % intervals of the measured accuracy." : "")
  );
}

function metricOf({ variants }: PlanReport): string {
  const metric = variants.find(({ accuracy }) => accuracy !== null)?.accuracy?.metric ?? "accuracy";
  return metric.charAt(0).toUpperCase() + metric.slice(1);
}

function label(point: Point, room: number, front: boolean): string {
  const time = front ? ` ${duration(point.seconds)}` : "";
  return shorten(choiceName(point), room * 0.6 - textWidth(time, TEXT_SIZE, front), TEXT_SIZE, front) + time;
}

const percents = (share: number) => `${rounded(share * 100, 3)} %`;

function atLeast(floor: number | undefined, toY: (share: number) => number): Layer[] {
  if (floor === undefined) return [];
  const values = [{ y: rounded(toY(floor)), text: `at least ${rounded(floor * 100)} %` }];
  return [
    {
      data: { values },
      mark: { type: "rule", color: MUTED, strokeDash: [2, 3], aria: false },
      encoding: { x: { value: 0 }, x2: { value: "width" }, y: pixels("y") },
    },
    {
      data: { values },
      mark: { type: "text", align: "right", baseline: "bottom", dy: -2, color: MUTED },
      encoding: { x: { value: "width" }, y: pixels("y"), text: { field: "text" } },
    },
  ];
}
