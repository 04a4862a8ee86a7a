import { median } from "simple-statistics";
import type { TopLevelSpec } from "vega-lite";
import type { Check, ReportData } from "../data.ts";
import { counted, duration, interval, percent, rounded } from "../format.ts";
import { COLOURED, type Layer, type Position } from "../layers.ts";
import { BAD, FAINT, GRID, INK, MUTED } from "../palette.ts";
import { shorten } from "../text.ts";
import { chart, type Layout, TEXT_SIZE } from "../theme.ts";
import { framed } from "./chart.ts";

/** Predictions are held to be good within this error, either way. */
const BAND = 0.08;
const ROW_PX = 20;
const WITHIN = INK;
const BEYOND = BAD;

/** How far predictions are off what was measured for the same segments on the profile's own host. */
export const selfCheck = framed({
  wide: { left: 230, right: 166 },
  narrow: { left: 128, right: 52 },
  missing: selfCheckMissing,
  draw,
});

function draw(data: ReportData, room: Layout): TopLevelSpec {
  const checks = usable(data);
  const rows = checks.map((check, index) => ({
    index,
    label: shorten(segmentName(check), room.left - 10, TEXT_SIZE),
    segment: segmentName(check),
    error: rounded(relativeError(check) * 100, 3),
    low: rounded((check.low_s / check.measured_s - 1) * 100, 3),
    high: rounded((check.high_s / check.measured_s - 1) * 100, 3),
    said: `${relativeError(check) > 0 ? "+" : ""}${percent(relativeError(check)).replace("-", "−")}`,
    times: `${duration(check.predicted_s)} / ${duration(check.measured_s)}`,
    predicted: `${duration(check.predicted_s)} (${interval(check.low_s, check.high_s)})`,
    measured: duration(check.measured_s),
    colour: Math.abs(relativeError(check)) <= BAND ? WITHIN : BEYOND,
  }));
  const furthest = Math.max(10, ...rows.flatMap(({ error, low, high }) => [error, low, high].map(Math.abs)));
  const reach = furthest * 1.05;
  const x: Position = {
    type: "quantitative",
    scale: { domain: [-reach, reach], nice: false },
    axis: {
      title: "predicted against measured, %",
      tickCount: room.narrow ? 5 : 9,
      grid: false,
      labelExpr: "(datum.value > 0 ? '+' : '') + datum.label",
    },
  };
  const y: Position = { field: "index", type: "ordinal", axis: null, scale: { padding: 0.5 } };
  const within = checks.filter((check) => Math.abs(relativeError(check)) <= BAND).length;
  return chart(
    {
      headline:
        `${within} of ${counted(checks.length, "prediction")} within ${BAND * 100} % of measured; ` +
        `median error ${percent(median(checks.map((check) => Math.abs(relativeError(check)))))}`,
      subtitle:
        "Error of the predicted time of a segment on the profiled host, %; bars are the prediction's interval, " +
        `grey is ±${BAND * 100} %${room.narrow ? "" : "; right, predicted / measured"}.`,
    },
    room,
    [
      {
        width: room.plot,
        height: rows.length * ROW_PX + 8,
        data: { values: rows },
        layer: [
          {
            data: { values: [{ from: -BAND * 100, to: BAND * 100 }] },
            mark: { type: "rect", color: GRID, aria: false },
            encoding: { x: { ...x, field: "from" }, x2: { field: "to" }, y: { value: 0 }, y2: { value: "height" } },
          },
          {
            data: { values: [{ zero: 0 }] },
            mark: { type: "rule", color: MUTED, aria: false },
            encoding: { x: { ...x, field: "zero" }, y: { value: 0 }, y2: { value: "height" } },
          },
          {
            mark: { type: "rule", color: FAINT, aria: false, strokeDash: [1, 3] },
            encoding: { x: { value: 0 }, x2: { value: "width" }, y },
          },
          {
            mark: { type: "rule", strokeWidth: 2, opacity: 0.45, aria: false },
            encoding: {
              x: { ...x, field: "low" },
              x2: { field: "high" },
              y,
              color: COLOURED,
            },
          },
          {
            mark: { type: "circle", size: 62, opacity: 1 },
            encoding: {
              x: { ...x, field: "error" },
              y,
              color: COLOURED,
              tooltip: [
                { field: "segment", title: "segment" },
                { field: "error", type: "quantitative", title: "error, %" },
                { field: "predicted", title: "predicted" },
                { field: "measured", title: "measured" },
              ],
            },
          },
          {
            mark: { type: "text", align: "right", baseline: "middle", color: INK, aria: false },
            encoding: { x: { value: -8 }, y, text: { field: "label" } },
          },
          {
            mark: { type: "text", align: "right", baseline: "middle", dx: 46, aria: false },
            encoding: {
              x: { value: "width" },
              y,
              text: { field: "said" },
              color: COLOURED,
            },
          },
          ...(room.narrow
            ? []
            : [
                {
                  mark: { type: "text", align: "right", baseline: "middle", dx: 160, color: MUTED, aria: false },
                  encoding: { x: { value: "width" }, y, text: { field: "times" } },
                } satisfies Layer,
              ]),
        ],
      },
    ],
  );
}

export function selfCheckMissing(data: ReportData): string | undefined {
  return usable(data).length > 0 ? undefined : "No prediction was checked against a measurement.";
}

/** The segment in words: "head of conv1", "whole model". */
export function segmentName({ cut, segment }: Check): string {
  return cut === null ? "whole model" : segment === "head" ? `up to ${cut}` : `from ${cut} on`;
}

/** Relative error of a prediction: 0.05 is five per cent too long. */
export function relativeError({ predicted_s, measured_s }: Check): number {
  return predicted_s / measured_s - 1;
}

function usable(data: ReportData): Check[] {
  return data.checks.filter(({ measured_s }) => measured_s > 0);
}
