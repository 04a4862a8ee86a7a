import type { TopLevelSpec } from "vega-lite";
import type { Prediction } from "../../formats/prediction.ts";
import { answer, byPreference, ranking, shown, winner } from "../answer.ts";
import { columns, thinned } from "../columns.ts";
import type { ReportData } from "../data.ts";
import { dodge } from "../dodge.ts";
import { duration, interval, rounded } from "../format.ts";
import { COLOURED, type Layer, type Position, pixels } from "../layers.ts";
import { INK, inked, tierColour } from "../palette.ts";
import { ends, type Part, parts, secondsByPart } from "../stages.ts";
import { shorten, textWidth } from "../text.ts";
import { chart, inHeadline, inTooltip, key, type Layout, type Panel, TEXT_SIZE } from "../theme.ts";
import { framed } from "./chart.ts";
import { wholePlacements } from "./wholePlacements.ts";

const HEIGHT = 132;
const MOST_PANELS = 6;
const MOST_COLUMNS = 100;
const NAME_SIZE = TEXT_SIZE + 1;
/** The part of a panel's width that its placement's name may take, beside the best cut's. */
const NAME_SHARE = 0.45;

/** A prediction with the cut's place in the graph. */
interface Split {
  prediction: Prediction;
  position: number;
}

/** What the panels have in common. */
interface Frame {
  data: ReportData;
  room: Layout;
  nodes: number;
  /** The latency at the top of the plots, seconds; what is longer is drawn up to here. */
  top: number;
}

/** Latency at every cut, by stage: a panel for each placement on two tiers, with whole placements as rules. */
export const latencyByCut = framed({
  wide: { left: 48, right: 138 },
  narrow: { left: 36, right: 104 },
  missing: latencyByCutMissing,
  draw,
});

function draw(data: ReportData, room: Layout): TopLevelSpec {
  const splits = splitsByPlacement(data);
  if (splits.size === 0) return wholePlacements(data, room);
  const ranked = ranking(data);
  const order = ranked.filter(({ placement }) => splits.has(placement)).map(({ placement }) => placement);
  const drawn = order.slice(0, MOST_PANELS);
  const whole = ranked.filter(({ cut, feasible }) => cut === null && feasible);
  const values = drawn.flatMap((placement) => splits.get(placement)!.map(({ prediction }) => prediction.latency_s));
  const longest = Math.max(...values, ...whole.map(({ latency_s }) => latency_s));
  const best = winner(data)?.latency_s ?? Math.min(...values);
  // A cut in the wrong place can cost a hundred times the best. Beyond a few times the best, how bad does not matter.
  const interesting =
    1.15 * Math.max(3 * best, ...whole.map(({ latency_s }) => (latency_s <= 6 * best ? latency_s : 0)));
  const cropped = longest > 1.25 * interesting;
  const top = (cropped ? interesting : longest * 1.04) || 1e-3;
  const frame: Frame = { data, room, nodes: data.profile.nodes.length, top };
  const used = usedParts(data, drawn, splits);
  const notes = [
    "Predicted latency by where the graph is cut, ms, stacked in the order of the request's stages.",
    cropped ? `Columns that reach the top are longer than ${duration(top)}.` : "",
    order.length > drawn.length ? `The ${drawn.length} fastest of ${order.length} placements.` : "",
    [...splits.values()].some((all) => all.length > MOST_COLUMNS)
      ? "Of neighbouring cuts, only the fastest is drawn."
      : "",
    [...splits.values()].flat().some(({ prediction }) => !prediction.feasible) ? "Pale cuts do not fit in memory." : "",
  ];
  return chart(
    { headline: answer(data, inHeadline), subtitle: notes.filter(Boolean).join(" ") },
    room,
    [
      key(used, room),
      ...drawn.map((placement, index) =>
        panel(frame, placement, splits.get(placement)!, whole, index === drawn.length - 1),
      ),
    ],
    room.narrow ? 42 : 32,
  );
}

export function latencyByCutMissing(data: ReportData): string | undefined {
  return shown(data).length > 0 ? undefined : "Nothing was predicted for this topology.";
}

function splitsByPlacement(data: ReportData): Map<string, Split[]> {
  const positions = new Map(data.profile.cuts.map(({ id, position }) => [id, position]));
  const splits = new Map<string, Split[]>();
  for (const prediction of shown(data)) {
    const position = prediction.cut === null ? undefined : positions.get(prediction.cut);
    if (position === undefined) continue;
    const others = splits.get(prediction.placement);
    if (others === undefined) splits.set(prediction.placement, [{ prediction, position }]);
    else others.push({ prediction, position });
  }
  return splits;
}

/** The key's entries: tiers that compute in some panel, in the topology's order, then the stages between. */
function usedParts(data: ReportData, placements: readonly string[], splits: Map<string, Split[]>): Part[] {
  const spent = new Set<string>();
  for (const placement of placements) {
    for (const { prediction } of splits.get(placement)!) {
      for (const [part, seconds] of secondsByPart(prediction)) if (seconds > 0) spent.add(part);
    }
  }
  const tiers = data.topology.tiers.map(({ name }) => name);
  const all = [...tiers.map((tier) => parts(data, tier, tier)[0]!), ...parts(data, "", "").slice(1)];
  return all.filter(({ key }, index) => spent.has(key) && all.findIndex((part) => part.key === key) === index);
}

function panel(frame: Frame, placement: string, splits: Split[], whole: Prediction[], last: boolean): Panel {
  const { data, room, nodes, top } = frame;
  const [head, tail] = ends(placement);
  const stack = parts(data, head, tail).filter(({ key }) =>
    splits.some(({ prediction }) => (secondsByPart(prediction).get(key) ?? 0) > 0),
  );
  const cost = ({ prediction }: Split) => prediction.latency_s + (prediction.feasible ? 0 : 1e9);
  const most = Math.min(MOST_COLUMNS, Math.floor(room.plot / 2));
  const values = columns(thinned(splits, nodes, most, cost), nodes, room.plot).map(({ item, left, right }) => {
    const { prediction } = item;
    const seconds = secondsByPart(prediction);
    let height = 0;
    const edges = stack.map(({ key }, index) => {
      height += seconds.get(key) ?? 0;
      return [`y${index + 1}`, rounded(Math.min(height, top) * 1e3)];
    });
    return {
      left: rounded(left, 5),
      right: rounded(right, 5),
      y0: 0,
      ...Object.fromEntries(edges),
      ...(prediction.feasible ? {} : { pale: 1 }),
      cut: inTooltip(prediction.cut!),
      total: `${duration(prediction.latency_s)} (${interval(prediction.low_s, prediction.high_s)})`,
      ...Object.fromEntries(stack.map(({ key }, index) => [`s${index}`, rounded((seconds.get(key) ?? 0) * 1e3, 3)])),
    };
  });
  const x: Position = {
    field: "left",
    type: "quantitative",
    scale: { domain: [0, nodes], nice: false },
    axis: {
      title: last ? `${room.narrow ? "" : "cut position: "}nodes on the first tier, of ${nodes}` : null,
      labels: last,
      ticks: last,
      grid: false,
      tickCount: room.narrow ? 4 : 8,
      format: "d",
    },
  };
  const y: Position = {
    field: "y0",
    type: "quantitative",
    scale: { domain: [0, rounded(top * 1e3)], nice: false },
    axis: { title: null, tickCount: 4 },
  };
  const box = { x, x2: { field: "right" } };
  return {
    width: room.plot,
    height: HEIGHT,
    data: { values },
    layer: [
      ...stack.map(
        ({ colour }, index): Layer => ({
          // What is thinner than a third of a pixel cannot be seen.
          transform: [{ filter: `datum.y${index + 1} - datum.y${index} > ${rounded((top * 1e3) / HEIGHT / 3)}` }],
          mark: { type: "rect", color: colour, opacity: { expr: "datum.pale ? 0.3 : 1" }, aria: false },
          encoding: { ...box, y: { ...y, field: `y${index}` }, y2: { field: `y${index + 1}` } },
        }),
      ),
      ...references(frame, [head, tail], whole),
      panelName(frame, placement),
      ...bestMark(frame, placement, splits),
      {
        mark: { type: "rect", color: "transparent", aria: false },
        encoding: {
          ...box,
          y: { value: 0 },
          y2: { value: "height" },
          tooltip: [
            { field: "cut", title: "cut after" },
            { field: "total", title: "latency" },
            ...stack.map(({ label }, index) => ({ field: `s${index}`, title: `${label}, ms` })),
          ],
        },
      },
    ],
  };
}

/** Rules at the latency of whole placements: of the panel's own tiers and of the fastest. */
function references({ data, room, top }: Frame, tiers: readonly string[], whole: readonly Prediction[]): Layer[] {
  const shown = whole.filter(({ placement }, index) => index === 0 || tiers.includes(placement));
  const toY = (seconds: number) => HEIGHT * (1 - Math.min(seconds / top, 1));
  const places = dodge(
    shown.map(({ latency_s }) => toY(latency_s)),
    14,
    4,
    HEIGHT - 4,
  );
  const values = shown.map(({ placement, latency_s }, index) => {
    const time = duration(latency_s) + (latency_s > top ? " ↑" : "");
    const name = room.narrow ? placement : `all on ${placement}`;
    return {
      y: rounded(toY(latency_s)),
      labelY: rounded(places[index]!),
      text: `${shorten(name, room.right - 14 - textWidth(time, TEXT_SIZE), TEXT_SIZE)} ${time}`,
      colour: inked(tierColour(data, placement)),
      within: latency_s <= top,
    };
  });
  const color = COLOURED;
  return [
    {
      data: { values },
      transform: [{ filter: "datum.within" }],
      mark: { type: "rule", strokeWidth: 1.5, strokeDash: [5, 3], aria: false },
      encoding: { x: { value: 0 }, x2: { value: "width" }, y: pixels("y"), color },
    },
    {
      data: { values },
      mark: { type: "text", align: "left", baseline: "middle", dx: 6 },
      encoding: { x: { value: "width" }, y: pixels("labelY"), text: { field: "text" }, color },
    },
  ];
}

/** The placement above its plot; on a phone a line higher, so that the best cut's name has the width to itself. */
function panelName({ room }: Frame, placement: string): Layer {
  return {
    data: { values: [{ text: shorten(placement, room.plot * (room.narrow ? 1 : NAME_SHARE), NAME_SIZE, true) }] },
    mark: { type: "text", align: "left", baseline: "bottom", fontSize: NAME_SIZE, fontWeight: "bold", color: INK },
    encoding: { x: { value: 0 }, y: { value: room.narrow ? -20 : -5 }, text: { field: "text" } },
  };
}

/** A dot on the panel's best cut, and its name and latency above the plot, where no column can cover them. */
function bestMark({ data, room, nodes, top }: Frame, placement: string, splits: readonly Split[]): Layer[] {
  const { prediction, position } = splits.reduce((a, b) => (byPreference(b.prediction, a.prediction) < 0 ? b : a));
  const overall = winner(data);
  const wins = overall?.placement === placement && overall.cut === prediction.cut;
  const time = duration(prediction.latency_s);
  const named = Math.min(textWidth(placement, NAME_SIZE, true), room.plot * NAME_SHARE) + 12;
  const from = room.narrow ? 0 : named;
  const most = room.plot - from - textWidth(` ${time}`, TEXT_SIZE, wins);
  const text = `${shorten(prediction.cut!, most, TEXT_SIZE, wins)} ${time}`;
  const wide = textWidth(text, TEXT_SIZE, wins);
  const x = (position / nodes) * room.plot;
  const values = [
    {
      x: rounded(x),
      y: rounded(HEIGHT * (1 - Math.min(prediction.latency_s / top, 1))),
      textX: rounded(Math.max(Math.min(x - wide / 2, room.plot - wide), from)),
      text,
    },
  ];
  const style = { color: INK, aria: false } as const;
  return [
    {
      data: { values },
      mark: { type: "rule", ...style, strokeWidth: 1 },
      encoding: { x: pixels("x"), y: pixels("y"), y2: { value: -3 } },
    },
    {
      data: { values },
      mark: { type: "circle", ...style, size: wins ? 60 : 36, opacity: 1 },
      encoding: { x: pixels("x"), y: pixels("y") },
    },
    {
      data: { values },
      mark: { type: "text", align: "left", baseline: "bottom", color: INK, fontWeight: wins ? "bold" : "normal" },
      encoding: { x: pixels("textX"), y: { value: -5 }, text: { field: "text" } },
    },
  ];
}
