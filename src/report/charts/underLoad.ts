import type { TopLevelSpec } from "vega-lite";
import type { PlanChoice } from "../../formats/planresult.ts";
import { choiceName, choices } from "../choices.ts";
import { duration, factor, rounded } from "../format.ts";
import { COLOURED, type Layer, type Position, pixels } from "../layers.ts";
import { BAD, FAINT, INK, MUTED, NEUTRAL, PALE } from "../palette.ts";
import type { PlanReport } from "../plandata.ts";
import { shorten } from "../text.ts";
import { type ChartOptions, chart, layout, nothingToDraw, TEXT_SIZE } from "../theme.ts";

const MOST_ROWS = 10;
const ROW_PX = 30;
const PERCENTILES = ["p50", "p95", "p99"] as const;
const COLOURS = { p50: PALE, p95: NEUTRAL, p99: INK } as const;

type Loaded = PlanChoice & { under_load: NonNullable<PlanChoice["under_load"]> };

/** Percentiles of the latency under load, one row per choice that was simulated. */
export function underLoad(data: PlanReport, options: ChartOptions = {}): TopLevelSpec {
  const room = layout(options, { left: 190, right: 20 }, { left: 112, right: 12 });
  const missing = underLoadMissing(data);
  if (missing !== undefined) return nothingToDraw(missing, room);
  const shown = simulated(data).slice(0, MOST_ROWS);
  const steady = shown.filter(isSteady);
  const limit = data.question.latency_at_most_s;
  const most = Math.max(...steady.map(({ under_load }) => under_load.p99.high), limit ?? 0) || 1e-3;
  const rows = shown.map((choice, row) => ({
    row,
    label: shorten(choiceName(choice), room.left - 10, TEXT_SIZE, choice === data.plan.best),
    best: choice === data.plan.best,
    ...(isSteady(choice)
      ? { p50: rounded(choice.under_load.p50.value * 1e3), p99: rounded(choice.under_load.p99.value * 1e3) }
      : { text: `overload: ${choice.under_load.overloaded.join(", ")}` }),
  }));
  const dots = shown.flatMap((choice, row) =>
    isSteady(choice)
      ? PERCENTILES.map((name) => {
          const { value, low, high } = choice.under_load[name];
          return {
            row,
            choice: choiceName(choice),
            name,
            ms: rounded(value * 1e3),
            low: rounded(Math.max(low, 0) * 1e3),
            high: rounded(high * 1e3),
            colour: COLOURS[name],
          };
        })
      : [],
  );
  const first = dots.filter(({ row }) => row === dots[0]?.row);
  const x: Position = {
    type: "quantitative",
    scale: { domain: [0, rounded(most * 1.04e3)], nice: false },
    axis: { title: "latency under load, ms", tickCount: room.narrow ? 4 : 8 },
  };
  const y: Position = { field: "row", type: "ordinal", axis: null, scale: { domain: rows.map(({ row }) => row) } };
  return chart({ headline: headline(data, steady), subtitle: subtitle(data) }, room, [
    {
      width: room.plot,
      height: rows.length * ROW_PX,
      layer: [
        ...[true, false].map(
          (best): Layer => ({
            data: { values: rows },
            transform: [{ filter: best ? "datum.best" : "!datum.best" }],
            mark: {
              type: "text",
              align: "right",
              baseline: "middle",
              color: INK,
              fontWeight: best ? "bold" : "normal",
              aria: false,
            },
            encoding: { x: { value: -8 }, y, text: { field: "label" } },
          }),
        ),
        {
          data: { values: rows },
          transform: [{ filter: "isValid(datum.p50)" }],
          mark: { type: "rule", color: FAINT, strokeWidth: 2, aria: false },
          encoding: { x: { ...x, field: "p50" }, x2: { field: "p99" }, y },
        },
        {
          data: { values: dots },
          mark: { type: "rule", strokeWidth: 8, opacity: 0.35, aria: false },
          encoding: {
            x: { ...x, field: "low" },
            x2: { field: "high" },
            y,
            color: COLOURED,
          },
        },
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
              { field: "low", type: "quantitative", title: "at least, ms" },
              { field: "high", type: "quantitative", title: "at most, ms" },
            ],
          },
        },
        ...percentileNames(first, most * 1.04e3, room.plot, ROW_PX),
        {
          data: { values: rows.filter((row) => "text" in row) },
          mark: { type: "text", align: "left", baseline: "middle", color: BAD, dx: 2 },
          encoding: { x: { value: 0 }, y, text: { field: "text" } },
        },
        ...(limit === undefined
          ? []
          : ([
              {
                data: { values: [{ ms: rounded(limit * 1e3) }] },
                mark: { type: "rule", color: BAD, strokeDash: [2, 3], aria: false },
                encoding: { x: { ...x, field: "ms" }, y: { value: 0 }, y2: { value: "height" } },
              },
              {
                data: { values: [{ ms: rounded(limit * 1e3), text: `limit of the ${data.plan.at}` }] },
                mark: { type: "text", align: "right", baseline: "bottom", color: BAD, dx: -4 },
                encoding: { x: { ...x, field: "ms" }, y: { value: rows.length * ROW_PX - 2 }, text: { field: "text" } },
              },
            ] satisfies Layer[])),
      ],
    },
  ]);
}

export function underLoadMissing(data: PlanReport): string | undefined {
  const shown = simulated(data);
  if (shown.length === 0) return "The scenario says of no load: a request is alone.";
  return shown.some(isSteady) ? undefined : "More requests come than any choice can answer.";
}

/** Names of the percentiles above the first row's dots; where dots are too close, the later names move to the right. */
function percentileNames(
  dots: readonly { row: number; name: string; ms: number }[],
  most: number,
  width: number,
  rowHeight: number,
): Layer[] {
  let free = Number.NEGATIVE_INFINITY;
  const values = dots.map(({ row, name, ms }) => {
    const x = Math.max((ms / most) * width, free);
    free = x + 26;
    return { name, x: rounded(Math.min(x, width - 8)), y: row * rowHeight + 3 };
  });
  return [
    {
      data: { values },
      mark: { type: "text", baseline: "middle", fontSize: TEXT_SIZE - 1, color: MUTED },
      encoding: { x: pixels("x"), y: pixels("y"), text: { field: "name" } },
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

function subtitle({ question }: PlanReport): string {
  const rate = question.requests_per_s === undefined ? "" : ` at ${rounded(question.requests_per_s, 3)} requests/s`;
  return `Simulated latency${rate}, ms: half of the requests take less than p50, one in a hundred more than p99; bars are 95 % intervals.`;
}
