import type { TopLevelSpec } from "vega-lite";
import type { PlanFlip } from "../../formats/planresult.ts";
import { choiceName, pathAmount, pathInWords } from "../choices.ts";
import { counted, factor, rounded } from "../format.ts";
import { placeLabels } from "../labels.ts";
import { haloed, type Position, pixels } from "../layers.ts";
import { FAINT, INK, MUTED, NEUTRAL } from "../palette.ts";
import type { PlanReport } from "../plandata.ts";
import { logTicks } from "../scales.ts";
import { shorten, textWidth } from "../text.ts";
import { type ChartOptions, chart, type Layout, layout, nothingToDraw, type Panel, TEXT_SIZE } from "../theme.ts";

const ROW_PX = 46;
/** Room around the outermost values, as a factor. */
const MARGIN = 2.2;

/** Where the answer would change: bandwidths on one axis, speeds of devices on another, both logarithmic. */
export function flips(data: PlanReport, options: ChartOptions = {}): TopLevelSpec {
  const room = layout(options, { left: 190, right: 20 }, { left: 104, right: 10 });
  const missing = flipsMissing(data);
  if (missing !== undefined) return nothingToDraw(missing, room);
  const all = data.plan.explanation.flips;
  const bandwidths = all.filter(({ path }) => path.endsWith(".bandwidth"));
  const others = all.filter((flip) => !bandwidths.includes(flip));
  return chart(
    { headline: headline(data), subtitle: subtitle(data) },
    room,
    [
      ...(bandwidths.length > 0 ? [panel(bandwidths, 1e-6, "bandwidth, Mbit/s, logarithmic", room)] : []),
      ...(others.length > 0 ? [panel(others, 1, "speed relative to the profiled host, logarithmic", room)] : []),
    ],
    48,
  );
}

export function flipsMissing({ plan }: PlanReport): string | undefined {
  return plan.explanation.flips.length > 0
    ? undefined
    : "No bandwidth or speed within a factor of 64 of its present value changes the answer.";
}

/** One row per input: how far it can go before another choice is as good, and which. */
function panel(found: readonly PlanFlip[], scale: number, title: string, room: Layout): Panel {
  const paths = [...new Set(found.map(({ path }) => path))];
  const values = found.flatMap(({ now, at }) => [now * scale, at * scale]);
  const [left, right] = [Math.min(...values) / MARGIN, Math.max(...values) * MARGIN];
  const toX = (value: number) => (room.plot * Math.log((value * scale) / left)) / Math.log(right / left);
  const height = paths.length * ROW_PX;
  const middle = (row: number) => row * ROW_PX + ROW_PX * 0.58;
  const rows = paths.map((path, row) => {
    const own = found.filter((flip) => flip.path === path);
    const { now } = own[0]!;
    const below = own.filter(({ at }) => at < now).map(({ at }) => at);
    const above = own.filter(({ at }) => at > now).map(({ at }) => at);
    const from = below.length > 0 ? toX(Math.max(...below)) : 0;
    const to = above.length > 0 ? toX(Math.min(...above)) : room.plot;
    const text = `now ${pathAmount(path, now)}`;
    return {
      y: middle(row),
      label: shorten(pathInWords(path), room.left - 10, TEXT_SIZE),
      from: rounded(from),
      to: rounded(to),
      now: rounded(toX(now)),
      text,
    };
  });
  const marks = found.map((flip) => {
    const row = paths.indexOf(flip.path);
    return { x: toX(flip.at), y: middle(row), at: pathAmount(flip.path, flip.at), to: choiceName(flip.to) };
  });
  const words = marks.map(({ x, y, at, to }) => ({ x, y, text: shorten(`${at}: ${to}`, room.plot * 0.62, TEXT_SIZE) }));
  // "now" stands above its dot, unless a neighbour's words would meet it.
  const nows = rows.map(({ now, y, text }) => ({
    text,
    textX: rounded(Math.min(Math.max(now - textWidth(text, TEXT_SIZE) / 2, 0), room.plot - textWidth(text, TEXT_SIZE))),
    textY: rounded(y - 14),
  }));
  const places = placeLabels(
    words,
    TEXT_SIZE,
    { width: room.plot, height: height + 8 },
    rows
      .map(({ now, y }) => ({ x: now, y }))
      .concat(
        nows.flatMap(({ textX, textY, text }) => {
          const wide = textWidth(text, TEXT_SIZE);
          return [0, 0.2, 0.4, 0.6, 0.8, 1].map((share) => ({ x: textX + share * wide, y: textY }));
        }),
      ),
  );
  const said = words.flatMap(({ text }, index) =>
    places[index] ? [{ text, textX: rounded(places[index].textX), textY: rounded(places[index].textY) }] : [],
  );
  const axis: Position = {
    field: "value",
    type: "quantitative",
    scale: { type: "log", domain: [rounded(left), rounded(right)], nice: false },
    axis: {
      title,
      values: logTicks(left, right, room.narrow ? 5 : 10),
      labelExpr: "format(datum.value, '~g')",
      grid: false,
    },
  };
  return {
    width: room.plot,
    height,
    layer: [
      {
        data: { values: [{ value: rounded(left) }] },
        mark: { type: "point", opacity: 0, aria: false },
        encoding: { x: axis },
      },
      {
        data: { values: rows },
        mark: { type: "text", align: "right", baseline: "middle", color: INK, aria: false },
        encoding: { x: { value: -8 }, y: pixels("y"), text: { field: "label" } },
      },
      {
        data: { values: rows },
        mark: { type: "rule", color: FAINT, aria: false },
        encoding: { x: { value: 0 }, x2: { value: "width" }, y: pixels("y") },
      },
      {
        data: { values: rows },
        mark: { type: "rule", color: NEUTRAL, strokeWidth: 6, aria: false },
        encoding: { x: pixels("from"), x2: { field: "to" }, y: pixels("y") },
      },
      {
        data: { values: rows },
        mark: { type: "circle", size: 70, opacity: 1, color: INK, aria: false },
        encoding: { x: pixels("now"), y: pixels("y") },
      },
      {
        data: { values: marks.map(({ x, y, at, to }) => ({ x: rounded(x), y, at, to })) },
        mark: { type: "point", size: 70, fill: "white", stroke: INK, strokeWidth: 2, opacity: 1 },
        encoding: {
          x: pixels("x"),
          y: pixels("y"),
          tooltip: [
            { field: "at", title: "at" },
            { field: "to", title: "then best" },
          ],
        },
      },
      {
        data: { values: nows },
        mark: { type: "text", align: "left", baseline: "middle", color: MUTED },
        encoding: { x: pixels("textX"), y: pixels("textY"), text: { field: "text" } },
      },
      ...haloed(
        {
          data: { values: said },
          mark: "text",
          encoding: { x: pixels("textX"), y: pixels("textY"), text: { field: "text" } },
        },
        { align: "left", baseline: "middle", color: INK },
      ),
    ],
  };
}

/** How far an input can change, either way, as a factor. */
const distance = ({ now, at }: PlanFlip) => Math.max(now / at, at / now);

function headline({ plan }: PlanReport): string {
  const nearest = plan.explanation.flips.reduce((a, b) => (distance(b) < distance(a) ? b : a));
  const { path, at, now, to } = nearest;
  return (
    `The answer changes first when ${pathInWords(path)} ${at < now ? "falls" : "rises"} ` +
    `${factor(distance(nearest))} to ${pathAmount(path, at)}: then ${choiceName(to)} is as good`
  );
}

function subtitle({ plan }: PlanReport): string {
  return (
    `${choiceName(plan.best)} stays the best along the bars, all else unchanged; circles mark ` +
    `${counted(plan.explanation.flips.length, "value")} at which another choice takes over.`
  );
}
