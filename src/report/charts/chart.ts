import type { TopLevelSpec } from "vega-lite";
import type { ReportData } from "../data.ts";
import type { ChartOptions } from "../theme.ts";

/** A chart of the report. */
export interface Chart {
  name: string;
  /** What the chart is called in the page's contents. */
  heading: string;
  /** Why there is nothing to draw; undefined where there is. */
  missing: (data: ReportData) => string | undefined;
  spec: (data: ReportData, options?: ChartOptions) => TopLevelSpec;
}
