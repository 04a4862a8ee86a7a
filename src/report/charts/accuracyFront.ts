import type { TopLevelSpec } from "vega-lite";
import { choiceName, choices, plannedLatency, plannedLatencyName } from "../choices.ts";
import { duration, factor, rounded } from "../format.ts";
import { type Box, boxOf, meet, placeLabels } from "../labels.ts";
import { type Layer, type Position, pixels, type Word, words } from "../layers.ts";
import { INK, MUTED, PALE } from "../palette.ts";
import type { PlanReport } from "../plandata.ts";
import { scaleOf } from "../scales.ts";
import { shorten, textWidth } from "../text.ts";
import { chart, type Layout, TEXT_SIZE } from "../theme.ts";
import { framed } from "./chart.ts";

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
  front: boolean;
}

/** Accuracy over latency: the choices that none beats in both, as a line, and those that are beaten. */
export const accuracyFront = framed({
  wide: { left: 58, right: 30 },
  narrow: { left: 54, right: 12 },
  missing: accuracyFrontMissing,
  draw,
});

export function accuracyFrontMissing(data: PlanReport): string | undefined {
  return pointsOf(data).length > 0 ? undefined : "The accuracy of no variant is known.";
}

function draw(data: PlanReport, room: Layout): TopLevelSpec {
  const height = room.narrow ? NARROW_HEIGHT : WIDE_HEIGHT;
  const points = pointsOf(data);
  const front = points.filter((point) => point.front);
  const measure = plannedLatencyName(data);
  const scale = scaleOf(
    points.map(({ seconds }) => seconds * 1e3),
    {
      title: `${measure}, ms`,
      length: room.plot,
      ticks: room.narrow ? 4 : 8,
      linearUpTo: LINEAR_UP_TO,
      fromZero: false,
    },
  );
  const floor = data.question.accuracy_at_least;
  const [bottom, top] = accuracies(points, floor);
  const toY = (share: number) => height * (1 - (share * 100 - bottom) / (top - bottom));
  const at = (point: Point) => ({ x: scale.at(point.seconds * 1e3), y: toY(point.accuracy) });
  const floorY = floor === undefined ? undefined : toY(floor);
  const drawn = linesOf(
    front.map((point) => ({ ...at(point), low: point.low, high: point.high })),
    toY,
  );
  const asked = floorLabel(floor, toY, drawn, room.plot);
  const labelled = points.slice(0, MOST_LABELS).map((point) => ({
    ...at(point),
    text: label(point, room.plot),
    bold: point.front,
  }));
  const places = placeLabels(
    labelled,
    TEXT_SIZE,
    { width: room.plot, height },
    {
      points: points.slice(MOST_LABELS).map(at),
      boxes: asked === undefined ? [] : [boxOf(asked, textWidth(asked.text, TEXT_SIZE))],
      lines:
        floorY === undefined ? drawn : [...drawn, { left: 0, right: room.plot, top: floorY - 1, bottom: floorY + 1 }],
    },
  );
  const said = labelled.flatMap(({ text, bold }, index): Word[] => {
    const place = places[index];
    return place ? [{ text, bold, textX: rounded(place.textX), textY: rounded(place.textY) }] : [];
  });
  const rows = points.map((point) => ({
    choice: choiceName(point),
    ms: rounded(point.seconds * 1e3),
    percent: rounded(point.accuracy * 100),
    ...(point.low !== undefined && point.high !== undefined
      ? { low: rounded(point.low * 100), high: rounded(point.high * 100) }
      : {}),
    front: point.front,
  }));
  const x: Position = { ...scale.position, field: "ms", axis: { ...scale.position.axis, grid: false } };
  const y: Position = {
    field: "percent",
    type: "quantitative",
    scale: { domain: [bottom, top], nice: false, zero: false },
    axis: { title: null, tickCount: 5, labelExpr: "datum.label + ' %'" },
  };
  return chart(
    { headline: headline(front), subtitle: subtitle(data, points.length - front.length, room.narrow) },
    room,
    [
      {
        width: room.plot,
        height,
        data: { values: rows },
        layer: [
          ...floorRule(floor, toY),
          {
            transform: [{ filter: "isValid(datum.low) && datum.front" }],
            mark: { type: "rule", color: PALE, strokeWidth: 2, aria: false },
            encoding: { x, y: { ...y, field: "low" }, y2: { field: "high" } },
          },
          {
            transform: [{ filter: "datum.front" }],
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
                { field: "ms", type: "quantitative", title: `${measure}, ms` },
                { field: "percent", type: "quantitative", title: `${metricOf(data)}, %` },
              ],
            },
          },
          ...(asked === undefined ? [] : words([asked], MUTED)),
          ...words(
            said.filter(({ bold }) => !bold),
            MUTED,
          ),
          ...words(said.filter(({ bold }) => bold)),
        ],
      },
    ],
  );
}

/** Those that no other beats in both first, the fastest first. */
function pointsOf(data: PlanReport): Point[] {
  const points = choices(data).flatMap((choice): Point[] => {
    const seconds = plannedLatency(data, choice);
    if (choice.accuracy === null || seconds === undefined) return [];
    const { operator, placement, accuracy } = choice;
    const known = data.variants.find((variant) => variant.operator === operator)?.accuracy;
    return [{ operator, placement, seconds, accuracy, low: known?.low, high: known?.high, front: false }];
  });
  let best = Number.NEGATIVE_INFINITY;
  for (const point of points.toSorted((a, b) => a.seconds - b.seconds || b.accuracy - a.accuracy)) {
    point.front = point.accuracy > best;
    best = Math.max(best, point.accuracy);
  }
  return points.sort((a, b) => Number(b.front) - Number(a.front) || a.seconds - b.seconds);
}

/** Ends of the axis, per cent. Accuracies are places on an axis, not lengths: it begins where they do. */
function accuracies(points: readonly Point[], floor: number | undefined): [bottom: number, top: number] {
  const shares = points.flatMap(({ accuracy, low = accuracy, high = accuracy, front }) =>
    front ? [accuracy, low, high] : [accuracy],
  );
  const all = floor === undefined ? shares : [...shares, floor];
  const [worst, best] = [Math.min(...all), Math.max(...all)];
  const reach = Math.max(best - worst, 0.004) * 0.08;
  return [rounded((worst - reach) * 100, 5), rounded((best + reach) * 100, 5)];
}

/** The front's steps and the intervals' bars, as boxes. */
function linesOf(
  front: readonly { x: number; y: number; low: number | undefined; high: number | undefined }[],
  toY: (share: number) => number,
): Box[] {
  return front.flatMap(({ x, y, low, high }, index) => {
    const next = front[index + 1];
    const step = next
      ? [
          { left: x, right: next.x, top: y - 1, bottom: y + 1 },
          { left: next.x - 1, right: next.x + 1, top: Math.min(y, next.y), bottom: Math.max(y, next.y) },
        ]
      : [];
    return low === undefined || high === undefined
      ? step
      : [...step, { left: x - 2, right: x + 2, top: toY(high), bottom: toY(low) }];
  });
}

/** The wanted accuracy in words, below or above its rule, where no line passes. */
function floorLabel(
  floor: number | undefined,
  toY: (share: number) => number,
  lines: readonly Box[],
  plot: number,
): Word | undefined {
  if (floor === undefined) return undefined;
  const text = `at least ${rounded(floor * 100)} %`;
  const wide = textWidth(text, TEXT_SIZE);
  const places = [8, -8].flatMap((dy) =>
    [0, plot - wide, (plot - wide) / 2].map((x) => ({ textX: rounded(x), textY: rounded(toY(floor) + dy) })),
  );
  const clear = places.find((place) => !lines.some((line) => meet(boxOf(place, wide), line)));
  return { text, ...(clear ?? places[0]!) };
}

function floorRule(floor: number | undefined, toY: (share: number) => number): Layer[] {
  if (floor === undefined) return [];
  return [
    {
      data: { values: [{ y: rounded(toY(floor)) }] },
      mark: { type: "rule", color: MUTED, strokeDash: [2, 3], aria: false },
      encoding: { x: { value: 0 }, x2: { value: "width" }, y: pixels("y") },
    },
  ];
}

function headline(front: readonly Point[]): string {
  const [fastest, best] = [front[0]!, front.at(-1)!];
  if (fastest === best)
    return `${choiceName(best)} is the fastest and the most accurate: ${rounded(best.accuracy * 100, 3)} % in ${duration(best.seconds)}`;
  const points = Number(((best.accuracy - fastest.accuracy) * 100).toPrecision(2));
  return (
    `${choiceName(best)} is the most accurate, in ${duration(best.seconds)}; ` +
    `${choiceName(fastest)} is ${factor(best.seconds / fastest.seconds)} as fast for ${points} points less`
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

function label(point: Point, room: number): string {
  const time = point.front ? ` ${duration(point.seconds)}` : "";
  const name = choiceName(point);
  return shorten(name, room * 0.6 - textWidth(time, TEXT_SIZE, point.front), TEXT_SIZE, point.front) + time;
}
