import type { WithTiers } from "../data.ts";
import { tierColour } from "../palette.ts";
import { type Markup, markup } from "./markup.ts";

/** The facts of the tiers, each with its colour in the charts, and of the links between them. */
export function topologyTable(data: WithTiers): Markup {
  const { tiers, links } = data.topology;
  const tierRows = tiers.map(
    ({ name, text }) =>
      markup`<tr><td><span class="chip" style="background:${tierColour(data, name)}"></span>${name}</td><td>${text}</td></tr>
`,
  );
  const linkRows = links.map(
    ({ from, to, text }) => markup`<tr><td>${from} → ${to}</td><td>${text}</td></tr>
`,
  );
  return markup`<div class="card"><table class="facts"><tbody>${tierRows}${linkRows}</tbody></table></div>`;
}
