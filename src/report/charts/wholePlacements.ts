import type { TopLevelSpec } from "vega-lite";
import { answer, ranking } from "../answer.ts";
import type { ReportData } from "../data.ts";
import { counted, duration, rounded } from "../format.ts";
import { COLOURED, rowNames } from "../layers.ts";
import { MUTED } from "../palette.ts";
import { parts, secondsByPart } from "../stages.ts";
import { shorten } from "../text.ts";
import { chart, inHeadline, key, type Layout, layout, TEXT_SIZE } from "../theme.ts";

/** Without a cut there is no position to draw along: one bar for each whole placement. */
export function wholePlacements(data: ReportData, { width }: Pick<Layout, "width">): TopLevelSpec {
  const room = layout({ width }, { left: 130, right: 90 }, { left: 92, right: 72 });
  const ranked = ranking(data);
  const all = data.topology.tiers.map(({ name }) => parts(data, name, name)[0]!);
  const stack = [...parts(data, "", "").slice(1), ...all].filter(
    ({ key }, index, list) =>
      list.findIndex((part) => part.key === key) === index &&
      ranked.some((prediction) => (secondsByPart(prediction).get(key) ?? 0) > 0),
  );
  const values = ranked.flatMap((prediction) => {
    let from = 0;
    return stack.flatMap(({ key, label, colour }) => {
      const seconds = secondsByPart(prediction).get(key) ?? 0;
      if (seconds === 0) return [];
      const row = { placement: prediction.placement, part: label, ms: rounded(seconds * 1e3), colour };
      const bar = { ...row, from: rounded(from * 1e3), to: rounded((from + seconds) * 1e3) };
      from += seconds;
      return [bar];
    });
  });
  const names = ranked.map(({ placement, latency_s }) => ({
    placement,
    label: shorten(placement, room.left - 10, TEXT_SIZE),
    ms: rounded(latency_s * 1e3),
    text: duration(latency_s),
  }));
  const y = { field: "placement", type: "nominal", sort: null, axis: null } as const;
  const longest = Math.max(...ranked.map(({ latency_s }) => latency_s)) || 1e-3;
  const scale = { domain: [0, rounded(longest * 1e3)], nice: false };
  return chart(
    {
      headline: answer(data, inHeadline),
      subtitle: `Predicted latency of the whole model on ${counted(ranked.length, "tier")}, ms, by stage.`,
    },
    room,
    [
      key(stack, room),
      {
        width: room.plot,
        height: ranked.length * 30,
        layer: [
          rowNames(names, y),
          {
            data: { values },
            mark: { type: "bar", height: 20 },
            encoding: {
              x: { field: "from", type: "quantitative", scale, axis: { title: "latency, ms", tickCount: 5 } },
              x2: { field: "to" },
              y,
              color: COLOURED,
              tooltip: [
                { field: "placement", title: "placement" },
                { field: "part", title: "stage" },
                { field: "ms", type: "quantitative", title: "ms" },
              ],
            },
          },
          {
            data: { values: names },
            mark: { type: "text", align: "left", baseline: "middle", dx: 6, color: MUTED, aria: false },
            encoding: { x: { field: "ms", type: "quantitative" }, y, text: { field: "text" } },
          },
        ],
      },
    ],
  );
}
