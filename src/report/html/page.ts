import { answer, winner } from "../answer.ts";
import { CHARTS } from "../charts/index.ts";
import type { ReportData } from "../data.ts";
import type { DrawnChart } from "../draw.ts";
import { byteSize, interval } from "../format.ts";
import { checksTable } from "./checks.ts";
import { limits } from "./limits.ts";
import { type Markup, markup } from "./markup.ts";
import { measurementFacts } from "./measurement.ts";
import { rankingTable } from "./ranking.ts";
import { type Bundles, figure, shell } from "./shell.ts";
import { topologyTable } from "./topology.ts";

/** The report on a model as one HTML document that needs nothing else; see {@link shell}. */
export function html(data: ReportData, charts: readonly DrawnChart[], bundles?: Bundles): string {
  const { model } = data.profile;
  const best = winner(data);
  const title = `${model.name} on ${data.topology.name}`;
  const main = markup`<h1>${title}</h1>
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
${measurementFacts(data)}`;
  return shell(title, main, charts, bundles);
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
${figure(drawn)}${name === "selfCheck" ? checksTable(data) : ""}</section>
`;
}
