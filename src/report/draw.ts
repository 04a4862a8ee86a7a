import type { TopLevelSpec } from "vega-lite";
import type { Chart } from "./charts/chart.ts";
import { toSvg } from "./render.ts";

/** A chart, and its picture. */
export interface Drawing {
  spec: TopLevelSpec;
  svg: string;
}

/** A chart of the page, laid out for a screen and for a phone. */
export interface DrawnChart {
  name: string;
  /** What the chart says, in words: its headline. */
  finding: string;
  wide: Drawing;
  narrow: Drawing;
}

const WIDE = 720;
const NARROW = 350;

/** Those of the charts that the data have something to draw for. */
export async function drawCharts<Data>(data: Data, charts: readonly Chart<Data>[]): Promise<DrawnChart[]> {
  const drawn: DrawnChart[] = [];
  for (const { name, spec, missing } of charts) {
    if (missing(data) !== undefined) continue;
    const [wide, narrow] = [spec(data, { width: WIDE }), spec(data, { width: NARROW })];
    drawn.push({
      name,
      finding: headline(wide),
      wide: { spec: wide, svg: await toSvg(wide) },
      narrow: { spec: narrow, svg: await toSvg(narrow) },
    });
  }
  return drawn;
}

function headline({ title }: TopLevelSpec): string {
  const text = typeof title === "object" && "text" in title ? title.text : title;
  return Array.isArray(text) ? text.join(" ") : String(text ?? "");
}
