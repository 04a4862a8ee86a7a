import { createHash } from "node:crypto";
import type { TopLevelSpec } from "vega-lite";
import { toSvg, toVega } from "../src/report/index.ts";
import type { Exhibit } from "./exhibits.ts";

/** Where pictures lie, seen from `docs`. */
export const IMAGES = "images/gallery";

/** The gallery as a document. */
export function galleryDocument({ model, plan }: { model: readonly Exhibit[]; plan: readonly Exhibit[] }): string {
  return `# Gallery

Every chart of \`tierwise report\`: what it answers, and how to read it. All are drawn from files of this repository by

    npm run gallery

which measures nothing and writes the same each time. What is true of all of them: the headline is the finding, computed from the
data; units stand in titles; bars begin at 0, and an axis that is logarithmic says so; what can be named where it is has no legend;
colours are Okabe and Ito's, which colour-blind readers can tell apart, and a tier has the same one everywhere. Red is for what went
wrong.

## The report on a model

    npx tierwise report profiles/*.json --topology mobile-edge-cloud -o report/report.html --svg

${model.map(section).join("\n")}
## The report on a plan

    npx tierwise report --plan receipts-at-the-till --validation calibration/validation.json -o report/plan.html --svg

${plan.map(section).join("\n")}`;
}

function section({ name, heading, asks, reading, from, spec }: Exhibit): string {
  return `### ${heading}

**${asks}** ${reading}

![${finding(spec)}](${IMAGES}/${name}.svg)

\`${name}\`, drawn from ${from}.
`;
}

/** The chart's headline, which is what a picture says to those who do not see it. */
function finding({ title }: TopLevelSpec): string {
  const { text } = title as { text: string[] };
  return text.join(" ").replace(/[[\]]/g, "");
}

/** The chart as SVG. It ends with a digest of the compiled Vega that it was drawn from, which is what tests compare. */
export async function picture({ spec }: Pick<Exhibit, "spec">): Promise<string> {
  return `${await toSvg(spec)}\n<!-- compiled Vega: sha256 ${digest(spec)} -->\n`;
}

/** What the chart compiles to, in short. Fonts and the layout of text are no part of it. */
export function digest(spec: TopLevelSpec): string {
  return createHash("sha256")
    .update(JSON.stringify(toVega(spec)))
    .digest("hex");
}
