import { median } from "simple-statistics";
import type { TopLevelSpec } from "vega-lite";
import type { Validation } from "../../formats/validation.ts";
import { counted, duration, percent, rounded } from "../format.ts";
import { placeLabels } from "../labels.ts";
import { axisNote, COLOURED, type Layer, type Position, type Word, words } from "../layers.ts";
import { BAD, FAINT, GRID, NEUTRAL } from "../palette.ts";
import type { PlanReport } from "../plandata.ts";
import { logTicks, MS_OR_S } from "../scales.ts";
import { shorten, textWidth } from "../text.ts";
import { chart, type Layout, type Panel, TEXT_SIZE } from "../theme.ts";
import { framed } from "./chart.ts";

const HEIGHT = 260;
const ERROR_HEIGHT = 190;
/** Cells that get a name: those farthest off, beyond the band. */
const MOST_NAMED = 5;
const BAND = 0.1;

type Cell = Validation["cells"][number];

/** What both panels share. */
interface Frame {
  cells: readonly Cell[];
  /** Ends of the axes, milliseconds. */
  low: number;
  high: number;
  /** The share of an axis that lies below a latency. */
  along: (ms: number) => number;
  room: Layout;
}

/** Predicted over measured latency of every cell, and its error below; what is within ±10 % is on grey. */
export const predictedMeasured = framed({
  wide: { left: 58, right: 22 },
  narrow: { left: 54, right: 22 },
  missing: predictedMeasuredMissing,
  draw: ({ validation }: PlanReport, room) => draw(validation!, room),
});

export function predictedMeasuredMissing({ validation }: PlanReport): string | undefined {
  if (validation === undefined) return "No measured runs were given to compare predictions with.";
  return usable(validation).length > 0 ? undefined : "The validation holds no cells.";
}

/** Relative error of a cell's prediction: 0.05 is five per cent too long. */
export function errorOf({ predicted_s, measured_s }: Cell): number {
  return predicted_s / measured_s - 1;
}

function draw(validation: Validation, room: Layout): TopLevelSpec {
  const cells = usable(validation);
  const times = cells.flatMap(({ measured_s, predicted_s }) => [measured_s * 1e3, predicted_s * 1e3]);
  const [low, high] = [Math.min(...times) / 1.3, Math.max(...times) * 1.3];
  const along = (ms: number) => Math.log(ms / low) / Math.log(high / low);
  const frame = { cells, low, high, along, room };
  return chart(
    { headline: headline(validation, cells), subtitle: subtitle(validation, room.narrow) },
    room,
    [scatter(frame), errors(frame)],
    34,
  );
}

function scatter({ cells, low, high, room }: Frame): Panel {
  const ticks = logTicks(low, high, room.narrow ? 4 : 9);
  const shared = timeAxis({ low, high }, "measured", null, ticks);
  const x = { ...shared, axis: { ...shared.axis, labels: false } };
  const y = timeAxis({ low, high }, "predicted", null, ticks);
  // Cut off at the ends of the axes here: a clip path in a picture is a reference, and pages of several pictures mix these up.
  const band = [low, low / (1 - BAND), high / (1 + BAND), high].map((ms) => ({
    ms: rounded(ms),
    under: rounded(Math.max(ms * (1 - BAND), low)),
    over: rounded(Math.min(ms * (1 + BAND), high)),
  }));
  return {
    width: room.plot,
    height: HEIGHT,
    layer: [
      {
        data: { values: band },
        mark: { type: "area", color: GRID, aria: false },
        encoding: { x: { ...x, field: "ms" }, y: { ...y, field: "under" }, y2: { field: "over" } },
      },
      {
        data: { values: band },
        mark: { type: "line", color: FAINT, aria: false },
        encoding: { x: { ...x, field: "ms" }, y: { ...y, field: "ms" } },
      },
      dots(cells, { x, y }),
      axisNote("predicted latency, logarithmic", room.left),
    ],
  };
}

/** The same cells by their error: of latencies from milliseconds to seconds, ten per cent is hardly to be seen above. */
function errors({ cells, low, high, along, room }: Frame): Panel {
  const reach = Math.max(1.5 * BAND, ...cells.map((cell) => Math.abs(errorOf(cell)))) * 125;
  const x = timeAxis(
    { low, high },
    "measured",
    "measured latency, logarithmic",
    logTicks(low, high, room.narrow ? 4 : 9),
  );
  const y: Position = {
    field: "error",
    type: "quantitative",
    scale: { domain: [rounded(-reach), rounded(reach)], nice: false },
    axis: { title: null, tickCount: 5, grid: false, labelExpr: "(datum.value > 0 ? '+' : '') + datum.label + ' %'" },
  };
  const at = (cell: Cell) => ({
    x: room.plot * along(cell.measured_s * 1e3),
    y: ERROR_HEIGHT * (0.5 - (errorOf(cell) * 50) / reach),
  });
  const band = [{ under: -BAND * 100, over: BAND * 100, zero: 0 }];
  return {
    width: room.plot,
    height: ERROR_HEIGHT,
    layer: [
      {
        data: { values: band },
        mark: { type: "rect", color: GRID, aria: false },
        encoding: { x: { value: 0 }, x2: { value: "width" }, y: { ...y, field: "under" }, y2: { field: "over" } },
      },
      {
        data: { values: band },
        mark: { type: "rule", color: FAINT, aria: false },
        encoding: { x: { value: 0 }, x2: { value: "width" }, y: { ...y, field: "zero" } },
      },
      dots(cells, { x, y }),
      ...words(namesOf(cells, room, at)),
      axisNote("error of the prediction; above 0, too long", room.left),
    ],
  };
}

function timeAxis({ low, high }: Pick<Frame, "low" | "high">, field: string, title: string | null, values: number[]) {
  return {
    field,
    type: "quantitative",
    scale: { type: "log", domain: [rounded(low), rounded(high)], nice: false },
    axis: { title, values, grid: false, labelExpr: MS_OR_S },
  } satisfies Position;
}

function dots(cells: readonly Cell[], place: { x: Position; y: Position }): Layer {
  const values = cells.map((cell) => ({
    cell: shorten(cell.cell, 330, TEXT_SIZE),
    measured: rounded(cell.measured_s * 1e3),
    predicted: rounded(cell.predicted_s * 1e3),
    error: rounded(errorOf(cell) * 100, 3),
    said: signed(errorOf(cell)),
    colour: holds(cell) ? NEUTRAL : BAD,
  }));
  return {
    data: { values },
    mark: { type: "circle", size: 26, opacity: 0.75, aria: false },
    encoding: {
      ...place,
      color: COLOURED,
      tooltip: [
        { field: "cell", title: "cell" },
        { field: "measured", type: "quantitative", title: "measured, ms" },
        { field: "predicted", type: "quantitative", title: "predicted, ms" },
        { field: "said", title: "error" },
      ],
    },
  };
}

/** Names of the cells that are farthest off. */
function namesOf(
  cells: readonly Cell[],
  { plot, narrow }: Layout,
  at: (cell: Cell) => { x: number; y: number },
): Word[] {
  const farthest = cells
    .filter((cell) => Math.abs(errorOf(cell)) > BAND)
    .sort((a, b) => Math.abs(errorOf(b)) - Math.abs(errorOf(a)))
    .slice(0, narrow ? 3 : MOST_NAMED);
  const wanted = farthest.map((cell) => ({ ...at(cell), text: name(cell, plot * (narrow ? 0.5 : 0.32)) }));
  const points = cells.filter((cell) => !farthest.includes(cell)).map(at);
  const places = placeLabels(wanted, TEXT_SIZE, { width: plot, height: ERROR_HEIGHT }, { points });
  return wanted.flatMap(({ text }, index) => {
    const place = places[index];
    return place ? [{ text, textX: rounded(place.textX), textY: rounded(place.textY) }] : [];
  });
}

function usable({ cells }: Validation): Cell[] {
  return cells.filter(({ measured_s, predicted_s }) => measured_s > 0 && predicted_s > 0);
}

const holds = ({ measured_s, low_s, high_s }: Cell) => measured_s >= low_s && measured_s <= high_s;

/** The error and as much of the cell's name as there is room for: what a cell is comes before its network. */
function name(cell: Cell, room: number): string {
  const parts = cell.cell.split(" · ");
  const first = `${signed(errorOf(cell))} ${parts[0]}`;
  let text = first;
  for (const part of parts.slice(1)) {
    const longer = `${text} · ${part}`;
    if (textWidth(longer, TEXT_SIZE) > room) break;
    text = longer;
  }
  return shorten(text, room, TEXT_SIZE);
}

function signed(error: number): string {
  return `${error > 0 ? "+" : ""}${percent(error)}`.replace("-", "−");
}

function headline({ noise_floor }: Validation, cells: readonly Cell[]): string {
  const errors = cells.map((cell) => Math.abs(errorOf(cell)));
  const within = errors.filter((error) => error <= BAND).length;
  const floor = noise_floor ? `; repeats differ by ${percent(noise_floor.median_ape)}` : "";
  return (
    `${within} of ${counted(cells.length, "prediction")} within ${BAND * 100} % of measured: ` +
    `${percent(median(errors))} off in the median${floor}`
  );
}

function subtitle({ cells, coverage_90 }: Validation, narrow: boolean): string {
  const measured = cells.map(({ measured_s }) => measured_s);
  return (
    "Predicted against measured latency of cells that were not fitted; grey is ±10 %. " +
    `90 % intervals hold ${percent(coverage_90)} of them; those they miss are red` +
    `${narrow ? "." : `. From ${duration(Math.min(...measured))} to ${duration(Math.max(...measured))}.`}`
  );
}
