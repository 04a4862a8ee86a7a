import type { TopLevelSpec } from "vega-lite";
import type { PlanResult } from "../../formats/planresult.ts";
import { choiceName } from "../choices.ts";
import { dodge } from "../dodge.ts";
import { counted, duration, percent, rounded } from "../format.ts";
import { COLOURED, haloed, type Layer, type Position, pixels } from "../layers.ts";
import { INK, MUTED, NEUTRAL } from "../palette.ts";
import type { PlanReport } from "../plandata.ts";
import { shorten, textWidth } from "../text.ts";
import { type ChartOptions, chart, type Layout, layout, nothingToDraw, type Panel, TEXT_SIZE } from "../theme.ts";

const HEIGHT = 230;
const BANDWIDTH_HEIGHT = 74;
const POLICIES = ["fixed", "robust", "adaptive"] as const;
type PolicyName = (typeof POLICIES)[number];
type Moving = NonNullable<PlanResult["moving"]>;

/** Latency of the fixed, the robust and the adaptive choice while bandwidths change, over the bandwidths. */
export function overTrace(data: PlanReport, options: ChartOptions = {}): TopLevelSpec {
  const room = layout(options, { left: 58, right: 130 }, { left: 54, right: 78 });
  const { moving } = data.plan;
  const missing = overTraceMissing(data);
  if (moving === undefined || missing !== undefined) return nothingToDraw(missing!, room);
  return chart({ headline: headline(moving), subtitle: subtitle(moving, room.narrow) }, room, [
    latencies(moving, room),
    bandwidths(moving, room),
  ]);
}

export function overTraceMissing({ plan }: PlanReport): string | undefined {
  return plan.moving === undefined ? "No link's bandwidth changes over time." : undefined;
}

function latencies(moving: Moving, room: Layout): Panel {
  const { phases, duration_s } = moving;
  const top = Math.max(...phases.flatMap((phase) => POLICIES.map((name) => phase[`${name}_s`]))) * 1.1 || 1e-3;
  const lines = merged(moving);
  const values = lines.flatMap(({ name, text }) =>
    [...phases, { ...phases.at(-1)!, at_s: duration_s }].map((phase) => ({
      policy: text,
      s: rounded(phase.at_s),
      ms: rounded(phase[`${name}_s`] * 1e3),
    })),
  );
  const x = timeAxis(duration_s, null);
  const y: Position = {
    field: "ms",
    type: "quantitative",
    scale: { domain: [0, rounded(top * 1e3)], nice: false },
    axis: { title: null, tickCount: 4, labelExpr: "datum.label + ' ms'" },
  };
  const places = dodge(
    lines.map(({ name }) => HEIGHT * (1 - phases.at(-1)![`${name}_s`] / top)),
    14,
    4,
    HEIGHT - 4,
  );
  return {
    width: room.plot,
    height: HEIGHT,
    layer: [
      ...lines.map(
        ({ text, style }): Layer => ({
          data: { values },
          transform: [{ filter: { field: "policy", equal: text } }],
          mark: { type: "line", interpolate: "step-after", aria: false, ...style },
          encoding: { x, y, order: { field: "s", type: "quantitative" } },
        }),
      ),
      {
        data: {
          values: lines.map(({ text, style }, index) => ({
            text: shorten(text, room.right - 10, TEXT_SIZE),
            y: rounded(places[index]!),
            colour: style.color,
          })),
        },
        mark: { type: "text", align: "left", baseline: "middle", dx: 6 },
        encoding: {
          x: { value: "width" },
          y: pixels("y"),
          text: { field: "text" },
          color: COLOURED,
        },
      },
      ...switchMarks(moving, top, room),
    ],
  };
}

/** Policies that run the same choice share a line. */
function merged({ fixed, robust }: Moving) {
  const same = fixed.operator === robust.operator && fixed.placement === robust.placement && fixed.cut === robust.cut;
  const styles = {
    fixed: { color: NEUTRAL, strokeWidth: 2 },
    robust: { color: MUTED, strokeWidth: 2, strokeDash: [5, 3] },
    adaptive: { color: INK, strokeWidth: 2.5 },
  } satisfies Record<PolicyName, object>;
  const names: PolicyName[] = same ? ["fixed", "adaptive"] : [...POLICIES];
  return names.map((name) => ({
    name,
    text: same && name === "fixed" ? "fixed and robust" : name,
    style: styles[name],
  }));
}

/** Where the adaptive policy changes to, above its line, where there is room. */
function switchMarks({ switches, phases, duration_s }: Moving, top: number, room: Layout): Layer[] {
  let free = 0;
  const values = switches.map(({ at_s, ...to }) => {
    const phase = phases.findLast((one) => one.at_s <= at_s) ?? phases[0]!;
    const x = (at_s / duration_s) * room.plot;
    const text = shorten(choiceName(to as { operator: string; placement: string }), room.plot * 0.5, TEXT_SIZE);
    const wide = textWidth(text, TEXT_SIZE);
    const fits = x >= free && x + wide + 6 <= room.plot + room.right;
    if (fits) free = x + wide + 10;
    const y = HEIGHT * (1 - phase.adaptive_s / top);
    return { x: rounded(x), y: rounded(y), text: fits ? text : "", textY: rounded(Math.min(y + 13, HEIGHT - 7)) };
  });
  return [
    {
      data: { values },
      mark: { type: "point", size: 50, fill: "white", stroke: INK, strokeWidth: 2, opacity: 1, aria: false },
      encoding: { x: pixels("x"), y: pixels("y") },
    },
    ...haloed(
      {
        data: { values: values.filter(({ text }) => text !== "") },
        mark: "text",
        encoding: { x: pixels("x"), y: pixels("textY"), text: { field: "text" } },
      },
      { align: "left", baseline: "middle", color: INK, dx: 2 },
    ),
  ];
}

function bandwidths({ phases, duration_s }: Moving, room: Layout): Panel {
  const links = Object.keys(phases[0]!.bandwidths_bps);
  const values = links.flatMap((link) =>
    [...phases, { ...phases.at(-1)!, at_s: duration_s }].map(({ at_s, bandwidths_bps }) => ({
      link,
      s: rounded(at_s),
      mbps: rounded((bandwidths_bps[link] ?? 0) / 1e6),
    })),
  );
  const most = Math.max(...values.map(({ mbps }) => mbps)) || 1;
  const last = links.map((link) => values.findLast((value) => value.link === link)!.mbps);
  const places = dodge(
    last.map((mbps) => BANDWIDTH_HEIGHT * (1 - mbps / (most * 1.1))),
    14,
    4,
    BANDWIDTH_HEIGHT - 4,
  );
  return {
    width: room.plot,
    height: BANDWIDTH_HEIGHT,
    layer: [
      {
        data: { values },
        mark: { type: "line", interpolate: "step-after", color: MUTED, strokeWidth: 1.5, aria: false },
        encoding: {
          x: timeAxis(duration_s, "time, s"),
          y: {
            field: "mbps",
            type: "quantitative",
            scale: { domain: [0, rounded(most * 1.1)], nice: false },
            axis: { title: null, tickCount: 2 },
          },
          detail: { field: "link" },
          order: { field: "s", type: "quantitative" },
        },
      },
      {
        data: {
          values: links.map((link, index) => ({
            text: shorten(`${room.narrow ? "" : "Mbit/s "}${link}`, room.right - 10, TEXT_SIZE),
            y: rounded(places[index]!),
          })),
        },
        mark: { type: "text", align: "left", baseline: "middle", dx: 6, color: MUTED },
        encoding: { x: { value: "width" }, y: pixels("y"), text: { field: "text" } },
      },
    ],
  };
}

function timeAxis(duration_s: number, title: string | null): Position {
  return {
    field: "s",
    type: "quantitative",
    scale: { domain: [0, rounded(duration_s)], nice: false },
    axis: { title, labels: title !== null, ticks: title !== null, grid: false, tickCount: 6 },
  };
}

function headline({ fixed, adaptive, switches }: Moving): string {
  const gain = fixed.mean_s > 0 ? 1 - adaptive.mean_s / fixed.mean_s : 0;
  const name = choiceName({ operator: fixed.operator ?? "", placement: fixed.placement ?? "" });
  return gain < 0.01
    ? `Switching gains nothing: ${name} takes ${duration(fixed.mean_s)} on average`
    : `Following the bandwidth with ${counted(adaptive.switches ?? switches.length - 1, "switch").replace("switchs", "switches")} saves ${percent(gain)}: ` +
        `${duration(adaptive.mean_s)} on average, against ${duration(fixed.mean_s)} of the best fixed choice`;
}

function subtitle({ robust, duration_s }: Moving, narrow: boolean): string {
  return (
    `Latency of a request that is alone, ms, over ${duration(duration_s)} of changing bandwidth (below, Mbit/s). ` +
    `Fixed: least on average; robust: at worst ${percent(robust.worst_regret)} slower than possible; adaptive: future known` +
    `${narrow ? "." : ", a bound on any rule; circles are its switches."}`
  );
}
