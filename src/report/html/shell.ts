import type { DrawnChart } from "../draw.ts";
import { javaScript, json, Markup, markup } from "./markup.ts";
import { SCRIPT } from "./script.ts";
import { STYLE } from "./style.ts";

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
 * A page that needs nothing else: no network, no other file. With `bundles` its charts have tooltips; without, and
 * without JavaScript, they are pictures.
 */
export function shell(title: string, main: Markup, charts: readonly DrawnChart[], bundles?: Bundles): string {
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${new Markup(POLICY)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} – Tierwise</title>
<style>${new Markup(STYLE)}</style>
</head>
<body>
<main>
${main}
</main>
${bundles === undefined ? "" : scripts(charts, bundles)}
</body>
</html>
`.source;
}

/** A chart, for a screen and for a phone. */
export function figure({ finding, wide, narrow }: DrawnChart): Markup {
  return markup`<figure class="card" role="img" aria-label="${finding}">
<div class="wide">${new Markup(wide.svg)}</div><div class="narrow">${new Markup(narrow.svg)}</div>
</figure>`;
}

/** Text that may go on in a new line after each ">": a placement. */
export function breakable(placement: string): Markup {
  const tiers = placement.split(">");
  return markup`${tiers.map((tier, index) => (index === 0 ? markup`${tier}` : markup`&gt;<wbr>${tier}`))}`;
}

function scripts(charts: readonly DrawnChart[], { vega, vegaLite, vegaEmbed }: Bundles): Markup {
  const specs = charts.map(({ name, wide: { spec } }) => {
    const { $schema: _, ...rest } = spec;
    return [name, rest] as const;
  });
  return markup`<script type="application/json" id="specs">${json(Object.fromEntries(specs))}</script>
${[vega, vegaLite, vegaEmbed, SCRIPT].map((source) => markup`<script>${javaScript(source)}</script>\n`)}`;
}
