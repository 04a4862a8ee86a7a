import type { TopLevelSpec } from "vega-lite";
import type { Stage } from "../../formats/prediction.ts";
import { shown, winner } from "../answer.ts";
import { thinned } from "../columns.ts";
import type { ReportData } from "../data.ts";
import { dodge } from "../dodge.ts";
import { byteSize, counted, factor, rounded } from "../format.ts";
import { INK, MUTED } from "../palette.ts";
import { shorten, textWidth } from "../text.ts";
import { type ChartOptions, chart, type Layer, layout, logTicks, nothingToDraw, pixels, TEXT_SIZE } from "../theme.ts";

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
export function bytesByCut(data: ReportData, options: ChartOptions = {}): TopLevelSpec {
  const room = layout(options, { left: 54, right: 104 }, { left: 46, right: 56 });
  const missing = bytesByCutMissing(data);
  if (missing !== undefined) return nothingToDraw(missing, room);
  const sizes = measured(data);
  const nodes = data.profile.nodes.length;
  const best = winner(data)?.cut;
  const lowest = bottlenecks(sizes);
  const all = [...sizes.cuts.map(({ bytes }) => bytes), sizes.input, sizes.output].filter((bytes) => bytes !== undefined);
  const low = Math.min(...all) / 2.2;
  const high = Math.max(...all) * 1.3;
  const toX = (position: number) => (position / nodes) * room.plot;
  const toY = (bytes: number) => HEIGHT * (1 - Math.log(bytes / low) / Math.log(high / low));
  const rows = thinned(sizes.cuts, nodes, Math.floor(room.plot / 2), ({ bytes }) => bytes).map(
    ({ id, position, bytes }) => ({
      cut: id,
      at: position,
      bytes,
      size: byteSize(bytes),
      small: sizes.input === undefined || bytes < sizes.input ? 1 : 0.3,
    }),
  );
  const x = {
    field: "at",
    type: "quantitative",
    scale: { domain: [0, nodes], nice: false },
    axis: {
      title: `cut position: nodes of the graph before it, of ${nodes}`,
      grid: false,
      tickCount: room.narrow ? 4 : 8,
      format: "d",
    },
  } as const;
  const y = {
    field: "bytes",
    type: "quantitative",
    scale: { type: "log", domain: [rounded(low), rounded(high)], nice: false },
    axis: {
      title: null,
      values: logTicks(low, high),
      labelExpr:
        "datum.value >= 1e9 ? format(datum.value / 1e9, '~g') + ' GB' : datum.value >= 1e6 ? " +
        "format(datum.value / 1e6, '~g') + ' MB' : datum.value >= 1e3 ? format(datum.value / 1e3, '~g') + ' kB' : " +
        "datum.value + ' B'",
    },
  } as const;
  const marked = [
    ...sizes.cuts.filter(({ id }) => id === best).map((cut) => ({ ...cut, weight: "bold" })),
    ...lowest.filter(({ id }) => id !== best).map((cut) => ({ ...cut, weight: "normal" })),
  ];
  return chart(
    {
      headline: headline(sizes, best, room.narrow),
      subtitle:
        `Size of the tensors that cross each cut, ${sizes.what}, logarithmic. ` +
        (sizes.input === undefined ? "Ringed: less than any cut before." : "Faint: no smaller than the input. Ringed: less than any cut before."),
    },
    room,
    [
      {
        width: room.plot,
        height: HEIGHT,
        layer: [
          ...references(sizes, toY),
          {
            data: { values: rows },
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
          {
            data: { values: marked.map(({ id, position, bytes, weight }) => ({ cut: id, at: position, bytes, weight })) },
            mark: { type: "point", size: 80, stroke: INK, strokeWidth: 1.5, aria: false },
            encoding: { x, y },
          },
          {
            data: { values: labels(marked, toX, toY, room.plot) },
            mark: { type: "text", align: "left", baseline: "middle", color: INK },
            encoding: {
              x: pixels("x"),
              y: pixels("y"),
              text: { field: "text" },
              ...({ fontWeight: { field: "weight" } } as object),
            },
          },
        ],
      },
    ],
  );
}

export function bytesByCutMissing(data: ReportData): string | undefined {
  return measured(data).cuts.length > 0 ? undefined : "The model has no cut.";
}

function headline({ cuts, input }: Sizes, best: string | null | undefined, narrow: boolean): string {
  const smaller = input === undefined ? [] : cuts.filter(({ bytes }) => bytes < input);
  const chosen = cuts.find(({ id }) => id === best);
  if (input !== undefined && chosen !== undefined) {
    const name = narrow ? shorten(chosen.id, 200, TEXT_SIZE) : chosen.id;
    return chosen.bytes < input
      ? `The cut after ${name} moves ${factor(input / chosen.bytes)} fewer bytes than the input has`
      : `The cut after ${name} moves ${factor(chosen.bytes / input)} the bytes of the input`;
  }
  if (input !== undefined) {
    return `${smaller.length} of ${counted(cuts.length, "cut")} ${cuts.length === 1 ? "moves" : "move"} fewer bytes than the input has`;
  }
  const least = cuts.reduce((a, b) => (b.bytes < a.bytes ? b : a));
  return `The cut after ${least.id} moves the fewest bytes: ${byteSize(least.bytes)}`;
}

/** Sizes on the wire where predictions tell them, else sizes in memory: one or the other, so that they compare. */
function measured(data: ReportData): Sizes {
  const { profile } = data;
  const predictions = shown(data);
  const wire = new Map<string, number>();
  for (const { cut, stages } of predictions) {
    const bytes = transferred(stages, "request");
    if (cut !== null && bytes !== undefined) wire.set(cut, bytes);
  }
  const whole = predictions.filter(({ cut }) => cut === null);
  const sum = (tensors: number[]) => tensors.reduce((bytes, tensor) => bytes + (profile.tensors[tensor]?.bytes ?? 0), 0);
  const visible = ({ bytes }: CutSize) => bytes > 0;
  if (wire.size > 0) {
    return {
      cuts: profile.cuts
        .map(({ id, position }) => ({ id, position, bytes: wire.get(id) ?? 0 }))
        .filter(visible),
      input: first(whole.map(({ stages }) => transferred(stages, "request"))),
      output: first(predictions.map(({ stages }) => transferred(stages, "response"))),
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

function transferred(stages: readonly Stage[], direction: Stage["direction"]): number | undefined {
  const transfer = stages.find((stage) => stage.stage === "transfer" && stage.direction === direction);
  return transfer?.bytes || undefined;
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
  const places = dodge(rules.map(({ y }) => y), 28, 7, HEIGHT - 7);
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

/** Labels below their points, and beside or above where another label is there already. Those without room go. */
function labels(
  cuts: readonly (CutSize & { weight: string })[],
  toX: (position: number) => number,
  toY: (bytes: number) => number,
  width: number,
) {
  const taken: { left: number; right: number; y: number }[] = [];
  return cuts.flatMap(({ id, position, bytes, weight }) => {
    const text = `${shorten(id, LABEL_PX, TEXT_SIZE)} ${byteSize(bytes)}`;
    const wide = textWidth(text, TEXT_SIZE, weight === "bold");
    const left = Math.min(Math.max(toX(position) - wide / 2, 0), Math.max(width - wide, 0));
    for (const offset of [15, -15, 29, -29]) {
      const y = toY(bytes) + offset;
      const free = taken.every((other) => Math.abs(other.y - y) >= 14 || other.right < left || other.left > left + wide);
      if (!free || y > HEIGHT - 6 || y < 6) continue;
      taken.push({ left: left - 6, right: left + wide + 6, y });
      return [{ text, weight, x: rounded(left), y: rounded(y) }];
    }
    return [];
  });
}
