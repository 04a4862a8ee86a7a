import * as vega from "vega";
import { compile, type TopLevelSpec } from "vega-lite";
import { textWidth } from "./text.ts";

/** Vega's own table of text measures, which its type declarations leave out. */
interface TextMetrics {
  width: (item: TextItem, text: unknown) => number;
  estimateWidth: (item: TextItem, text: unknown) => number;
}
interface TextItem {
  fontSize?: number;
  fontWeight?: string | number;
  limit?: number;
}
const { textMetrics } = vega as unknown as { textMetrics: TextMetrics };

/** The chart as Vega, which is what draws it. Warnings go to `warn`; without it, to the console. */
export function toVega(spec: TopLevelSpec, warn?: (message: string) => void): vega.Spec {
  if (warn === undefined) return compile(spec).spec;
  const logger = vega.logger(vega.Warn);
  logger.warn = (...messages) => {
    warn(messages.join(" "));
    return logger;
  };
  return compile(spec, { logger }).spec;
}

/** The chart as an SVG document, with its words as text in DejaVu Sans. */
export async function toSvg(spec: TopLevelSpec): Promise<string> {
  // A browser measures text on a canvas. Elsewhere Vega guesses, badly: our table of the font's widths is exact.
  if (textMetrics.width === textMetrics.estimateWidth) textMetrics.width = dejaVuWidth;
  const view = new vega.View(vega.parse(toVega(spec)), { renderer: "none", logLevel: vega.Warn });
  try {
    return trimmed(await view.toSVG());
  } finally {
    view.finalize();
  }
}

function dejaVuWidth({ fontSize = 11, fontWeight }: TextItem, text: unknown): number {
  return textWidth(String(text ?? ""), fontSize, fontWeight === "bold");
}

/**
 * The picture without what cannot be seen in it: Vega writes coordinates to sixteen digits, where a hundredth of a
 * pixel will do, and shapes without paint, which only a live chart needs, for its tooltips.
 */
function trimmed(svg: string): string {
  return svg
    .replace(/<path [^>]*opacity="0"\/>|<path d="[^"]*"\/>/g, "")
    .replace(/ (?:d|transform)="[^"]*"/g, (attribute) =>
      attribute.replace(/-?\d+\.\d{3,}(?:e-\d+)?/g, (number) => String(Math.round(Number(number) * 100) / 100)),
    );
}
