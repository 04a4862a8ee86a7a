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
    return await view.toSVG();
  } finally {
    view.finalize();
  }
}

function dejaVuWidth({ fontSize = 11, fontWeight }: TextItem, text: unknown): number {
  return textWidth(String(text ?? ""), fontSize, fontWeight === "bold");
}
