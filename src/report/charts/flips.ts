import type { TopLevelSpec } from "vega-lite";
import type { PlanFlip } from "../../formats/planresult.ts";
import { changeInWords, choiceName, pathAmount, pathInWords } from "../choices.ts";
import { counted, rounded } from "../format.ts";
import { boxOf, meet } from "../labels.ts";
import { type Position, pixels, rowNames, type Word, words } from "../layers.ts";
import { FAINT, INK, MUTED, NEUTRAL } from "../palette.ts";
import type { PlanReport } from "../plandata.ts";
import { logTicks } from "../scales.ts";
import { shorten, textWidth } from "../text.ts";
import { chart, type Layout, type Panel, TEXT_SIZE } from "../theme.ts";
import { framed } from "./chart.ts";

/** Of a row: its bar, the present value above it, and one or two lines of words below. */
const ROW_PX = 56;
const BAR_Y = 22;
const LINE_PX = 14;
/** Room around the outermost values, as a factor. */
const MARGIN = 2.2;

/** Where the answer would change: bandwidths on one axis, speeds of devices on another, both logarithmic. */
export const flips = framed({
  wide: { left: 230, right: 20 },
  narrow: { left: 128, right: 20 },
  names: ({ plan }) => plan.explanation.flips.map(({ path }) => pathInWords(path)),
  missing: flipsMissing,
  draw,
});

export function flipsMissing({ plan }: PlanReport): string | undefined {
  return plan.explanation.flips.length > 0
    ? undefined
    : "No bandwidth or speed within a factor of 64 of its present value changes the answer.";
}

function draw(data: PlanReport, room: Layout): TopLevelSpec {
  const all = data.plan.explanation.flips;
  const bandwidths = all.filter(({ path }) => path.endsWith(".bandwidth"));
  const others = all.filter((flip) => !bandwidths.includes(flip));
  return chart(
    { headline: headline(data), subtitle: subtitle(data) },
    room,
    [
      ...(bandwidths.length > 0 ? [panel(bandwidths, 1e-6, "bandwidth, Mbit/s, logarithmic", room)] : []),
      ...(others.length > 0
        ? [
            panel(
              others,
              1,
              room.narrow ? "speed, × host, logarithmic" : "speed, as a multiple of the profiled host's, logarithmic",
              room,
            ),
          ]
        : []),
    ],
    48,
  );
}

/** One row per input: how far it can go before another choice is as good, and which. */
function panel(found: readonly PlanFlip[], scale: number, title: string, room: Layout): Panel {
  const paths = [...new Set(found.map(({ path }) => path))];
  const values = found.flatMap(({ now, at }) => [now * scale, at * scale]);
  const [left, right] = [Math.min(...values) / MARGIN, Math.max(...values) * MARGIN];
  const toX = (value: number) => (room.plot * Math.log((value * scale) / left)) / Math.log(right / left);
  const rows = paths.map((path, row) => {
    const own = found.filter((flip) => flip.path === path);
    const { now } = own[0]!;
    const below = own.filter(({ at }) => at < now).map(({ at }) => toX(at));
    const above = own.filter(({ at }) => at > now).map(({ at }) => toX(at));
    return {
      y: row * ROW_PX + BAR_Y,
      label: shorten(pathInWords(path), room.left - 10, TEXT_SIZE),
      from: rounded(Math.max(0, ...below)),
      to: rounded(Math.min(room.plot, ...above)),
      now: rounded(toX(now)),
    };
  });
  const marks = found.map(({ path, at, to }) => ({
    x: rounded(toX(at)),
    y: paths.indexOf(path) * ROW_PX + BAR_Y,
    at: pathAmount(path, at),
    to: choiceName(to),
  }));
  const axis: Position = {
    field: "value",
    type: "quantitative",
    scale: { type: "log", domain: [rounded(left), rounded(right)], nice: false },
    axis: {
      title,
      values: logTicks(left, right, room.narrow ? 5 : 10),
      labelExpr: "format(datum.value, ',~g')",
      grid: false,
    },
  };
  const rule = { type: "rule", aria: false } as const;
  return {
    width: room.plot,
    height: paths.length * ROW_PX,
    layer: [
      {
        data: { values: [{ value: rounded(left) }] },
        mark: { type: "point", opacity: 0, aria: false },
        encoding: { x: axis },
      },
      rowNames(rows, pixels("y")),
      {
        data: { values: rows },
        mark: { ...rule, color: FAINT },
        encoding: { x: { value: 0 }, x2: { value: "width" }, y: pixels("y") },
      },
      {
        data: { values: rows },
        mark: { ...rule, color: NEUTRAL, strokeWidth: 6 },
        encoding: { x: pixels("from"), x2: { field: "to" }, y: pixels("y") },
      },
      {
        data: { values: rows },
        mark: { type: "circle", size: 70, opacity: 1, color: INK, aria: false },
        encoding: { x: pixels("now"), y: pixels("y") },
      },
      {
        data: { values: marks },
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
      ...words(presentValues(found, paths, toX, room.plot), MUTED),
      ...words(takeovers(found, paths, toX, room.plot)),
    ],
  };
}

/** Each input's present value, above its dot. */
function presentValues(found: readonly PlanFlip[], paths: readonly string[], toX: ToX, plot: number): Word[] {
  return paths.map((path, row) => {
    const { now } = found.find((flip) => flip.path === path)!;
    const text = `now ${pathAmount(path, now)}`;
    const wide = textWidth(text, TEXT_SIZE);
    return { text, textX: within(toX(now) - wide / 2, wide, plot), textY: row * ROW_PX + BAR_Y - LINE_PX };
  });
}

/** What takes over at each mark, below it: to the left of a falling figure's, to the right of a rising one's. */
function takeovers(found: readonly PlanFlip[], paths: readonly string[], toX: ToX, plot: number): Word[] {
  return paths.flatMap((path, row) => {
    const placed: (Word & { wide: number })[] = [];
    for (const { at, now, to } of found.filter((flip) => flip.path === path).toSorted((a, b) => a.at - b.at)) {
      const text = shorten(`${pathAmount(path, at)}: ${choiceName(to)}`, plot, TEXT_SIZE);
      const wide = textWidth(text, TEXT_SIZE);
      const textX = within(at < now ? toX(at) + 6 - wide : toX(at) - 6, wide, plot);
      const word = { text, textX, textY: row * ROW_PX + BAR_Y + LINE_PX, wide };
      const other = placed[0];
      if (other && meet(boxOf(word, wide), boxOf(other, other.wide))) word.textY += LINE_PX - 1;
      placed.push(word);
    }
    return placed.map(({ wide: _, ...word }) => word);
  });
}

type ToX = (value: number) => number;

const within = (x: number, wide: number, plot: number) => rounded(Math.min(Math.max(x, 0), Math.max(plot - wide, 0)));

/** How far an input can change, either way, as a factor. */
const distance = ({ now, at }: PlanFlip) => Math.max(now / at, at / now);

function headline({ plan }: PlanReport): string {
  const nearest = plan.explanation.flips.reduce((a, b) => (distance(b) < distance(a) ? b : a));
  const { path, at, now, to } = nearest;
  return (
    `The answer changes first when the ${pathInWords(path)} ${changeInWords(now, at)}, to ${pathAmount(path, at)}: ` +
    `then ${choiceName(to)} is as good`
  );
}

function subtitle({ plan }: PlanReport): string {
  const [{ from }] = plan.explanation.flips as [PlanFlip, ...PlanFlip[]];
  const alone =
    choiceName(from) === choiceName(plan.best)
      ? ""
      : `For a request that is alone, not under load, where ${choiceName(plan.best)} is the best: `;
  return (
    `${alone}${choiceName(from)} stays the best along the bars, all else unchanged; circles mark ` +
    `${counted(plan.explanation.flips.length, "value")} at which another choice takes over.`
  );
}
