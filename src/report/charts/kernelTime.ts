import { sum } from "simple-statistics";
import type { TopLevelSpec } from "vega-lite";
import type { ReportData } from "../data.ts";
import { counted, duration, percent, rounded } from "../format.ts";
import { COLOURED } from "../layers.ts";
import { FAINT, INK, MUTED, NEUTRAL, PALE } from "../palette.ts";
import { shorten } from "../text.ts";
import { chart, type Layout, TEXT_SIZE } from "../theme.ts";
import { framed } from "./chart.ts";

const MOST_BARS = 12;
const BAR_PX = 22;

interface Share {
  name: string;
  seconds: number;
  kernels: number;
}

/** Where the model's time goes on the profiled host, by type of kernel. */
export const kernelTime = framed({
  wide: { left: 176, right: 160 },
  narrow: { left: 104, right: 116 },
  missing: kernelTimeMissing,
  draw,
});

function draw(data: ReportData, room: Layout): TopLevelSpec {
  const { profile } = data;
  const types = byType(data);
  const outside = Math.max(profile.run.request.median_s - profile.run.kernels.median_s, 0);
  const total = outside + sum(types.map(({ seconds }) => seconds));
  const bars = [
    ...folded(types).map((share) => ({ ...share, colour: NEUTRAL })),
    { name: "outside kernels", seconds: outside, kernels: 0, colour: PALE },
  ].filter(({ seconds }) => seconds > 0);
  const rows = bars.map(({ name, seconds, kernels, colour }) => ({
    name,
    label: shorten(name, room.left - 10, TEXT_SIZE),
    ms: rounded(seconds * 1e3),
    colour,
    share: [percent(seconds / total), duration(seconds), ...(kernels > 0 && !room.narrow ? [`${kernels}×`] : [])].join(
      " · ",
    ),
    kernels,
  }));
  const first = types[0]!;
  const y = { field: "name", type: "nominal", sort: null } as const;
  return chart(
    {
      headline:
        types.length === 1
          ? `All kernels are ${first.name}: ${duration(first.seconds)}`
          : `${first.name} takes ${percent(first.seconds / total)} of the model's ${duration(total)}`,
      subtitle:
        `Time by kernel type in one run of the whole model on ${profile.host.cpu}, ` +
        `${counted(profile.settings.threads, "thread")}, ms: share, time${room.narrow ? "" : " and number of kernels"}.`,
    },
    room,
    [
      {
        width: room.plot,
        height: rows.length * BAR_PX,
        data: { values: rows },
        layer: [
          {
            mark: { type: "text", align: "right", baseline: "middle", color: INK, aria: false },
            encoding: { x: { value: -8 }, y: { ...y, axis: null }, text: { field: "label" } },
          },
          {
            mark: { type: "bar", height: BAR_PX - 6 },
            encoding: {
              x: {
                field: "ms",
                type: "quantitative",
                scale: { zero: true, nice: false },
                axis: { title: "time, ms", tickCount: 5, grid: true },
              },
              y: { ...y, axis: null },
              color: COLOURED,
              tooltip: [
                { field: "name", title: "kernel type" },
                { field: "ms", type: "quantitative", title: "time, ms" },
                { field: "kernels", type: "quantitative", title: "kernels" },
              ],
            },
          },
          {
            mark: { type: "text", align: "left", baseline: "middle", dx: 6, color: MUTED, aria: false },
            encoding: { x: { field: "ms", type: "quantitative" }, y: { ...y, axis: null }, text: { field: "share" } },
          },
          {
            data: { values: [{}] },
            mark: { type: "rule", color: FAINT, aria: false },
            encoding: { x: { value: 0 }, y: { value: 0 }, y2: { value: "height" } },
          },
        ],
      },
    ],
  );
}

export function kernelTimeMissing({ profile }: ReportData): string | undefined {
  return profile.kernels.slice(0, profile.whole_kernels).some(({ median_s }) => median_s > 0)
    ? undefined
    : "The profile holds no kernel times.";
}

/** Medians of kernels do not add up to the median of their sum; the profile's skew makes up for that. */
function byType({ profile }: ReportData): Share[] {
  const types = new Map<string, Share>();
  for (const { op, median_s } of profile.kernels.slice(0, profile.whole_kernels)) {
    const share = types.get(op) ?? { name: op, seconds: 0, kernels: 0 };
    types.set(op, { name: op, seconds: share.seconds + median_s * profile.run.skew, kernels: share.kernels + 1 });
  }
  return [...types.values()].sort((a, b) => b.seconds - a.seconds);
}

function folded(types: Share[]): Share[] {
  if (types.length <= MOST_BARS) return types;
  const rest = types.slice(MOST_BARS - 1);
  const other = {
    name: `${rest.length} other types`,
    seconds: sum(rest.map(({ seconds }) => seconds)),
    kernels: sum(rest.map(({ kernels }) => kernels)),
  };
  return [...types.slice(0, MOST_BARS - 1), other];
}
