import path from "node:path";
import type { TopLevelSpec } from "vega-lite";
import { bitRate, duration, rounded } from "../src/report/format.ts";
import { toSvg } from "../src/report/index.ts";
import type { Layer, Position } from "../src/report/layers.ts";
import { FAINT, INK, inked, MUTED } from "../src/report/palette.ts";
import { logTicks } from "../src/report/scales.ts";
import { chart, type KeyEntry, key, layout, type Panel, TEXT_SIZE } from "../src/report/theme.ts";
import { ensureFolder, writeAtomically } from "../src/store/index.ts";
import type { Row, StudyResult } from "./study.ts";
import { OPERATORS, SUBJECTS } from "./subjects.ts";

/** Placements wear the colours that their tiers have in every chart (Okabe and Ito). */
const PLACEMENTS: readonly KeyEntry[] = [
  { label: "mobile", colour: "#E69F00" },
  { label: "edge", colour: "#009E73" },
  { label: "cloud", colour: "#0072B2" },
  { label: "mobile>edge", colour: "#8C6D31" },
];
const colourOf = (placement: string) => PLACEMENTS.find(({ label }) => label === placement)?.colour ?? MUTED;
const titleOf = (name: string) => SUBJECTS.find((subject) => subject.name === name)?.title ?? name;

/** Draws the study's charts into a folder. @returns their files */
export async function drawStudy(result: StudyResult, folder: string): Promise<string[]> {
  ensureFolder(folder);
  const charts: [name: string, spec: TopLevelSpec | undefined][] = [
    ["latencies", latencies(result)],
    ["published-predicted", publishedPredicted(result)],
    ["flips", flips(result)],
  ];
  const files: string[] = [];
  for (const [name, spec] of charts) {
    if (spec === undefined) continue;
    const file = path.join(folder, `${name}.svg`);
    writeAtomically(file, await toSvg(spec));
    files.push(file);
  }
  return files;
}

const nominal = (field: string) => ({ field, type: "nominal", scale: null }) as const;

function logarithmic(field: string, values: readonly number[], title: string | null, most = 8): Position {
  const [low, high] = [Math.min(...values) / 1.3, Math.max(...values) * 1.3];
  return {
    field,
    type: "quantitative",
    scale: { type: "log", domain: [rounded(low), rounded(high)], nice: false },
    axis: {
      title,
      values: logTicks(low, high, most),
      labelExpr: "datum.value >= 1 ? datum.value + ' s' : datum.value * 1000 + ' ms'",
    },
  };
}

/** Predicted latencies of every operator and placement, with intervals; published medians as rings. */
export function latencies({ predictions: { rows } }: StudyResult): TopLevelSpec {
  const room = layout({}, { left: 104, right: 16 }, { left: 96, right: 8 });
  const values = rows.flatMap(({ low_s, high_s, published_s }) => [low_s, high_s, published_s ?? low_s]);
  const subjects = [...new Set(rows.map(({ subject }) => subject))];
  const measured = rows.some(({ published_s }) => published_s !== null);
  const disagreeing = rows.filter((row) => row.published_s !== null && !row.fitted && !isInside(row)).length;
  const compared = rows.filter((row) => row.published_s !== null && !row.fitted).length;
  return chart(
    {
      headline: measured
        ? `${compared - disagreeing} of ${compared} published medians lie within the predicted intervals`
        : "Predicted latencies, not calibrated: no published runs were at hand",
      subtitle:
        "Latency of a request as the study made it, logarithmic. Dots and lines: predicted, 90 % of joint draws. Rings: published medians" +
        " (squares: fitted). mobile>edge is cut where the study cut.",
    },
    room,
    [
      key(PLACEMENTS, room),
      ...subjects.map((subject, i) => latencyPanel(rows, subject, values, room.plot, i === subjects.length - 1)),
    ],
    28,
  );
}

const isInside = ({ published_s, low_s, high_s }: Row) => published_s! >= low_s && published_s! <= high_s;

function latencyPanel(
  rows: readonly Row[],
  subject: string,
  all: readonly number[],
  width: number,
  last: boolean,
): Panel {
  const order = PLACEMENTS.map(({ label }) => label);
  const own = rows
    .filter((row) => row.subject === subject)
    .map((row) => ({
      operator: row.operator,
      offset: order.indexOf(row.placement),
      colour: colourOf(row.placement),
      low: rounded(row.low_s),
      high: rounded(row.high_s),
      predicted: rounded(row.predicted_s),
      published: row.published_s === null ? null : rounded(row.published_s),
      fitted: row.fitted,
      about: `${row.placement}: ${duration(row.predicted_s)}`,
    }));
  const x = logarithmic("predicted", all, last ? "latency" : null);
  const y = {
    field: "operator",
    type: "nominal",
    sort: [...OPERATORS],
    scale: { paddingInner: 0.3, paddingOuter: 0.15 },
    axis: { title: titleOf(subject), titleFontWeight: "bold", titleColor: INK, ticks: false, domain: false },
  } as const;
  const yOffset = { field: "offset", type: "ordinal", sort: [0, 1, 2, 3] } as const;
  const color = nominal("colour");
  const layers: Layer[] = [
    {
      mark: { type: "rule", strokeWidth: 2, opacity: 0.55 },
      encoding: { y, yOffset, color, x: { ...x, field: "low" }, x2: { field: "high" } },
    },
    {
      mark: { type: "circle", size: 22, opacity: 1 },
      encoding: { y, yOffset, color, x },
    },
    {
      transform: [{ filter: "datum.published !== null && !datum.fitted" }],
      mark: { type: "point", shape: "circle", size: 44, stroke: INK, strokeWidth: 1.3, filled: false },
      encoding: { y, yOffset, x: { ...x, field: "published" } },
    },
    {
      transform: [{ filter: "datum.published !== null && datum.fitted" }],
      mark: { type: "point", shape: "square", size: 36, stroke: INK, strokeWidth: 1.3, filled: false },
      encoding: { y, yOffset, x: { ...x, field: "published" } },
    },
  ];
  return { width, height: { step: 7 }, data: { values: own }, layer: layers } as Panel;
}

/** Published against predicted medians, where there are both. */
export function publishedPredicted({ predictions: { rows } }: StudyResult): TopLevelSpec | undefined {
  const both = rows.filter(({ published_s, fitted }) => published_s !== null && !fitted);
  if (both.length === 0) return undefined;
  const room = layout({ width: 560 }, { left: 56, right: 120 }, { left: 48, right: 60 });
  const values = both.flatMap(({ published_s, low_s, high_s }) => [published_s!, low_s, high_s]);
  const [low, high] = [Math.min(...values) / 1.3, Math.max(...values) * 1.3];
  const errors = both
    .map(({ published_s, predicted_s }) => Math.abs(Math.log(predicted_s / published_s!)))
    .sort((a, b) => a - b);
  const typical = Math.exp(errors[Math.floor(errors.length / 2)]!);
  const x = logarithmic("published", [low, high], "published median");
  const y = logarithmic("predicted", [low, high], "predicted");
  const data = both.map(({ subject, operator, placement, published_s, predicted_s, low_s, high_s }) => ({
    what: `${operator}, ${subject}`,
    integer: /sptq|qat/.test(operator),
    colour: colourOf(placement),
    published: rounded(published_s!),
    predicted: rounded(predicted_s),
    low: rounded(low_s),
    high: rounded(high_s),
  }));
  const diagonal = [
    { published: low, predicted: low },
    { published: high, predicted: high },
  ];
  return chart(
    {
      headline: `Half of the predictions are within a factor of ${typical.toFixed(2)} of the published medians`,
      subtitle:
        "Deployments whose runs were not fitted. Lines: 90 % of joint draws. Rings: integer kernels (sptq, qat). The dotted line is equality.",
    },
    room,
    [
      key(PLACEMENTS, room),
      {
        width: room.plot,
        height: room.plot,
        layer: [
          { data: { values: diagonal }, mark: { type: "line", color: MUTED, strokeDash: [2, 3] }, encoding: { x, y } },
          {
            data: { values: data },
            mark: { type: "rule", opacity: 0.45 },
            encoding: { x, y: { ...y, field: "low" }, y2: { field: "high" }, color: nominal("colour") },
          },
          {
            data: { values: data },
            transform: [{ filter: "!datum.integer" }],
            mark: { type: "circle", size: 46, opacity: 1 },
            encoding: { x, y, color: nominal("colour") },
          },
          {
            data: { values: data },
            transform: [{ filter: "datum.integer" }],
            mark: { type: "point", size: 46, strokeWidth: 2, filled: false, opacity: 1 },
            encoding: { x, y, color: nominal("colour") },
          },
        ],
      },
    ],
  );
}

/** Latency over the second link's bandwidth, a panel a model, with the bandwidth from which on Cloud is fastest. */
export function flips({ beyond }: StudyResult): TopLevelSpec {
  const room = layout({}, { left: 58, right: 16 }, { left: 50, right: 8 });
  const subjects = [...new Set(beyond.curves.map(({ subject }) => subject))];
  const found = beyond.flips.filter(({ operator }) => operator === "identity");
  const parts = found.map(
    ({ subject, bandwidth_bps }) =>
      `${titleOf(subject)} ${bandwidth_bps === null ? "never" : `from ${bitRate(Number(bandwidth_bps.toPrecision(2)))}`}`,
  );
  const lowest = 1e3;
  const highest = 1e9;
  return chart(
    {
      headline: `Cloud is the fastest: ${parts.join(", ")}`,
      subtitle:
        "Predicted latency over the bandwidth from edge to cloud, both logarithmic; the model as it is, sessions and codecs as in the study. Grey: the bandwidth at which" +
        " Cloud overtakes, 90 % of joint draws; dashed: 1 and 200 Mbit/s, which the study set.",
    },
    room,
    [
      key(PLACEMENTS, room),
      ...subjects.map((subject, i): Panel => {
        const lines = beyond.curves.filter((curve) => curve.subject === subject);
        const points = lines.flatMap(({ placement, points: own }) =>
          own
            .filter((_, at) => at % 2 === 0 || at === own.length - 1)
            .map(({ bandwidth_bps, latency_s }) => ({
              placement,
              colour: colourOf(placement),
              mbps: rounded(bandwidth_bps / 1e6),
              s: rounded(latency_s),
            })),
        );
        const stay = points.filter(({ placement }) => placement !== "cloud").map(({ s }) => s);
        const top = Math.max(...stay) * 6;
        const low = Math.min(...points.map(({ s }) => s));
        const x: Position = {
          field: "mbps",
          type: "quantitative",
          scale: { type: "log", domain: [lowest / 1e6, highest / 1e6], nice: false },
          axis: {
            title: i === subjects.length - 1 ? "bandwidth from edge to cloud" : null,
            values: [0.001, 0.01, 0.1, 1, 10, 100, 1000],
            labelExpr: "datum.value >= 1 ? datum.value + ' Mbit/s' : datum.value * 1000 + ' kbit/s'",
          },
        };
        const y = logarithmic("s", [low, top], titleOf(subject), 7);
        const own = found.find((one) => one.subject === subject);
        const band =
          own && own.low_bps !== null ? [{ from: own.low_bps / 1e6, to: (own.high_bps ?? highest) / 1e6 }] : [];
        return {
          width: room.plot,
          height: 120,
          layer: [
            {
              data: { values: band },
              mark: { type: "rect", color: FAINT, opacity: 0.7 },
              encoding: { x: { ...x, field: "from" }, x2: { field: "to" } },
            },
            {
              data: { values: [{ mbps: 1 }, { mbps: 200 }] },
              mark: { type: "rule", color: MUTED, strokeDash: [3, 3] },
              encoding: { x },
            },
            {
              data: { values: points },
              mark: { type: "line", strokeWidth: 2, clip: true },
              encoding: { x, y, color: nominal("colour"), detail: { field: "placement", type: "nominal" } },
            },
            {
              data: {
                values: own?.bandwidth_bps
                  ? [{ mbps: own.bandwidth_bps / 1e6, text: bitRate(Number(own.bandwidth_bps.toPrecision(2))) }]
                  : [],
              },
              mark: {
                type: "text",
                align: "left",
                baseline: "bottom",
                dx: -14,
                dy: -2,
                color: inked("#0072B2"),
                fontSize: TEXT_SIZE,
              },
              encoding: { x, y: { value: 0 }, text: { field: "text" } },
            },
          ],
        };
      }),
    ],
    38,
  );
}
