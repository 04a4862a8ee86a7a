import type { TopLevelSpec } from "vega-lite";
import type { PlanChoice } from "../../formats/planresult.ts";
import { choiceName, choices } from "../choices.ts";
import { duration, factor, rounded } from "../format.ts";
import { COLOURED, type Layer, type Position, pixels, rowNames } from "../layers.ts";
import { BAD, FAINT, INK, MUTED, NEUTRAL, PALE } from "../palette.ts";
import type { PlanReport } from "../plandata.ts";
import { type Scale, scaleOf } from "../scales.ts";
import { shorten, textWidth } from "../text.ts";
import { chart, type Layout, TEXT_SIZE } from "../theme.ts";
import { framed } from "./chart.ts";

const MOST_ROWS = 10;
const ROW_PX = 30;
/** From so many times on, the quick choices' percentiles would lie on one another on a linear axis. */
const LINEAR_UP_TO = 10;
const NAME_PX = 26;
const PERCENTILES = ["p50", "p95", "p99"] as const;
const COLOURS = { p50: PALE, p95: NEUTRAL, p99: INK } as const;
/** Intervals can overlap: the higher the percentile, the thinner its bar. */
const THICKNESS = { p50: 12, p95: 12, p99: 4 } as const;

type Loaded = PlanChoice & { under_load: NonNullable<PlanChoice["under_load"]> };

/** Percentiles of the latency under load, one row per choice that was simulated. */
export const underLoad = framed({
  wide: { left: 230, right: 24 },
  narrow: { left: 128, right: 24 },
  names: (data) => shownOf(data).map(choiceName),
  missing: underLoadMissing,
  draw,
});

export function underLoadMissing(data: PlanReport): string | undefined {
  const shown = simulated(data);
  if (shown.length === 0) return "The scenario says of no load: a request is alone.";
  return shown.some(isSteady) ? undefined : "More requests come than any choice can answer.";
}

const shownOf = (data: PlanReport) => simulated(data).slice(0, MOST_ROWS);

function draw(data: PlanReport, room: Layout): TopLevelSpec {
  const shown = shownOf(data);
  const steady = shown.filter(isSteady);
  const limit = data.question.latency_at_most_s;
  const scale = scaleOf(
    steady.flatMap(({ under_load: { p50, p99 } }) => [p50.value * 1e3, p99.value * 1e3]),
    {
      also: [
        ...steady.map(({ under_load }) => under_load.p99.high * 1e3),
        ...(limit === undefined ? [] : [limit * 1e3]),
      ],
      title: "latency under load, ms",
      length: room.plot,
      ticks: room.narrow ? 4 : 8,
      linearUpTo: LINEAR_UP_TO,
    },
  );
  const rows = shown.map((choice, row) => ({
    row,
    label: shorten(choiceName(choice), room.left - 10, TEXT_SIZE, choice === data.plan.best),
    best: choice === data.plan.best,
    ...(isSteady(choice)
      ? { p50: rounded(choice.under_load.p50.value * 1e3), p99: rounded(choice.under_load.p99.value * 1e3) }
      : { text: shorten(`overload: ${choice.under_load.overloaded.join(", ")}`, room.plot, TEXT_SIZE) }),
  }));
  const dots = shown.flatMap((choice, row) => (isSteady(choice) ? dotsOf(choice, row, scale) : []));
  const x = scale.position;
  const y: Position = { field: "row", type: "ordinal", axis: null, scale: { domain: rows.map(({ row }) => row) } };
  return chart({ headline: headline(data, steady), subtitle: subtitle(data, scale.log) }, room, [
    {
      width: room.plot,
      height: rows.length * ROW_PX,
      layer: [
        rowNames(rows, y),
        {
          data: { values: rows.filter((row) => "p50" in row) },
          mark: { type: "rule", color: FAINT, strokeWidth: 2, aria: false },
          encoding: { x: { ...x, field: "p50" }, x2: { field: "p99" }, y },
        },
        ...PERCENTILES.map(
          (name): Layer => ({
            data: { values: dots.filter((dot) => dot.name === name) },
            mark: { type: "rule", strokeWidth: THICKNESS[name], opacity: 0.4, aria: false },
            encoding: { x: { ...x, field: "low" }, x2: { field: "high" }, y, color: COLOURED },
          }),
        ),
        {
          data: { values: dots },
          mark: { type: "circle", size: 70, opacity: 1 },
          encoding: {
            x: { ...x, field: "ms" },
            y,
            color: COLOURED,
            tooltip: [
              { field: "choice", title: "choice" },
              { field: "name", title: "percentile" },
              { field: "ms", type: "quantitative", title: "latency, ms" },
              { field: "interval", title: "95 % interval" },
            ],
          },
        },
        percentileNames(dots, scale, room.plot),
        {
          data: { values: rows.filter((row) => "text" in row) },
          mark: { type: "text", align: "left", baseline: "middle", color: BAD, dx: 2 },
          encoding: { x: { value: 0 }, y, text: { field: "text" } },
        },
        ...limitRule(limit, data.plan.at, scale, room),
      ],
    },
  ]);
}

/** The percentiles' dots, and the ends of their intervals as far as the axis goes. */
function dotsOf(choice: Loaded, row: number, { from }: Scale) {
  return PERCENTILES.map((name) => {
    const { value, low, high } = choice.under_load[name];
    return {
      row,
      choice: choiceName(choice),
      name,
      ms: rounded(value * 1e3),
      low: rounded(Math.max(low * 1e3, from)),
      high: rounded(high * 1e3),
      interval: `${duration(Math.max(low, 0))} to ${duration(high)}`,
      colour: COLOURS[name],
    };
  });
}

/** Names of the percentiles, above the dots of the first row where they are far enough apart, or farthest. */
function percentileNames(
  dots: readonly { row: number; name: string; ms: number }[],
  scale: Scale,
  width: number,
): Layer {
  const rows = [...new Set(dots.map(({ row }) => row))].map((row) => {
    const own = dots.filter((dot) => dot.row === row).map((dot) => ({ ...dot, x: scale.at(dot.ms) }));
    return { own, apart: Math.min(...own.slice(1).map(({ x }, i) => x - own[i]!.x)) };
  });
  const fits = rows.find(({ apart }) => apart >= NAME_PX);
  const { own } = fits ?? rows.reduce((a, b) => (b.apart > a.apart ? b : a));
  const y = (row: number) => row * ROW_PX + 3;
  const middle = own[1]!.x;
  // Where all are close, one label names them from left to right.
  const values = fits
    ? own.map(({ row, name, x }) => ({ name, x: rounded(Math.min(Math.max(x, 9), width - 9)), y: y(row) }))
    : [{ name: PERCENTILES.join(" · "), x: rounded(Math.min(Math.max(middle, 40), width - 40)), y: y(own[0]!.row) }];
  return {
    data: { values },
    mark: { type: "text", baseline: "middle", fontSize: TEXT_SIZE - 1, color: MUTED },
    encoding: { x: pixels("x"), y: pixels("y"), text: { field: "name" } },
  };
}

/** The latency that was asked for, named above the plot. */
function limitRule(limit: number | undefined, of: string, { position, at }: Scale, { plot }: Layout): Layer[] {
  if (limit === undefined) return [];
  const ms = rounded(limit * 1e3);
  const text = `${of} at most ${duration(limit)}`;
  const half = textWidth(text, TEXT_SIZE) / 2;
  const x = rounded(Math.min(Math.max(at(ms), half), plot - half));
  return [
    {
      data: { values: [{ ms }] },
      mark: { type: "rule", color: BAD, strokeDash: [2, 3], aria: false },
      encoding: { x: { ...position, field: "ms" }, y: { value: -2 }, y2: { value: "height" } },
    },
    {
      data: { values: [{ x, text }] },
      mark: { type: "text", baseline: "bottom", color: BAD },
      encoding: { x: pixels("x"), y: { value: -5 }, text: { field: "text" } },
    },
  ];
}

function simulated(data: PlanReport): Loaded[] {
  return choices(data).filter((choice): choice is Loaded => choice.under_load !== undefined);
}

const isSteady = ({ under_load }: Loaded) => under_load.overloaded.length === 0;

function headline({ plan }: PlanReport, steady: readonly Loaded[]): string {
  const best =
    steady.find(({ operator, placement }) => operator === plan.best.operator && placement === plan.best.placement) ??
    steady[0]!;
  const { p50, p99 } = best.under_load;
  const alone = best.latency_s > 0 ? `, ${factor(p99.value / best.latency_s)} what a request alone takes` : "";
  return `${choiceName(best)}: half of all requests within ${duration(p50.value)}, 99 of 100 within ${duration(p99.value)}${alone}`;
}

function subtitle({ question }: PlanReport, log: boolean): string {
  const rate = question.requests_per_s === undefined ? "" : ` at ${rounded(question.requests_per_s, 3)} requests/s`;
  return (
    `Simulated latency${rate}, ms${log ? ", logarithmic" : ""}: half of the requests take less than p50, one in a hundred ` +
    "more than p99; bars are 95 % intervals."
  );
}
