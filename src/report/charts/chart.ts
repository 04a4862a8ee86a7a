import type { TopLevelSpec } from "vega-lite";
import { textWidth } from "../text.ts";
import { type ChartOptions, type Layout, layout, type Margins, nothingToDraw, TEXT_SIZE } from "../theme.ts";

/** Between a row's name and the plot, and a little more, so that no name is shortened for a pixel. */
const NAME_GAP = 12;

/** A chart of a report on such data. */
export interface Chart<Data> {
  name: string;
  /** What the chart is called in the page's contents. */
  heading: string;
  /** Why there is nothing to draw; undefined where there is. */
  missing: (data: Data) => string | undefined;
  spec: (data: Data, options?: ChartOptions) => TopLevelSpec;
}

/** How a chart is drawn: in which margins, and if at all. */
interface Frame<Data> {
  /** Margins on a screen. */
  wide: Margins;
  /** Margins on a phone. */
  narrow: Margins;
  /** Names of rows, left of the plot: the left margins are then the most that these may take. */
  names?: (data: Data) => readonly string[];
  missing: (data: Data) => string | undefined;
  draw: (data: Data, room: Layout) => TopLevelSpec;
}

/** The chart's function: divides the width, and says so where there is nothing to draw. */
export function framed<Data>({ wide, narrow, names, missing, draw }: Frame<Data>): Chart<Data>["spec"] {
  return (data, options = {}) => {
    const reason = missing(data);
    if (reason !== undefined) return nothingToDraw(reason, layout(options, wide, narrow));
    const longest = names
      ? Math.max(...names(data).map((name) => textWidth(name, TEXT_SIZE, true))) + NAME_GAP
      : Infinity;
    const fitted = ({ left, right }: Margins) => ({ left: Math.min(left, Math.ceil(longest)), right });
    return draw(data, layout(options, fitted(wide), fitted(narrow)));
  };
}
