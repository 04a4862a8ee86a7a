import type { TopLevelSpec } from "vega-lite";
import { COLOURED, pixels } from "./layers.ts";
import { FAINT, GRID, INK, MUTED } from "./palette.ts";
import { shorten, textWidth, wrap } from "./text.ts";

/**
 * The font of every chart. Vega's default, sans-serif, comes out as a serif face in resvg. Verdana has DejaVu's
 * proportions and is where DejaVu is not: on phones and Macs.
 */
export const FONT = "DejaVu Sans, Verdana, sans-serif";
export const TEXT_SIZE = 11;
const TITLE_SIZE = 15;
const SUBTITLE_SIZE = 11.5;
const PADDING = 10;

export interface ChartOptions {
  /** Width of the whole chart, in pixels. 720 unless told; below 500 the chart is laid out for a phone. */
  width?: number | undefined;
}

/** One plot of a chart. */
export type Panel = Extract<TopLevelSpec, { vconcat: unknown }>["vconcat"][number];

/** Room for a chart's parts. */
export interface Layout {
  width: number;
  /** Between the left edge and the plot: axis labels. */
  left: number;
  /** Between the plot and the right edge: direct labels. */
  right: number;
  plot: number;
  narrow: boolean;
}

/** Divides a chart's width between its margins and its plot. */
export function layout({ width = 720 }: ChartOptions, wide: Margins, narrow: Margins): Layout {
  const margins = width < 500 ? narrow : wide;
  const plot = width - 2 * PADDING - margins.left - margins.right;
  return { width, ...margins, plot, narrow: width < 500 };
}

export interface Margins {
  left: number;
  right: number;
}

/** What a chart says above its panels. */
export interface Words {
  /** The finding, computed from the data. */
  headline: string;
  /** What is shown, with units. */
  subtitle: string;
}

/** A name as headlines write it: short enough to leave room for the finding. */
export function inHeadline(name: string): string {
  return shorten(name, 250, TITLE_SIZE, true);
}

/** A name as tooltips write it: a chart of many cuts holds many names. */
export function inTooltip(name: string): string {
  return shorten(name, 330, TEXT_SIZE);
}

/** A chart of panels below each other, under its headline. */
export function chart(words: Words, { width }: Pick<Layout, "width">, panels: Panel[], spacing = 14): TopLevelSpec {
  // Vega rounds the bounds of texts to whole pixels, outwards.
  const room = width - 2 * PADDING - 1;
  return {
    $schema: "https://vega.github.io/schema/vega-lite/v6.json",
    background: "white",
    padding: PADDING,
    title: {
      text: wrap(words.headline, room, TITLE_SIZE, true),
      subtitle: wrap(words.subtitle, room, SUBTITLE_SIZE),
    },
    spacing,
    bounds: "flush",
    vconcat: panels,
    config: CONFIG,
  };
}

/** What stands in for a chart that has nothing to draw. */
export function nothingToDraw(reason: string, { width }: Layout): TopLevelSpec {
  return chart({ headline: "Nothing to draw", subtitle: reason }, { width }, [
    { width: width - 2 * PADDING, height: 1, data: { values: [{}] }, mark: { type: "point", opacity: 0, aria: false } },
  ]);
}

/** A word beside a patch of its colour. */
export interface KeyEntry {
  label: string;
  colour: string;
}

const PATCH = 10;
const KEY_LINE = 18;

/** The key to a chart's colours: one row of words, wrapped where it is wider than the chart. */
export function key(entries: readonly KeyEntry[], { width, left }: Layout): Panel {
  let x = 0;
  let y = KEY_LINE / 2;
  const placed = entries.map(({ label, colour }) => {
    const wide = PATCH + 5 + textWidth(label, TEXT_SIZE) + 16;
    if (x > 0 && x + wide > width - 2 * PADDING) {
      x = 0;
      y += KEY_LINE;
    }
    const entry = { label, colour, x: Math.round(x - left), y };
    x += wide;
    return entry;
  });
  const at = { x: pixels("x"), y: pixels("y") };
  return {
    width: width - 2 * PADDING - left,
    height: y + KEY_LINE / 2,
    data: { values: placed },
    layer: [
      {
        mark: { type: "square", size: PATCH * PATCH, opacity: 1, xOffset: PATCH / 2, aria: false },
        encoding: { ...at, fill: COLOURED },
      },
      {
        mark: { type: "text", align: "left", baseline: "middle", dx: PATCH + 5, color: INK },
        encoding: { ...at, text: { field: "label" } },
      },
    ],
  };
}

const CONFIG: NonNullable<TopLevelSpec["config"]> = {
  font: FONT,
  customFormatTypes: false,
  title: {
    anchor: "start",
    frame: "bounds",
    fontSize: TITLE_SIZE,
    color: INK,
    subtitleFontSize: SUBTITLE_SIZE,
    subtitleColor: MUTED,
    subtitlePadding: 5,
    offset: 12,
  },
  view: { stroke: null },
  axis: {
    labelFontSize: TEXT_SIZE,
    labelFlush: false,
    labelColor: MUTED,
    titleFontSize: TEXT_SIZE,
    titleFontWeight: "normal",
    titleColor: MUTED,
    domain: false,
    tickColor: FAINT,
    gridColor: GRID,
  },
  text: { fontSize: TEXT_SIZE },
};
