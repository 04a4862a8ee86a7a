import type { TopLevelSpec } from "vega-lite";
import type { ChartOptions } from "../theme.ts";

/** A chart of a report on such data. */
export interface Chart<Data> {
  name: string;
  /** What the chart is called in the page's contents. */
  heading: string;
  /** Why there is nothing to draw; undefined where there is. */
  missing: (data: Data) => string | undefined;
  spec: (data: Data, options?: ChartOptions) => TopLevelSpec;
}
