import type { TopLevelSpec } from "vega-lite";
import { toSvg } from "../../src/report/index.ts";

type Row = Record<string, unknown>;

/** What is drawn in one layer: its mark, its rows and its encoding. */
export interface Drawn {
  mark: Row;
  rows: Row[];
  encoding: Record<string, Row>;
  /** The panel's size. */
  width: number;
  height: number;
}

/** The headline of a chart, then its other texts, in the order of drawing. */
export async function words(spec: TopLevelSpec): Promise<string[]> {
  const svg = await toSvg(spec);
  const texts = [...svg.matchAll(/<(?:text|tspan)[^>]*>([^<]+)</g)].map(([, text]) => text!.replaceAll("&gt;", ">"));
  return [headline(spec), ...texts];
}

export function headline({ title }: TopLevelSpec): string {
  return (title as { text: string[] }).text.join(" ");
}

export function subtitle({ title }: TopLevelSpec): string {
  return (title as { subtitle: string[] }).subtitle.join(" ");
}

/** Every table of rows in a chart. */
export function rowsOf(spec: object): Row[][] {
  const tables: Row[][] = [];
  JSON.stringify(spec, (key, value) => {
    if (key === "values" && Array.isArray(value) && typeof value[0] === "object") tables.push(value);
    return value;
  });
  return tables;
}

/** Every layer of a chart, panel by panel. */
export function layersOf(spec: TopLevelSpec): Drawn[] {
  const { vconcat } = spec as unknown as { vconcat: (Row & { layer?: Row[] })[] };
  return vconcat.flatMap(({ layer = [], data: shared, width, height }) =>
    layer.map(({ mark, data = shared, encoding }) => ({
      mark: (typeof mark === "string" ? { type: mark } : mark) as Row,
      rows: ((data as { values?: Row[] } | undefined)?.values ?? []) as Row[],
      encoding: encoding as Record<string, Row>,
      width: width as number,
      height: height as number,
    })),
  );
}

/** Axes of a chart that are drawn, with their scales. */
export function axesOf(spec: TopLevelSpec): { title: string; labelExpr: string; type: string; domain: number[] }[] {
  return layersOf(spec).flatMap(({ encoding }) =>
    ["x", "y"].flatMap((channel) => {
      const { scale, axis } = (encoding[channel] ?? {}) as { scale?: Row | null; axis?: Row | null };
      if (!scale?.domain || !axis) return [];
      return [
        {
          title: String(axis.title ?? ""),
          labelExpr: String(axis.labelExpr ?? ""),
          type: String(scale.type ?? "linear"),
          domain: scale.domain as number[],
        },
      ];
    }),
  );
}
