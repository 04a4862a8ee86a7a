import type { TopLevelSpec } from "vega-lite";
import type { Stage } from "../../formats/prediction.ts";
import { shown, winner } from "../answer.ts";
import { thinned } from "../columns.ts";
import type { ReportData } from "../data.ts";
import { dodge } from "../dodge.ts";
import { byteSize, counted, factor, rounded } from "../format.ts";
import { placeLabels } from "../labels.ts";
import { type Layer, type Position, pixels, type Word, words } from "../layers.ts";
import { INK, MUTED } from "../palette.ts";
import { logTicks } from "../scales.ts";
import { shorten } from "../text.ts";
import { chart, inHeadline, inTooltip, type Layout, TEXT_SIZE } from "../theme.ts";
import { framed } from "./chart.ts";

const HEIGHT = 250;
const MOST_LABELS = 4;
const LABEL_PX = 170;

interface CutSize {
  id: string;
  position: number;
  bytes: number;
}

interface Sizes {
  cuts: CutSize[];
  input: number | undefined;
  output: number | undefined;
  /** What the sizes are of: tensors as the codec writes them, or as memory holds them. */
  what: string;
}

/** How many bytes cross each cut, against the sizes of the model's input and output. */
export const bytesByCut = framed({
  wide: { left: 54, right: 104 },
  narrow: { left: 46, right: 56 },
  missing: bytesByCutMissing,
  draw,
});

function draw(data: ReportData, room: Layout): TopLevelSpec {
  const sizes = measured(data);
  const nodes = data.profile.nodes.length;
  const best = winner(data)?.cut;
  const lowest = bottlenecks(sizes);
  const all = [...sizes.cuts.map(({ bytes }) => bytes), sizes.input, sizes.output].filter(
    (bytes) => bytes !== undefined,
  );
  const low = Math.min(...all) / 2.2;
  const high = Math.max(...all) * 1.3;
  const toX = (position: number) => (position / nodes) * room.plot;
  const toY = (bytes: number) => HEIGHT * (1 - Math.log(bytes / low) / Math.log(high / low));
  const at = ({ position, bytes }: Pick<CutSize, "position" | "bytes">) => ({ x: toX(position), y: toY(bytes) });
  const marked = [
    ...sizes.cuts.filter(({ id }) => id === best).map((cut) => ({ ...cut, weight: "bold" })),
    ...lowest.filter(({ id }) => id !== best).map((cut) => ({ ...cut, weight: "normal" })),
  ];
  const kept = new Set(marked.map(({ id }) => id));
  const rows = thinned(sizes.cuts, nodes, Math.floor(room.plot / 2), ({ id, bytes }) => (kept.has(id) ? 0 : bytes)).map(
    ({ id, position, bytes }) => ({
      cut: inTooltip(id),
      at: position,
      bytes,
      size: byteSize(bytes),
      small: sizes.input === undefined || bytes < sizes.input ? 1 : 0.3,
    }),
  );
  const x: Position = {
    field: "at",
    type: "quantitative",
    scale: { domain: [0, nodes], nice: false },
    axis: {
      title: `${room.narrow ? "" : "cut position: "}nodes of the graph before it, of ${nodes}`,
      grid: false,
      tickCount: room.narrow ? 4 : 8,
      format: "d",
    },
  };
  const y: Position = {
    field: "bytes",
    type: "quantitative",
    scale: { type: "log", domain: [rounded(low), rounded(high)], nice: false },
    axis: {
      title: null,
      values: logTicks(low, high, 9),
      labelExpr:
        "datum.value >= 1e9 ? format(datum.value / 1e9, '~g') + ' GB' : datum.value >= 1e6 ? " +
        "format(datum.value / 1e6, '~g') + ' MB' : datum.value >= 1e3 ? format(datum.value / 1e3, '~g') + ' kB' : " +
        "datum.value + ' B'",
    },
  };
  return chart(
    {
      headline: headline(sizes, best),
      subtitle:
        `Size of the tensors that cross each cut, ${sizes.what}, logarithmic. ` +
        (sizes.input === undefined
          ? "Ringed: less than any cut before."
          : "Faint: no smaller than the input. Ringed: less than any cut before."),
    },
    room,
    [
      {
        width: room.plot,
        height: HEIGHT,
        data: { values: rows },
        layer: [
          ...references(sizes, toY),
          {
            data: {
              values: marked.map(({ id, position, bytes, weight }) => ({ cut: id, at: position, bytes, weight })),
            },
            mark: { type: "point", size: 80, stroke: INK, strokeWidth: 1.5, aria: false },
            encoding: { x, y },
          },
          {
            mark: { type: "circle", size: room.narrow ? 18 : 30, color: MUTED, aria: false },
            encoding: {
              x,
              y,
              opacity: { field: "small", type: "quantitative", scale: null },
              tooltip: [
                { field: "cut", title: "cut after" },
                { field: "size", title: "size" },
                { field: "at", type: "quantitative", title: "nodes before it" },
              ],
            },
          },
          ...words(labels(marked, sizes, at, room.plot)),
        ],
      },
    ],
  );
}

export function bytesByCutMissing(data: ReportData): string | undefined {
  return measured(data).cuts.length > 0 ? undefined : "The model has no cut.";
}

function headline({ cuts, input }: Sizes, best: string | null | undefined): string {
  const smaller = input === undefined ? [] : cuts.filter(({ bytes }) => bytes < input);
  const chosen = cuts.find(({ id }) => id === best);
  if (input !== undefined && chosen !== undefined) {
    const name = inHeadline(chosen.id);
    return chosen.bytes < input
      ? `The cut after ${name} moves ${factor(input / chosen.bytes)} fewer bytes than sending the input`
      : `The cut after ${name} moves ${factor(chosen.bytes / input)} the bytes of the input`;
  }
  if (input !== undefined) {
    return `${smaller.length} of ${counted(cuts.length, "cut")} ${cuts.length === 1 ? "moves" : "move"} fewer bytes than the input`;
  }
  const least = cuts.reduce((a, b) => (b.bytes < a.bytes ? b : a));
  return `The cut after ${inHeadline(least.id)} moves the fewest bytes: ${byteSize(least.bytes)}`;
}

/** Sizes on the wire where predictions tell them, else sizes in memory: one or the other, so that they compare. */
function measured(data: ReportData): Sizes {
  const { profile } = data;
  const predictions = shown(data);
  const wire = new Map<string, number>();
  for (const { cut, stages } of predictions) {
    const bytes = cut === null ? undefined : cutBytes(stages);
    if (cut !== null && bytes !== undefined) wire.set(cut, bytes);
  }
  const sum = (tensors: number[]) =>
    tensors.reduce((bytes, tensor) => bytes + (profile.tensors[tensor]?.bytes ?? 0), 0);
  const visible = ({ bytes }: CutSize) => bytes > 0;
  if (wire.size > 0) {
    return {
      cuts: profile.cuts.map(({ id, position }) => ({ id, position, bytes: wire.get(id) ?? 0 })).filter(visible),
      input: first(predictions.map(({ stages }) => inputBytes(stages))),
      output: first(predictions.map(({ stages }) => outputBytes(stages))),
      what: `as ${data.codec} on the wire`,
    };
  }
  return {
    cuts: profile.cuts.map(({ id, position, bytes }) => ({ id, position, bytes })).filter(visible),
    input: sum(profile.model.inputs) || undefined,
    output: sum(profile.model.outputs) || undefined,
    what: "in memory",
  };
}

/** Bytes of the transfer that comes first, if it comes before any inference: the model's input. */
function inputBytes(stages: readonly Stage[]): number | undefined {
  const start = stages.find(({ stage }) => stage === "transfer" || stage === "infer");
  return start?.stage === "transfer" ? start.bytes || undefined : undefined;
}

/** Bytes of the first transfer after the first inference: what crosses the cut. */
function cutBytes(stages: readonly Stage[]): number | undefined {
  const inferred = stages.findIndex(({ stage }) => stage === "infer");
  return stages.slice(inferred + 1).find(({ stage }) => stage === "transfer")?.bytes || undefined;
}

function outputBytes(stages: readonly Stage[]): number | undefined {
  return stages.find(({ stage, direction }) => stage === "transfer" && direction === "response")?.bytes || undefined;
}

function first(values: (number | undefined)[]): number | undefined {
  return values.find((value) => value !== undefined);
}

/** Cuts that move less than the input and than every cut before them; of many, those after the steepest fall. */
function bottlenecks({ cuts, input = Number.POSITIVE_INFINITY }: Sizes): CutSize[] {
  let least = input;
  const records: { cut: CutSize; fall: number }[] = [];
  for (const cut of [...cuts].sort((a, b) => a.position - b.position)) {
    if (cut.bytes < least * 0.95) {
      records.push({ cut, fall: least / cut.bytes });
      least = cut.bytes;
    }
  }
  return records
    .sort((a, b) => b.fall - a.fall)
    .slice(0, MOST_LABELS)
    .map(({ cut }) => cut);
}

function references({ input, output }: Sizes, toY: (bytes: number) => number): Layer[] {
  const rules = [
    { name: "input", bytes: input },
    { name: "output", bytes: output },
  ].flatMap(({ name, bytes }) => (bytes === undefined ? [] : [{ name, bytes, y: toY(bytes) }]));
  const places = dodge(
    rules.map(({ y }) => y),
    28,
    7,
    HEIGHT - 7,
  );
  const values = rules.map(({ name, bytes, y }, index) => ({
    y: rounded(y),
    labelY: rounded(places[index]!),
    name,
    size: byteSize(bytes),
  }));
  const label = { type: "text", align: "left", baseline: "middle", dx: 6, color: INK } as const;
  return [
    {
      data: { values },
      mark: { type: "rule", color: INK, strokeDash: [4, 3], aria: false },
      encoding: { x: { value: 0 }, x2: { value: "width" }, y: pixels("y") },
    },
    {
      data: { values },
      mark: { ...label, dy: -7 },
      encoding: { x: { value: "width" }, y: pixels("labelY"), text: { field: "name" } },
    },
    {
      data: { values },
      mark: { ...label, dy: 7 },
      encoding: { x: { value: "width" }, y: pixels("labelY"), text: { field: "size" } },
    },
  ];
}

/** Names of the marked cuts beside their points; those without room go. */
function labels(
  cuts: readonly (CutSize & { weight: string })[],
  { cuts: all, input, output }: Sizes,
  at: (cut: Pick<CutSize, "position" | "bytes">) => { x: number; y: number },
  width: number,
): Word[] {
  const wanted = cuts.map((cut) => {
    const bold = cut.weight === "bold";
    return { ...at(cut), bold, text: `${shorten(cut.id, LABEL_PX, TEXT_SIZE, bold)} ${byteSize(cut.bytes)}` };
  });
  const around = ({ x, y }: { x: number; y: number }, reach: number) => ({
    left: x - reach,
    right: x + reach,
    top: y - 3,
    bottom: y + 3,
  });
  const rules = [input, output].filter((bytes) => bytes !== undefined).map((bytes) => at({ position: 0, bytes }));
  const lines = [
    ...all.filter(({ id }) => !cuts.some((cut) => cut.id === id)).map((cut) => around(at(cut), 3)),
    ...rules.map((point) => around(point, width)),
  ];
  const places = placeLabels(wanted, TEXT_SIZE, { width, height: HEIGHT }, { lines });
  return wanted.flatMap(({ text, bold }, index): Word[] => {
    const place = places[index];
    return place ? [{ text, bold, textX: rounded(place.textX), textY: rounded(place.textY) }] : [];
  });
}
