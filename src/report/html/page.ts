import { answer, winner } from "../answer.ts";
import { CHARTS } from "../charts/index.ts";
import type { ReportData } from "../data.ts";
import type { DrawnChart } from "../draw.ts";
import { byteSize, interval } from "../format.ts";
import { checksTable } from "./checks.ts";
import { limits } from "./limits.ts";
import { javaScript, json, Markup, markup } from "./markup.ts";
import { measurementFacts } from "./measurement.ts";
import { rankingTable } from "./ranking.ts";
import { SCRIPT } from "./script.ts";
import { STYLE } from "./style.ts";
import { topologyTable } from "./topology.ts";

/** The scripts that make charts interactive, as text: Vega's, Vega-Lite's and Vega-Embed's minified bundles. */
export interface Bundles {
  vega: string;
  vegaLite: string;
  vegaEmbed: string;
}

const POLICY =
  "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; " +
  "form-action 'none'";

/**
 * The report as one HTML document that needs nothing else: no network, no other file. With `bundles` its charts have
 * tooltips; without, and without JavaScript, they are pictures.
 */
export function html(data: ReportData, charts: readonly DrawnChart[], bundles?: Bundles): string {
  const { model } = data.profile;
  const best = winner(data);
  const page = markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${new Markup(POLICY)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${model.name} on ${data.topology.name} – Tierwise</title>
<style>${new Markup(STYLE)}</style>
</head>
<body>
<main>
<h1>${model.name} on ${data.topology.name}</h1>
<p class="answer">${answer(data)}.</p>
<p class="muted">${facts(data)}${best === undefined ? "" : ` The interval of the best is ${interval(best.low_s, best.high_s)}.`}</p>
<h2>Placements, each with its best cut</h2>
${rankingTable(data)}
<h2>Tiers and links</h2>
${topologyTable(data)}
${CHARTS.map(({ name, heading, missing }) => section(data, name, heading, charts, missing(data)))}
<h2>Assumptions and limits</h2>
${limits()}
<h2>How the profile was measured</h2>
${measurementFacts(data)}
</main>
${bundles === undefined ? "" : scripts(charts, bundles)}
</body>
</html>
`;
  return page.source;
}

function facts({ profile: { model, nodes, cuts }, codec }: ReportData): string {
  return (
    `Variant ${model.operator}: ${(model.parameters / 1e6).toFixed(1)} million parameters, ${byteSize(model.bytes)}, ` +
    `${nodes.length} nodes, ${cuts.length} cuts. Tensors travel as ${codec}.`
  );
}

function section(
  data: ReportData,
  name: string,
  heading: string,
  charts: readonly DrawnChart[],
  missing: string | undefined,
): Markup {
  const drawn = charts.find((chart) => chart.name === name);
  if (missing !== undefined) return markup`<h2>${heading}</h2><p class="muted">${missing}</p>\n`;
  if (drawn === undefined) return markup``;
  return markup`<section id="${name}"><h2>${heading}</h2>
<figure class="card" role="img" aria-label="${drawn.finding}">
<div class="wide">${new Markup(drawn.wide.svg)}</div><div class="narrow">${new Markup(drawn.narrow.svg)}</div>
</figure>${name === "selfCheck" ? checksTable(data) : ""}</section>
`;
}

function scripts(charts: readonly DrawnChart[], { vega, vegaLite, vegaEmbed }: Bundles): Markup {
  const specs = charts.map(({ name, wide: { spec } }) => {
    const { $schema: _, ...rest } = spec;
    return [name, rest] as const;
  });
  return markup`<script type="application/json" id="specs">${json(Object.fromEntries(specs))}</script>
${[vega, vegaLite, vegaEmbed, SCRIPT].map((source) => markup`<script>${javaScript(source)}</script>\n`)}`;
}
