import type { TopLevelSpec } from "vega-lite";
import type { PlanResult } from "../../formats/planresult.ts";
import { choiceName } from "../choices.ts";
import { dodge } from "../dodge.ts";
import { duration, percent, rounded } from "../format.ts";
import { placeLabels } from "../labels.ts";
import { axisNote, COLOURED, type Layer, type Position, pixels, type Word, words } from "../layers.ts";
import { INK, MUTED, NEUTRAL } from "../palette.ts";
import type { PlanReport } from "../plandata.ts";
import { scaleOf } from "../scales.ts";
import { shorten } from "../text.ts";
import { chart, type Layout, type Panel, TEXT_SIZE } from "../theme.ts";
import { framed } from "./chart.ts";

const HEIGHT = 200;
const BANDWIDTH_HEIGHT = 74;
/** Bandwidths and latencies that differ more than so many times are drawn on logarithmic axes. */
const LINEAR_UP_TO = 20;
const POLICIES = ["fixed", "robust", "adaptive"] as const;
type PolicyName = (typeof POLICIES)[number];
type Moving = NonNullable<PlanResult["moving"]>;

/** A named line of steps: a value for each phase. */
interface Line {
  text: string;
  values: readonly number[];
  colour: string;
  strokeWidth: number;
  strokeDash?: number[];
}

/** Latency of the fixed, the robust and the adaptive choice while bandwidths change, over the bandwidths. */
export const overTrace = framed({
  wide: { left: 58, right: 130 },
  narrow: { left: 54, right: 88 },
  missing: overTraceMissing,
  draw: ({ plan: { moving } }: PlanReport, room) => draw(moving!, room),
});

export function overTraceMissing({ plan }: PlanReport): string | undefined {
  return plan.moving === undefined ? "No link's bandwidth changes over time." : undefined;
}

function draw(moving: Moving, room: Layout): TopLevelSpec {
  const links = Object.keys(moving.phases[0]!.bandwidths_bps);
  const bandwidths = links.map(
    (link): Line => ({
      text: link,
      values: moving.phases.map(({ bandwidths_bps }) => (bandwidths_bps[link] ?? 0) / 1e6),
      colour: MUTED,
      strokeWidth: 1.5,
    }),
  );
  const latencies = scaled(policies(moving), "latency, ms", HEIGHT, 4);
  return chart(
    { headline: headline(moving), subtitle: subtitle(moving, room.narrow) },
    room,
    [
      panel(moving, latencies, room, false, switches(moving, latencies.scale.at, room)),
      panel(moving, scaled(bandwidths, "bandwidth, Mbit/s", BANDWIDTH_HEIGHT, 3), room, true, []),
    ],
    30,
  );
}

function scaled(lines: readonly Line[], title: string, height: number, ticks: number) {
  const values = lines.flatMap((line) => line.values);
  // Above the highest line there is room for words.
  const also = [Math.max(...values) * 1.1];
  const scale = scaleOf(values, { title, length: height, ticks, linearUpTo: LINEAR_UP_TO, also });
  return { lines, height, scale };
}

/** Lines of steps over time, each with its name at its end. */
function panel(
  { phases, duration_s }: Moving,
  { lines, height, scale }: ReturnType<typeof scaled>,
  room: Layout,
  last: boolean,
  over: readonly Layer[],
): Panel {
  const x: Position = {
    field: "s",
    type: "quantitative",
    scale: { domain: [0, rounded(duration_s)], nice: false },
    axis: { title: last ? "time, s" : null, labels: last, ticks: last, grid: false, tickCount: room.narrow ? 4 : 6 },
  };
  const { axis } = scale.position;
  const y: Position = { ...scale.position, field: "value", axis: { ...axis, title: null } };
  const steps = ({ text, values }: Line) =>
    [...phases, { at_s: duration_s }].map(({ at_s }, index) => ({
      line: text,
      s: rounded(at_s),
      value: rounded(values[Math.min(index, values.length - 1)]!),
    }));
  const places = dodge(
    lines.map(({ values }) => height - scale.at(values.at(-1)!)),
    14,
    4,
    height - 4,
  );
  const names = lines.map(({ text, colour }, index) => ({
    text: shorten(text, room.right - 8, TEXT_SIZE),
    y: rounded(places[index]!),
    colour,
  }));
  return {
    width: room.plot,
    height,
    layer: [
      axisNote(String(axis?.title), room.left),
      ...lines.map(
        (line): Layer => ({
          data: { values: steps(line) },
          mark: {
            type: "line",
            interpolate: "step-after",
            color: line.colour,
            strokeWidth: line.strokeWidth,
            ...(line.strokeDash ? { strokeDash: line.strokeDash } : {}),
            aria: false,
          },
          encoding: { x, y, order: { field: "s", type: "quantitative" } },
        }),
      ),
      {
        data: { values: names },
        mark: { type: "text", align: "left", baseline: "middle", dx: 6 },
        encoding: { x: { value: "width" }, y: pixels("y"), text: { field: "text" }, color: COLOURED },
      },
      ...over,
    ],
  };
}

/** Policies that run the same choice share a line. */
function policies({ fixed, robust, phases }: Moving): Line[] {
  const same = fixed.operator === robust.operator && fixed.placement === robust.placement && fixed.cut === robust.cut;
  const styles = {
    fixed: { colour: NEUTRAL, strokeWidth: 2 },
    robust: { colour: MUTED, strokeWidth: 2, strokeDash: [5, 3] },
    adaptive: { colour: INK, strokeWidth: 2.5 },
  } satisfies Record<PolicyName, Partial<Line>>;
  return POLICIES.filter((name) => !same || name !== "robust").map((name) => ({
    text: same && name === "fixed" ? "fixed, robust" : name,
    values: phases.map((phase) => phase[`${name}_s`] * 1e3),
    ...styles[name],
  }));
}

/** Circles where the adaptive policy switches, and what it switches to, where there is room. */
function switches({ switches: all, phases, duration_s }: Moving, at: (ms: number) => number, room: Layout): Layer[] {
  const toX = (s: number) => (s / duration_s) * room.plot;
  const toY = (seconds: number) => HEIGHT - at(seconds * 1e3);
  const marks = all.map(({ at_s, operator, placement }) => ({
    x: toX(at_s),
    y: toY((phases.findLast((phase) => phase.at_s <= at_s) ?? phases[0]!).adaptive_s),
    text: shorten(choiceName({ operator, placement }), room.plot * 0.5, TEXT_SIZE),
  }));
  const lines = phases.flatMap((phase, index) => {
    const next = phases[index + 1];
    const [x, end] = [toX(phase.at_s), toX(next?.at_s ?? duration_s)];
    return POLICIES.flatMap((name) => {
      const [y, then] = [toY(phase[`${name}_s`]), toY((next ?? phase)[`${name}_s`])];
      return [
        { left: x, right: end, top: y - 1, bottom: y + 1 },
        { left: end - 1, right: end + 1, top: Math.min(y, then), bottom: Math.max(y, then) },
      ];
    });
  });
  const places = placeLabels(marks, TEXT_SIZE, { width: room.plot, height: HEIGHT }, { lines });
  return [
    {
      data: { values: marks.map(({ x, y }) => ({ x: rounded(x), y: rounded(y) })) },
      mark: { type: "point", size: 50, fill: "white", stroke: INK, strokeWidth: 2, opacity: 1, aria: false },
      encoding: { x: pixels("x"), y: pixels("y") },
    },
    ...words(
      marks.flatMap(({ text }, index): Word[] => {
        const place = places[index];
        return place ? [{ text, textX: rounded(place.textX), textY: rounded(place.textY) }] : [];
      }),
    ),
  ];
}

function headline({ fixed, adaptive, switches: all }: Moving): string {
  const gain = fixed.mean_s > 0 ? 1 - adaptive.mean_s / fixed.mean_s : 0;
  const name = choiceName({ operator: fixed.operator ?? "", placement: fixed.placement ?? "" });
  const times = adaptive.switches ?? all.length - 1;
  return gain < 0.01
    ? `Switching gains nothing: ${name} takes ${duration(fixed.mean_s)} on average`
    : `Following the bandwidth with ${times} ${times === 1 ? "switch" : "switches"} saves ${percent(gain)}: ` +
        `${duration(adaptive.mean_s)} on average, against ${duration(fixed.mean_s)} of ${name}`;
}

function subtitle({ robust, duration_s }: Moving, narrow: boolean): string {
  const worst =
    robust.worst_regret > 0
      ? `at worst ${percent(robust.worst_regret)} slower than possible`
      : "never slower than possible";
  return (
    `Latency of a request that is alone, ms, over ${duration(duration_s)} of changing bandwidth. ` +
    `Fixed: least on average; robust: ${worst}; adaptive: future known` +
    `${narrow ? "." : ", a bound on any rule; circles are its switches."}`
  );
}
