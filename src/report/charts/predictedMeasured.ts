import { median } from "simple-statistics";
import type { TopLevelSpec } from "vega-lite";
import type { Validation } from "../../formats/validation.ts";
import { counted, duration, percent, rounded } from "../format.ts";
import { placeLabels } from "../labels.ts";
import { COLOURED, haloed, type Position, pixels } from "../layers.ts";
import { BAD, FAINT, INK, MUTED, NEUTRAL } from "../palette.ts";
import type { PlanReport } from "../plandata.ts";
import { logTicks, MS_OR_S } from "../scales.ts";
import { shorten } from "../text.ts";
import { type ChartOptions, chart, layout, nothingToDraw, TEXT_SIZE } from "../theme.ts";

const WIDE_HEIGHT = 440;
/** Cells that get a name: those farthest off, beyond the band. */
const MOST_NAMED = 5;
const BAND = 0.1;

type Cell = Validation["cells"][number];

/** Predicted over measured latency of every cell, both logarithmic, with what is within ±10 %. */
export function predictedMeasured(data: PlanReport, options: ChartOptions = {}): TopLevelSpec {
  const room = layout(options, { left: 58, right: 16 }, { left: 54, right: 10 });
  const { validation } = data;
  const missing = predictedMeasuredMissing(data);
  if (validation === undefined || missing !== undefined) return nothingToDraw(missing!, room);
  const height = room.narrow ? room.plot : WIDE_HEIGHT;
  const cells = usable(validation);
  const times = cells.flatMap(({ measured_s, predicted_s }) => [measured_s * 1e3, predicted_s * 1e3]);
  const [low, high] = [Math.min(...times) / 1.3, Math.max(...times) * 1.3];
  const along = (ms: number) => Math.log(ms / low) / Math.log(high / low);
  const at = ({ measured_s, predicted_s }: Cell) => ({
    x: room.plot * along(measured_s * 1e3),
    y: height * (1 - along(predicted_s * 1e3)),
  });
  const farthest = cells
    .filter((cell) => Math.abs(errorOf(cell)) > BAND)
    .sort((a, b) => Math.abs(errorOf(b)) - Math.abs(errorOf(a)))
    .slice(0, room.narrow ? 3 : MOST_NAMED);
  const words = farthest.map((cell) => ({ ...at(cell), text: name(cell, room.plot * (room.narrow ? 0.5 : 0.44)) }));
  const places = placeLabels(
    words,
    TEXT_SIZE,
    { width: room.plot, height },
    cells.filter((cell) => !farthest.includes(cell)).map(at),
  );
  const rows = cells.map((cell) => ({
    cell: shorten(cell.cell, 330, TEXT_SIZE),
    measured: rounded(cell.measured_s * 1e3),
    predicted: rounded(cell.predicted_s * 1e3),
    error: signed(errorOf(cell)),
    colour: holds(cell) ? NEUTRAL : BAD,
  }));
  const domain = [rounded(low), rounded(high)];
  const axis = (title: string | null, values: number[]) => ({
    title,
    values,
    grid: false,
    labelExpr: MS_OR_S,
  });
  const ticks = logTicks(low, high, room.narrow ? 4 : 9);
  const x: Position = {
    field: "measured",
    type: "quantitative",
    scale: { type: "log", domain, nice: false },
    axis: axis("measured latency, logarithmic", ticks),
  };
  const y: Position = {
    field: "predicted",
    type: "quantitative",
    scale: { type: "log", domain, nice: false },
    axis: axis(null, ticks),
  };
  const band = [low, high].map((ms) => ({
    ms: rounded(ms),
    under: rounded(ms * (1 - BAND)),
    over: rounded(ms * (1 + BAND)),
  }));
  const named = words.flatMap((word, index) =>
    places[index]
      ? [{ text: word.text, textX: rounded(places[index].textX), textY: rounded(places[index].textY) }]
      : [],
  );
  return chart({ headline: headline(validation, cells), subtitle: subtitle(validation, room.narrow) }, room, [
    {
      width: room.plot,
      height,
      data: { values: rows },
      layer: [
        {
          data: { values: band },
          mark: { type: "area", color: "#efefef", clip: true, aria: false },
          encoding: { x: { ...x, field: "ms" }, y: { ...y, field: "under" }, y2: { field: "over" } },
        },
        {
          data: { values: band },
          mark: { type: "line", color: FAINT, aria: false },
          encoding: { x: { ...x, field: "ms" }, y: { ...y, field: "ms" } },
        },
        {
          mark: { type: "circle", size: 26, opacity: 0.75, aria: false },
          encoding: {
            x,
            y,
            color: COLOURED,
            tooltip: [
              { field: "cell", title: "cell" },
              { field: "measured", type: "quantitative", title: "measured, ms" },
              { field: "predicted", type: "quantitative", title: "predicted, ms" },
              { field: "error", title: "error" },
            ],
          },
        },
        ...haloed(
          {
            data: { values: named },
            mark: "text",
            encoding: { x: pixels("textX"), y: pixels("textY"), text: { field: "text" } },
          },
          { align: "left", baseline: "middle", color: INK },
        ),
        {
          data: { values: [{ text: `↖ predicted too long`, under: "too short ↘" }] },
          mark: { type: "text", align: "left", baseline: "top", color: MUTED, aria: false },
          encoding: { x: { value: 0 }, y: { value: 0 }, text: { field: "text" } },
        },
        {
          data: { values: [{ text: "predicted too short ↘" }] },
          mark: { type: "text", align: "right", baseline: "bottom", color: MUTED, aria: false },
          encoding: { x: { value: "width" }, y: { value: height - 4 }, text: { field: "text" } },
        },
      ],
    },
  ]);
}

export function predictedMeasuredMissing({ validation }: PlanReport): string | undefined {
  if (validation === undefined) return "No measured runs were given to compare predictions with.";
  return usable(validation).length > 0 ? undefined : "The validation holds no cells.";
}

/** Relative error of a cell's prediction: 0.05 is five per cent too long. */
export function errorOf({ predicted_s, measured_s }: Cell): number {
  return predicted_s / measured_s - 1;
}

function usable({ cells }: Validation): Cell[] {
  return cells.filter(({ measured_s, predicted_s }) => measured_s > 0 && predicted_s > 0);
}

const holds = ({ measured_s, low_s, high_s }: Cell) => measured_s >= low_s && measured_s <= high_s;

function name(cell: Cell, room: number): string {
  return shorten(`${signed(errorOf(cell))} ${cell.cell}`, room, TEXT_SIZE);
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
  const [least, most] = [
    Math.min(...cells.map(({ measured_s }) => measured_s)),
    Math.max(...cells.map(({ measured_s }) => measured_s)),
  ];
  return (
    "Predicted (upwards) over measured latency of cells that were not fitted; grey is ±10 %. " +
    `90 % intervals hold ${percent(coverage_90)} of them; those they miss are red` +
    `${narrow ? "." : `. From ${duration(least)} to ${duration(most)}.`}`
  );
}
