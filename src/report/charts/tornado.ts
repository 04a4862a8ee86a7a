import type { TopLevelSpec } from "vega-lite";
import { choiceName, pathInWords, pathText } from "../choices.ts";
import { counted, duration, percent, rounded } from "../format.ts";
import { COLOURED, type Position, rowNames } from "../layers.ts";
import { INK, MUTED, NEUTRAL, PALE } from "../palette.ts";
import type { PlanReport } from "../plandata.ts";
import { shorten, textWidth } from "../text.ts";
import { chart, type Layout, TEXT_SIZE } from "../theme.ts";
import { framed } from "./chart.ts";

const MOST_BARS = 10;
const ROW_PX = 24;
const GAP = 5;

type Found = NonNullable<PlanReport["tornado"]>;

/** What each input does to the latency of the plan's choice when it alone is lower or higher. */
export const tornado = framed({
  wide: { left: 240, right: 10 },
  narrow: { left: 128, right: 4 },
  names: ({ tornado: found }) =>
    found!.bars.slice(0, MOST_BARS).map(({ path, value }) => `${pathInWords(path)}, ${pathText(path, value)}`),
  missing: tornadoMissing,
  draw: (data: PlanReport, room) => draw(data, data.tornado!, room),
});

export function tornadoMissing({ tornado: found }: PlanReport): string | undefined {
  if (found === undefined) return "No input was varied.";
  return found.bars.length > 0 ? undefined : "No input changes the latency.";
}

function draw(data: PlanReport, found: Found, room: Layout): TopLevelSpec {
  const bars = found.bars.slice(0, MOST_BARS);
  const rows = bars.flatMap((bar, row) =>
    (["low", "high"] as const)
      .map((end) => ({
        row,
        input: pathInWords(bar.path),
        change: rounded((bar[`at_${end}`] - found.value) * 1e3),
        latency: rounded(bar[`at_${end}`] * 1e3),
        value: pathText(bar.path, bar[end]),
        colour: end === "low" ? PALE : NEUTRAL,
        zero: 0,
      }))
      // Where both ends lie on one side the longer bar is drawn first.
      .sort((a, b) => Math.abs(b.change) - Math.abs(a.change)),
  );
  const labels = rows
    // Two bars to one side leave no room beside the shorter; a bar without length says nothing.
    .filter(({ row, change }, index) => {
      const other = rows.find((one, i) => one.row === row && i !== index)!;
      return change !== 0 && (change > 0 !== other.change > 0 || Math.abs(change) >= Math.abs(other.change));
    })
    .map(({ row, change, value }) => ({ row, change, value }));
  const names = bars.map(({ path, value }, row) => {
    const name = pathInWords(path);
    const text = room.narrow ? name : `${name}, ${pathText(path, value)}`;
    return {
      row,
      label: shorten(textWidth(text, TEXT_SIZE) > room.left - 10 ? name : text, room.left - 10, TEXT_SIZE),
    };
  });
  const x: Position = {
    type: "quantitative",
    scale: { domain: domainOf(labels, room.plot).map((end) => rounded(end)), nice: false },
    axis: {
      title: `change of the latency, ms; now ${duration(found.value)}`,
      tickCount: room.narrow ? 4 : 8,
      labelExpr: "(datum.value > 0 ? '+' : '') + datum.label",
    },
  };
  const y: Position = { field: "row", type: "ordinal", axis: null };
  return chart({ headline: headline(data, found), subtitle: subtitle(found, bars, room.narrow) }, room, [
    {
      width: room.plot,
      height: bars.length * ROW_PX,
      layer: [
        rowNames(names, y),
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
          data: { values: labels.filter(({ change }) => change > 0 === right) },
          mark: {
            type: "text",
            align: right ? "left" : "right",
            baseline: "middle",
            dx: right ? GAP : -GAP,
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

/** Ends of the axis: as near to 0 as the bars, and the inputs' values beyond their ends, allow. */
function domainOf(labels: readonly { change: number; value: string }[], plot: number): [low: number, high: number] {
  const sides = [false, true].map((right) =>
    labels
      .filter(({ change }) => change > 0 === right)
      .map(({ change, value }) => ({ length: Math.abs(change), wide: textWidth(value, TEXT_SIZE) + GAP + 4 })),
  );
  const reach = (msPerPixel: number) =>
    sides.map((side) => Math.max(0, ...side.map(({ length, wide }) => length / msPerPixel + wide)));
  const lengths = labels.map(({ change }) => Math.abs(change));
  let [fine, coarse] = [Math.max(...lengths) / plot, (Math.max(...lengths) / plot) * 50];
  for (let step = 0; step < 40; step++) {
    const middle = Math.sqrt(fine * coarse);
    const [left, right] = reach(middle) as [number, number];
    if (left + right > plot) fine = middle;
    else coarse = middle;
  }
  const [left, right] = reach(coarse) as [number, number];
  return [-left * coarse, right * coarse];
}

function headline({ plan }: PlanReport, { bars, value }: Found): string {
  const [first, second] = bars;
  const share = ({ swing }: Found["bars"][number]) => (value > 0 ? percent(swing / value) : duration(swing));
  const rest = second ? `, then ${theInput(second.path)} (${share(second)})` : "";
  return `What matters most to ${choiceName(plan.best)} is ${theInput(first!.path)}: it moves the latency by ${share(first!)}${rest}`;
}

const theInput = (path: string) => `the ${pathInWords(path)}`;

function subtitle({ share, inputs, bars: all }: Found, bars: Found["bars"], narrow: boolean): string {
  const left = all.length > bars.length ? ` The ${bars.length} strongest of ${counted(inputs, "input")}.` : "";
  const speeds = bars.some(({ path }) => path.endsWith(".speed"));
  const notes = [
    bars.some(({ path }) => path === "profile") ? "kernels' times at the ends of their 95 % intervals" : "",
    speeds ? "speeds are multiples of the profiled host's" : "",
  ].filter(Boolean);
  return (
    `Latency of one request that is alone when one input is ${rounded(share * 100, 2)} % lower (pale) or higher (dark), ms` +
    `${narrow || notes.length === 0 ? "" : `; ${notes.join("; ")}`}.${left}`
  );
}
