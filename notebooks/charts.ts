/** Charts that the notebooks draw beside the report's own, in its theme: lines with their names at their ends, and bars. */
import type { TopLevelSpec } from "vega-lite";
import { dodge } from "../src/report/dodge.ts";
import { rounded } from "../src/report/format.ts";
import { type Layer, type Position, pixels } from "../src/report/layers.ts";
import { FAINT, INK, inked, MUTED, NEUTRAL } from "../src/report/palette.ts";
import { logTicks } from "../src/report/scales.ts";
import { textWidth } from "../src/report/text.ts";
import { chart, layout, TEXT_SIZE } from "../src/report/theme.ts";

/** Okabe and Ito's colours, which colour-blind readers can tell apart, in the order in which series get them. */
export const COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"] as const;

const HEIGHT = 280;
const ROW_PX = 26;

export interface Words {
  /** The finding, as a sentence. */
  readonly headline: string;
  /** What is drawn, with units. */
  readonly subtitle: string;
}

export interface Point {
  readonly x: number;
  readonly y: number;
  /** Ends of the interval. */
  readonly low?: number | undefined;
  readonly high?: number | undefined;
}

export interface Lines extends Words {
  /** Each series wears the colour given, or the next of {@link COLOURS}. Its name stands at its end. */
  readonly series: readonly { readonly name: string; readonly points: readonly Point[]; readonly colour?: string }[];
  /** Title of the axis, with its unit, and whether it is logarithmic. */
  readonly x: { readonly title: string; readonly log?: boolean };
  readonly y: { readonly title: string; readonly log?: boolean; readonly most?: number };
  /** A level to keep to, such as a goal. */
  readonly level?: { readonly y: number; readonly text: string };
  /** A value of x to mark, such as the present one. */
  readonly now?: { readonly x: number; readonly text: string };
}

/** Lines over a common axis, with their points, and their intervals as bands. Points above `y.most` are left out. */
export function lines({ series, x, y, level, now, ...words }: Lines): TopLevelSpec {
  const names = series.map(({ name }) => name);
  const widest = Math.max(...names.map((name) => textWidth(name, TEXT_SIZE)));
  const room = layout({}, { left: 52, right: widest + 18 }, { left: 52, right: widest + 18 });
  const most = y.most ?? Number.POSITIVE_INFINITY;
  const drawn = series.map(({ points, colour }, i) => ({
    colour: colour ?? COLOURS[i % COLOURS.length]!,
    points: points.filter((point) => point.y <= most),
  }));
  const all = drawn.flatMap(({ points }) => points);
  const xs = all.map((point) => point.x);
  const ys = [...all.flatMap((point) => [point.y, point.low ?? point.y, point.high ?? point.y]), level?.y ?? all[0]!.y];
  const domainX = [Math.min(...xs), Math.max(...xs)] as const;
  const top = Math.min(most, Math.max(...ys) * (y.log ? 1.1 : 1.05));
  const domainY = [y.log ? Math.min(...ys) / 1.1 : 0, top] as const;
  const share = (value: number, [low, high]: readonly [number, number], log: boolean | undefined) =>
    log ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low);
  const toY = (value: number) => HEIGHT * (1 - share(value, domainY, y.log));
  const axis = (of: { title: string; log?: boolean }, domain: readonly [number, number], title: string | null) =>
    ({
      type: "quantitative",
      scale: { type: of.log ? "log" : "linear", domain: domain.map((end) => rounded(end)), nice: false, clamp: true },
      axis: {
        title,
        ...(of.log ? { values: logTicks(domain[0], domain[1], 12), labelExpr: "format(datum.value, '~g')" } : {}),
      },
    }) as const;
  const positionX: Position = { field: "x", ...axis(x, domainX, x.title) };
  const positionY: Position = { field: "y", ...axis(y, domainY, null) };
  const places = dodge(
    drawn.map(({ points }) => toY(points.at(-1)!.y)),
    14,
    4,
    HEIGHT - 4,
  );
  const labels = drawn.map(({ points, colour }, i) => ({
    x: rounded(room.plot * share(points.at(-1)!.x, domainX, x.log)),
    y: rounded(places[i]!),
    text: names[i],
    colour: inked(colour),
  }));
  const strokes = drawn.flatMap(({ points, colour }): Layer[] => {
    const values = points.map((point) => ({
      x: rounded(point.x),
      y: rounded(point.y),
      ...(point.low === undefined ? {} : { low: rounded(point.low) }),
      ...(point.high === undefined ? {} : { high: rounded(Math.min(point.high, top)) }),
    }));
    const encoding = { x: positionX, y: positionY };
    const hasBand = points.some(({ low }) => low !== undefined);
    return [
      ...(hasBand
        ? [
            {
              data: { values },
              mark: { type: "area", color: colour, opacity: 0.2, aria: false },
              encoding: { x: positionX, y: { ...positionY, field: "low" }, y2: { field: "high" } },
            } satisfies Layer,
          ]
        : []),
      { data: { values }, mark: { type: "line", color: colour, strokeWidth: 2.2, aria: false }, encoding },
      ...(points.length <= 25
        ? [
            {
              data: { values },
              mark: { type: "circle", color: colour, size: 36, opacity: 1 },
              encoding,
            } satisfies Layer,
          ]
        : []),
    ];
  });
  return chart({ headline: words.headline, subtitle: `${words.subtitle} ${y.title}.` }, room, [
    {
      width: room.plot,
      height: HEIGHT,
      layer: [
        ...(level
          ? [
              {
                data: { values: [{ y: rounded(level.y) }] },
                mark: { type: "rule", color: INK, strokeDash: [5, 4], aria: false },
                encoding: { y: positionY },
              } satisfies Layer,
              {
                data: { values: [{ y: rounded(level.y), text: level.text }] },
                mark: { type: "text", align: "left", baseline: "bottom", dx: 4, dy: -3, color: INK },
                encoding: { x: { value: 0 }, y: positionY, text: { field: "text" } },
              } satisfies Layer,
            ]
          : []),
        ...(now
          ? [
              {
                data: { values: [{ x: rounded(now.x) }] },
                mark: { type: "rule", color: MUTED, strokeDash: [2, 3], aria: false },
                encoding: { x: positionX },
              } satisfies Layer,
              {
                data: { values: [{ x: rounded(now.x), text: now.text }] },
                mark: { type: "text", baseline: "bottom", color: MUTED, dy: -3 },
                encoding: { x: positionX, y: { value: 0 }, text: { field: "text" } },
              } satisfies Layer,
            ]
          : []),
        ...strokes,
        {
          data: { values: labels },
          mark: { type: "text", align: "left", baseline: "middle", dx: 9 },
          encoding: {
            x: pixels("x"),
            y: pixels("y"),
            text: { field: "text" },
            color: { field: "colour", type: "nominal", scale: null },
          },
        },
      ],
    },
  ]);
}

export interface Bar {
  readonly label: string;
  readonly value: number;
  /** What stands at the bar's end. */
  readonly text: string;
  readonly low?: number | undefined;
  readonly high?: number | undefined;
  /** Drawn in ink: what the others are compared with. */
  readonly reference?: boolean;
}

/** Horizontal bars from zero, with their values beside them and intervals as rules. */
export function bars({
  rows,
  title,
  log = false,
  ...words
}: Words & { rows: readonly Bar[]; title: string; log?: boolean }): TopLevelSpec {
  const left = Math.max(...rows.map(({ label }) => textWidth(label, TEXT_SIZE))) + 14;
  const right = Math.max(...rows.map(({ text }) => textWidth(text, TEXT_SIZE))) + 14;
  const room = layout({}, { left, right }, { left, right });
  const values = rows.map(({ label, text, value, low, high, reference }, index) => ({
    index,
    label,
    text,
    value: rounded(value),
    low: rounded(low ?? value),
    high: rounded(high ?? value),
    end: rounded(Math.max(high ?? value, value)),
    colour: reference ? INK : NEUTRAL,
  }));
  const ends = values.map(({ end }) => end);
  const least = Math.min(...values.map(({ low }) => low));
  const domain = log ? [least / 1.3, Math.max(...ends) * 1.05] : [0, Math.max(...ends) * 1.02];
  const x: Position = {
    type: "quantitative",
    scale: { type: log ? "log" : "linear", domain: domain.map((end) => rounded(end)), nice: false },
    axis: {
      title,
      ...(log ? { values: logTicks(domain[0]!, domain[1]!, 10), labelExpr: "format(datum.value, '~g')" } : {}),
    },
  };
  const y: Position = { field: "index", type: "ordinal", axis: null, scale: { padding: 0.35 } };
  const colour = { field: "colour", type: "nominal", scale: null } as const;
  return chart(words, room, [
    {
      width: room.plot,
      height: rows.length * ROW_PX,
      data: { values },
      layer: [
        log
          ? {
              mark: { type: "circle", size: 70, opacity: 1 },
              encoding: { x: { ...x, field: "value" }, y, color: colour },
            }
          : { mark: { type: "bar", height: 14 }, encoding: { x: { ...x, field: "value" }, y, color: colour } },
        {
          mark: { type: "rule", color: log ? NEUTRAL : FAINT, strokeWidth: 2, aria: false },
          encoding: { x: { ...x, field: "low" }, x2: { field: "high" }, y },
        },
        {
          mark: { type: "text", align: "right", baseline: "middle", color: INK, aria: false },
          encoding: { x: { value: -8 }, y, text: { field: "label" } },
        },
        {
          mark: { type: "text", align: "left", baseline: "middle", dx: 8, color: INK, aria: false },
          encoding: { x: { ...x, field: "end" }, y, text: { field: "text" } },
        },
      ],
    },
  ]);
}

export interface Against extends Words {
  readonly points: readonly (Record<"x" | "y" | "low" | "high", number> & { readonly series: string })[];
  /** Relative error to both sides of equality that is drawn as a band. */
  readonly band: number;
  /** Titles of the axes, with units. */
  readonly x: string;
  readonly y: string;
}

/** Points around the diagonal of two equal logarithmic axes; each series has a colour and a shape. */
export function against({ points, band, x, y, ...words }: Against): TopLevelSpec {
  const names = [...new Set(points.map(({ series }) => series))];
  const room = layout({}, { left: 60, right: 150 }, { left: 60, right: 150 });
  const all = points.flatMap((point) => [point.x, point.low, point.high]);
  const low = Math.min(...all) / 1.15;
  const high = Math.max(...all) * 1.15;
  const scale = { type: "log" as const, domain: [rounded(low), rounded(high)], nice: false };
  const ticks = { values: logTicks(low, high, 12), labelExpr: "format(datum.value, '~g')" };
  const positionX: Position = { field: "x", type: "quantitative", scale, axis: { ...ticks, title: x } };
  const positionY: Position = { field: "y", type: "quantitative", scale, axis: { ...ticks, title: y } };
  const size = Math.min(room.plot, 430);
  const shapes = ["circle", "square", "triangle-up", "diamond", "cross"];
  const key = names.map((name, i) => ({ text: name, y: 12 + 18 * i, colour: COLOURS[i], shape: shapes[i] }));
  const ends = [low, high].map((x) => ({ x: rounded(x), y: rounded(x / (1 + band)), high: rounded(x * (1 + band)) }));
  const colour = { field: "colour", type: "nominal", scale: null } as const;
  const shape = { field: "shape", type: "nominal", scale: null } as const;
  const values = points.map((point) => ({
    ...Object.fromEntries((["x", "y", "low", "high"] as const).map((name) => [name, rounded(point[name])])),
    colour: COLOURS[names.indexOf(point.series)],
    shape: shapes[names.indexOf(point.series)],
  }));
  return chart(words, room, [
    {
      width: size,
      height: size,
      layer: [
        {
          data: { values: ends },
          mark: { type: "area", color: FAINT, opacity: 0.6, clip: true, aria: false },
          encoding: { x: positionX, y: positionY, y2: { field: "high" } },
        },
        {
          data: { values: ends.map((end) => ({ x: end.x, y: end.x })) },
          mark: { type: "line", color: MUTED, strokeWidth: 1, aria: false },
          encoding: { x: positionX, y: positionY },
        },
        {
          data: { values },
          mark: { type: "rule", opacity: 0.35, aria: false },
          encoding: { x: positionX, y: { ...positionY, field: "low" }, y2: { field: "high" }, color: colour },
        },
        {
          data: { values },
          mark: { type: "point", filled: true, size: 42, opacity: 1 },
          encoding: { x: positionX, y: positionY, color: colour, shape },
        },
        {
          data: { values: key },
          mark: { type: "point", filled: true, size: 60, opacity: 1, xOffset: 16 },
          encoding: { x: { value: size }, y: pixels("y"), color: colour, shape },
        },
        {
          data: { values: key },
          mark: { type: "text", align: "left", baseline: "middle", dx: 28, color: INK },
          encoding: { x: { value: size }, y: pixels("y"), text: { field: "text" } },
        },
      ],
    },
  ]);
}
