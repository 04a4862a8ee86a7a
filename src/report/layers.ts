import type { Field, PositionFieldDef } from "vega-lite/types_unstable/channeldef.js";
import type { MarkDef } from "vega-lite/types_unstable/mark.js";
import type { UnitSpec } from "vega-lite/types_unstable/spec/unit.js";
import { INK, MUTED } from "./palette.ts";

/** A layer of a chart, and the axis that it is placed along. */
export type Layer = UnitSpec<Field>;
export type Position = PositionFieldDef<Field>;

/** A channel whose values are pixels already. */
export function pixels<Field extends string>(field: Field) {
  return { field, type: "quantitative", scale: null, axis: null } as const;
}

/** The colour that a row of data says, in its field `colour`. */
export const COLOURED = { field: "colour", type: "nominal", scale: null } as const;

/** A layer of words with a white rim, readable where lines cross them. */
export function haloed(layer: Layer, mark: Partial<MarkDef<"text">>): Layer[] {
  const rim = { color: "white", stroke: "white", strokeWidth: 3.5, aria: false };
  return [
    { ...layer, mark: { type: "text", ...mark, ...rim } },
    { ...layer, mark: { type: "text", ...mark } },
  ];
}

/** Words that were placed one by one: left-aligned at these pixels. */
export interface Word {
  text: string;
  textX: number;
  textY: number;
  bold?: boolean;
}

/** The words, with a white rim. */
export function words(values: readonly Word[], color = INK): Layer[] {
  return haloed(
    {
      data: { values: [...values] },
      mark: "text",
      encoding: { x: pixels("textX"), y: pixels("textY"), text: { field: "text" } },
    },
    { align: "left", baseline: "middle", color, fontWeight: { expr: "datum.bold ? 'bold' : 'normal'" } },
  );
}

/** Names of a chart's rows, left of its plot, in bold where a row is the `best`. */
export function rowNames(values: readonly { label: string; best?: boolean }[], y: Position): Layer {
  const fontWeight = { expr: "datum.best ? 'bold' : 'normal'" };
  return {
    data: { values: [...values] },
    mark: { type: "text", align: "right", baseline: "middle", color: INK, fontWeight, aria: false },
    encoding: { x: { value: -8 }, y, text: { field: "label" } },
  };
}

/** What a panel's upright axis shows, above it, where it is read first; `left` is the margin for the axis' labels. */
export function axisNote(text: string, left: number): Layer {
  return {
    data: { values: [{ text }] },
    mark: { type: "text", align: "left", baseline: "bottom", color: MUTED, aria: false },
    encoding: { x: { value: -left }, y: { value: -8 }, text: { field: "text" } },
  };
}
