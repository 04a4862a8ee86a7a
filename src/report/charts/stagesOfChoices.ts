import type { TopLevelSpec } from "vega-lite";
import type { PlanChoice } from "../../formats/planresult.ts";
import { choiceName, choices, isLoaded } from "../choices.ts";
import { duration, factor, rounded } from "../format.ts";
import { COLOURED } from "../layers.ts";
import { INK, MUTED, readableOn } from "../palette.ts";
import type { PlanReport } from "../plandata.ts";
import { ends, parts, secondsByPart } from "../stages.ts";
import { shorten, textWidth } from "../text.ts";
import { type ChartOptions, chart, key, type Layout, layout, nothingToDraw, TEXT_SIZE } from "../theme.ts";

const MOST_ROWS = 10;
const ROW_PX = 30;

interface Segment {
  choice: string;
  part: string;
  ms: number;
  from: number;
  to: number;
  colour: string;
  ink: string;
  text: string;
  middle: number;
}

/** What a request of each choice spends its time on, one bar per operator and placement, best first. */
export function stagesOfChoices(data: PlanReport, options: ChartOptions = {}): TopLevelSpec {
  const room = layout(options, { left: 190, right: 70 }, { left: 112, right: 62 });
  const missing = stagesOfChoicesMissing(data);
  if (missing !== undefined) return nothingToDraw(missing, room);
  const ranked = choices(data).slice(0, MOST_ROWS);
  const longest = Math.max(...ranked.map(({ latency_s }) => latency_s)) || 1e-3;
  const segments = segmentsOf(data, ranked, room, longest);
  const said = new Set(segments.filter(({ text }) => text !== "").map(({ part }) => part));
  const unsaid = segments.filter(
    ({ part }, index) => !said.has(part) && segments.findIndex((other) => other.part === part) === index,
  );
  const rows = ranked.map((choice, index) => ({
    choice: rowName(ranked, index),
    label: shorten(rowName(ranked, index), room.left - 10, TEXT_SIZE, index === 0),
    best: index === 0,
    ms: rounded(choice.latency_s * 1e3),
    low: rounded(choice.low_s * 1e3),
    high: rounded(choice.high_s * 1e3),
    text: duration(choice.latency_s),
  }));
  const y = { field: "choice", type: "nominal", sort: null, axis: null } as const;
  const scale = { domain: [0, rounded(longest * 1e3)], nice: false };
  const names = { data: { values: rows }, align: "right", baseline: "middle" } as const;
  return chart(
    { headline: headline(ranked), subtitle: subtitle(data, room.narrow) },
    room,
    [
      ...(unsaid.length > 0
        ? [
            key(
              unsaid.map(({ part, colour }) => ({ label: part, colour })),
              room,
            ),
          ]
        : []),
      {
        width: room.plot,
        height: rows.length * ROW_PX,
        layer: [
          ...[true, false].map((best) => ({
            data: names.data,
            transform: [{ filter: best ? "datum.best" : "!datum.best" }],
            mark: {
              type: "text",
              align: names.align,
              baseline: names.baseline,
              color: INK,
              fontWeight: best ? "bold" : "normal",
              aria: false,
            } as const,
            encoding: { x: { value: -8 }, y, text: { field: "label" } },
          })),
          {
            data: { values: segments },
            mark: { type: "bar", height: 22 },
            encoding: {
              x: {
                field: "from",
                type: "quantitative",
                scale,
                axis: { title: "latency of a request that is alone, ms", tickCount: room.narrow ? 3 : 6 },
              },
              x2: { field: "to" },
              y,
              color: COLOURED,
              tooltip: [
                { field: "choice", title: "choice" },
                { field: "part", title: "stage" },
                { field: "ms", type: "quantitative", title: "ms" },
              ],
            },
          },
          {
            data: { values: segments.filter(({ text }) => text !== "") },
            mark: { type: "text", baseline: "middle", fontSize: TEXT_SIZE - 1, aria: false },
            encoding: {
              x: { field: "middle", type: "quantitative" },
              y,
              text: { field: "text" },
              color: { field: "ink", type: "nominal", scale: null },
            },
          },
          {
            data: { values: rows },
            mark: { type: "text", align: "left", baseline: "middle", dx: 6, color: MUTED, aria: false },
            encoding: { x: { field: "ms", type: "quantitative" }, y, text: { field: "text" } },
          },
        ],
      },
    ],
    8,
  );
}

export function stagesOfChoicesMissing(data: PlanReport): string | undefined {
  return choices(data).some(({ latency_s }) => latency_s > 0) ? undefined : "No choice takes any time.";
}

/** Choices can differ in nothing but threads, replicas or batches: these are counted. */
function rowName(ranked: readonly PlanChoice[], index: number): string {
  const name = choiceName(ranked[index]!);
  const before = ranked.slice(0, index).filter((other) => choiceName(other) === name).length;
  return before === 0 ? name : `${name} (${before + 1})`;
}

/** A stage's name stands in the first bar that has the room for it. */
function segmentsOf(data: PlanReport, ranked: readonly PlanChoice[], room: Layout, longest: number): Segment[] {
  const said = new Set<string>();
  return ranked.flatMap((choice, index) => {
    const [head, tail] = ends(choice.placement);
    const seconds = secondsByPart(choice);
    let from = 0;
    return parts(data, head, tail).flatMap(({ key: part, label, colour }): Segment[] => {
      const own = seconds.get(part) ?? 0;
      if (own <= 0) return [];
      const to = from + own;
      const fits = textWidth(label, TEXT_SIZE - 1) + 8 <= (own / longest) * room.plot;
      const text = fits && !said.has(label) ? label : "";
      if (text !== "") said.add(label);
      const segment = {
        choice: rowName(ranked, index),
        part: label,
        ms: rounded(own * 1e3),
        from: rounded(from * 1e3),
        to: rounded(to * 1e3),
        colour,
        ink: readableOn(colour),
        text,
        middle: rounded((from + to) * 500),
      };
      from = to;
      return [segment];
    });
  });
}

function headline(ranked: readonly PlanChoice[]): string {
  const best = ranked[0]!;
  const sums = { inference: 0, network: 0, other: 0 };
  for (const { stage, seconds } of best.stages) {
    if (stage === "infer") sums.inference += seconds;
    else if (stage === "transfer" || stage === "relay") sums.network += seconds;
    else sums.other += seconds;
  }
  const share = (seconds: number) => `${Math.round((100 * seconds) / best.latency_s)} %`;
  const where =
    sums.network > 0
      ? `${share(sums.inference)} of it computing, ${share(sums.network)} on the network`
      : `${share(sums.inference)} of it computing`;
  const next = ranked[1];
  const ratio = next && best.latency_s > 0 ? next.latency_s / best.latency_s : 1;
  const rest = next && ratio >= 1.05 ? `; ${choiceName(next)} takes ${factor(ratio)} as long` : "";
  return `${choiceName(best)} takes ${duration(best.latency_s)}, ${where}${rest}`;
}

function subtitle(data: PlanReport, narrow: boolean): string {
  const order = data.plan.objective === "latency" && !isLoaded(data) ? "best first" : "in the plan's order";
  return (
    `Predicted latency of one request that is alone, ms, by stage; ${order}` +
    `${narrow ? "." : "; a stage is named where there is room."}`
  );
}
