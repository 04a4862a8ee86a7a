import type { TopLevelSpec } from "vega-lite";
import { choiceName, pathInWords } from "../choices.ts";
import { counted, duration, percent, rounded } from "../format.ts";
import { COLOURED, type Position } from "../layers.ts";
import { INK, MUTED, NEUTRAL, PALE } from "../palette.ts";
import type { PlanReport } from "../plandata.ts";
import { shorten, textWidth } from "../text.ts";
import { type ChartOptions, chart, layout, nothingToDraw, TEXT_SIZE } from "../theme.ts";

const MOST_BARS = 10;
const ROW_PX = 24;

/** What each input does to the latency of the plan's choice when it alone is lower or higher. */
export function tornado(data: PlanReport, options: ChartOptions = {}): TopLevelSpec {
  const room = layout(options, { left: 190, right: 10 }, { left: 112, right: 4 });
  const { tornado: found } = data;
  const missing = tornadoMissing(data);
  if (found === undefined || missing !== undefined) return nothingToDraw(missing!, room);
  const bars = found.bars.slice(0, MOST_BARS);
  const changes = bars.flatMap(({ at_low, at_high }) => [at_low, at_high].map((s) => (s - found.value) * 1e3));
  const labels = bars.flatMap(({ low, high }) => [low, high].map((text) => textWidth(text, TEXT_SIZE) + 10));
  // The inputs' values stand beyond the ends of the bars.
  const beside = Math.max(...labels) / room.plot;
  const span = Math.max(...changes, 0) - Math.min(...changes, 0);
  const room_ms = (span * beside) / Math.max(1 - 2 * beside, 0.2);
  const domain = [Math.min(...changes, 0) - room_ms, Math.max(...changes, 0) + room_ms];
  const rows = bars.flatMap((bar, row) =>
    (["low", "high"] as const)
      .map((end) => ({
        row,
        input: pathInWords(bar.path),
        end,
        change: rounded((bar[`at_${end}`] - found.value) * 1e3),
        latency: rounded(bar[`at_${end}`] * 1e3),
        value: bar[end],
        colour: end === "low" ? PALE : NEUTRAL,
        zero: 0,
      }))
      // Where both ends lie on one side the longer bar is drawn first.
      .sort((a, b) => Math.abs(b.change) - Math.abs(a.change)),
  );
  const names = bars.map(({ path, value }, row) => ({
    row,
    label: shorten(room.narrow ? pathInWords(path) : `${pathInWords(path)}, ${value}`, room.left - 10, TEXT_SIZE),
  }));
  const x: Position = {
    type: "quantitative",
    scale: { domain: domain.map((end) => rounded(end)), nice: false },
    axis: {
      title: `change of the latency, ms; now ${duration(found.value)}`,
      tickCount: room.narrow ? 4 : 8,
      labelExpr: "(datum.value > 0 ? '+' : '') + datum.label",
    },
  };
  const y: Position = { field: "row", type: "ordinal", axis: null };
  const said = rows.filter(
    ({ row, end, change }) => Math.abs(change) > 0 || !rows.some((o) => o.row === row && o.end !== end && o.change > 0),
  );
  return chart({ headline: headline(data), subtitle: subtitle(data, room.narrow) }, room, [
    {
      width: room.plot,
      height: bars.length * ROW_PX,
      layer: [
        {
          data: { values: names },
          mark: { type: "text", align: "right", baseline: "middle", color: INK, aria: false },
          encoding: { x: { value: -8 }, y, text: { field: "label" } },
        },
        {
          data: { values: rows },
          mark: { type: "bar", height: ROW_PX - 8 },
          encoding: {
            x: { ...x, field: "zero" },
            x2: { field: "change" },
            y,
            color: COLOURED,
            tooltip: [
              { field: "input", title: "input" },
              { field: "value", title: "set to" },
              { field: "latency", type: "quantitative", title: "latency, ms" },
              { field: "change", type: "quantitative", title: "change, ms" },
            ],
          },
        },
        ...([true, false] as const).map((right) => ({
          data: { values: said },
          transform: [{ filter: right ? "datum.change >= 0" : "datum.change < 0" }],
          mark: {
            type: "text",
            align: right ? "left" : "right",
            baseline: "middle",
            dx: right ? 5 : -5,
            color: MUTED,
            aria: false,
          } as const,
          encoding: { x: { ...x, field: "change" }, y, text: { field: "value" } },
        })),
        {
          data: { values: [{ zero: 0 }] },
          mark: { type: "rule", color: INK, aria: false },
          encoding: { x: { ...x, field: "zero" }, y: { value: 0 }, y2: { value: "height" } },
        },
      ],
    },
  ]);
}

export function tornadoMissing({ tornado: found }: PlanReport): string | undefined {
  if (found === undefined) return "No input was varied.";
  return found.bars.length > 0 ? undefined : "No input changes the latency.";
}

function headline({ tornado: found, plan }: PlanReport): string {
  const [first, second] = found!.bars;
  const share = (bar: typeof first) => percent(bar!.swing / found!.value);
  const rest = second ? `, then ${pathInWords(second.path)} (${share(second)})` : "";
  return `What matters most to ${choiceName(plan.best)} is ${pathInWords(first!.path)}: it moves the latency by ${share(first)}${rest}`;
}

function subtitle({ tornado: found }: PlanReport, narrow: boolean): string {
  const share = percent(found!.share).replace(/\.0 /, " ");
  const left =
    found!.bars.length > MOST_BARS ? ` The ${MOST_BARS} strongest of ${counted(found!.inputs, "input")}.` : "";
  return (
    `Latency of one request that is alone when one input is ${share} lower (pale) or higher (dark), ms` +
    `${narrow ? "" : "; kernels' times at the ends of their 95 % intervals"}.${left}`
  );
}
