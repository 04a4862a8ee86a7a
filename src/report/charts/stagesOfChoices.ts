import type { TopLevelSpec } from "vega-lite";
import type { PlanChoice } from "../../formats/planresult.ts";
import { choiceName, choices, isLoaded } from "../choices.ts";
import { duration, factor, rounded } from "../format.ts";
import { COLOURED, rowNames } from "../layers.ts";
import { INK, MUTED, readableOn } from "../palette.ts";
import type { PlanReport } from "../plandata.ts";
import { type Part, partOf } from "../stages.ts";
import { shorten, textWidth } from "../text.ts";
import { chart, key, type Layout, TEXT_SIZE } from "../theme.ts";
import { framed } from "./chart.ts";

const MOST_ROWS = 10;
const ROW_PX = 30;
/** An interval shorter than this would be a blot. */
const SHORTEST_PX = 4;
const NAME_SIZE = TEXT_SIZE - 1;

/** A stretch of a request's time that is all of one part. */
interface Stretch {
  choice: string;
  part: Part;
  seconds: number;
  from: number;
  to: number;
}

/** What a request of each choice spends its time on, in its order: one bar per operator and placement, best first. */
export const stagesOfChoices = framed({
  wide: { left: 230, right: 70 },
  narrow: { left: 128, right: 62 },
  names: (data) => shownOf(data).map((_, index, ranked) => rowName(ranked, index)),
  missing: stagesOfChoicesMissing,
  draw,
});

export function stagesOfChoicesMissing(data: PlanReport): string | undefined {
  return choices(data).some(({ latency_s }) => latency_s > 0) ? undefined : "No choice takes any time.";
}

const shownOf = (data: PlanReport) => choices(data).slice(0, MOST_ROWS);

function draw(data: PlanReport, room: Layout): TopLevelSpec {
  const ranked = shownOf(data);
  const longest = Math.max(...ranked.map(({ latency_s, high_s }) => Math.max(latency_s, high_s)));
  const stretches = ranked.flatMap((choice, index) => stretchesOf(data, choice, rowName(ranked, index)));
  const named = namesInBars(stretches, room.plot / longest);
  const unnamed = new Map(stretches.map(({ part }) => [part.key, part]));
  for (const { part } of named.keys()) unnamed.delete(part.key);
  const bars = stretches.map(({ choice, part, seconds, from, to }) => ({
    choice,
    part: part.label,
    ms: rounded(seconds * 1e3),
    from: rounded(from * 1e3),
    to: rounded(to * 1e3),
    colour: part.colour,
  }));
  const names = [...named].map(([{ choice, part, from, to }, text]) => ({
    choice,
    text,
    middle: rounded((from + to) * 500),
    colour: readableOn(part.colour),
  }));
  const rows = ranked.map((choice, index) => ({
    choice: rowName(ranked, index),
    label: shorten(rowName(ranked, index), room.left - 10, TEXT_SIZE, index === 0),
    best: index === 0,
    low: rounded(choice.low_s * 1e3),
    high: rounded(choice.high_s * 1e3),
    end: rounded(Math.max(choice.latency_s, choice.high_s) * 1e3),
    text: duration(choice.latency_s),
  }));
  const y = { field: "choice", type: "nominal", sort: null, axis: null } as const;
  const scale = { domain: [0, rounded(longest * 1e3)], nice: false };
  const axis = room.narrow
    ? { title: "latency alone, ms", tickCount: 3 }
    : { title: "latency of a request that is alone, ms", tickCount: 6 };
  return chart(
    { headline: headline(ranked), subtitle: subtitle(data, room.narrow) },
    room,
    [
      ...(unnamed.size > 0 ? [key([...unnamed.values()], room)] : []),
      {
        width: room.plot,
        height: rows.length * ROW_PX,
        layer: [
          rowNames(rows, y),
          {
            data: { values: bars },
            mark: { type: "bar", height: 22 },
            encoding: {
              x: { field: "from", type: "quantitative", scale, axis },
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
            data: { values: names },
            mark: { type: "text", baseline: "middle", fontSize: NAME_SIZE, aria: false },
            encoding: { x: { field: "middle", type: "quantitative" }, y, text: { field: "text" }, color: COLOURED },
          },
          {
            data: {
              values: rows.filter(({ low, high }) => ((high - low) / longest) * (room.plot / 1e3) >= SHORTEST_PX),
            },
            mark: { type: "rule", color: INK, strokeWidth: 1.5, aria: false },
            encoding: { x: { field: "low", type: "quantitative" }, x2: { field: "high" }, y },
          },
          {
            data: { values: rows },
            mark: { type: "text", align: "left", baseline: "middle", dx: 6, color: MUTED, aria: false },
            encoding: { x: { field: "end", type: "quantitative" }, y, text: { field: "text" } },
          },
        ],
      },
    ],
    8,
  );
}

/** Choices can differ in nothing but threads, replicas or batches: these are counted. */
function rowName(ranked: readonly PlanChoice[], index: number): string {
  const name = choiceName(ranked[index]!);
  const before = ranked.slice(0, index).filter((other) => choiceName(other) === name).length;
  return before === 0 ? name : `${name} (${before + 1})`;
}

/** The stages in the request's order, neighbours of one part together. */
function stretchesOf(data: PlanReport, { stages }: PlanChoice, choice: string): Stretch[] {
  const found: Stretch[] = [];
  for (const stage of stages) {
    if (stage.seconds <= 0) continue;
    const part = partOf(data, stage);
    const last = found.at(-1);
    if (last?.part.key === part.key) {
      last.seconds += stage.seconds;
      last.to += stage.seconds;
    } else {
      const from = last?.to ?? 0;
      found.push({ choice, part, seconds: stage.seconds, from, to: from + stage.seconds });
    }
  }
  return found;
}

/** A part's name stands in the first bar that has the room for it; of inference, the tier's name will do. */
function namesInBars(stretches: readonly Stretch[], pixelsPerSecond: number): Map<Stretch, string> {
  const named = new Map<Stretch, string>();
  for (const { key: of, label } of new Map(stretches.map(({ part }) => [part.key, part])).values()) {
    for (const text of [label, label.replace(/^infer on /, "")]) {
      const room = textWidth(text, NAME_SIZE) + 8;
      const first = stretches.find(({ part, seconds }) => part.key === of && seconds * pixelsPerSecond >= room);
      if (first === undefined) continue;
      named.set(first, text);
      break;
    }
  }
  return named;
}

function headline(ranked: readonly PlanChoice[]): string {
  const best = ranked[0]!;
  const sums = { inference: 0, network: 0 };
  for (const { stage, seconds } of best.stages) {
    if (stage === "infer") sums.inference += seconds;
    else if (stage === "transfer" || stage === "relay") sums.network += seconds;
  }
  const share = (seconds: number) => `${Math.round((100 * seconds) / best.latency_s)} %`;
  const network = sums.network > 0 ? `, ${share(sums.network)} on the network` : "";
  const where = best.latency_s > 0 ? `, ${share(sums.inference)} of it computing${network}` : "";
  const next = ranked[1];
  const ratio = next && best.latency_s > 0 ? next.latency_s / best.latency_s : 1;
  const rest = next && ratio >= 1.05 ? `; ${choiceName(next)} takes ${factor(ratio)} as long` : "";
  return `${choiceName(best)} takes ${duration(best.latency_s)}${where}${rest}`;
}

function subtitle(data: PlanReport, narrow: boolean): string {
  const order = data.plan.objective === "latency" && !isLoaded(data) ? "best first" : "in the plan's order";
  return (
    `Predicted latency of one request that is alone, ms, by stage; ${order}` +
    `${narrow ? "." : ". Lines at the ends of bars are 95 % intervals of the profiled times."}`
  );
}
