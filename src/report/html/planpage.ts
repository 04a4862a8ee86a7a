import { PLAN_CHARTS } from "../charts/index.ts";
import { choiceName, isLoaded, objectiveText, pathAmount, pathInWords } from "../choices.ts";
import type { DrawnChart } from "../draw.ts";
import { duration, interval, percent } from "../format.ts";
import type { PlanReport } from "../plandata.ts";
import { alternativesTable } from "./alternatives.ts";
import { assumptions, variantsTable } from "./assumptions.ts";
import { calibratedTable, validationTables } from "./evidence.ts";
import { type Markup, markup } from "./markup.ts";
import { type Bundles, figure, shell } from "./shell.ts";
import { topologyTable } from "./topology.ts";

/** The report on a plan as one HTML document that needs nothing else; see {@link shell}. */
export function planHtml(data: PlanReport, charts: readonly DrawnChart[], bundles?: Bundles): string {
  const { question, plan } = data;
  const title = question.name;
  const show = (name: string, after: Markup = markup``) => section(data, name, charts, after);
  const main = markup`<h1>${title}${question.description === "" ? "" : `: ${question.description}`}</h1>
<p class="answer">${plan.explanation.sentence}</p>
<p class="muted">${intervalText(data)}</p>
<h2>The question</h2>
${questionText(data)}
<h2>Alternatives</h2>
${alternativesTable(data)}
${show("stagesOfChoices")}
${show("accuracyFront")}
${show("underLoad")}
<h2>What binds</h2>
${bindingText(data)}
${show("flips", flipsTable(data))}
${show("tornado")}
${plan.moving === undefined ? "" : show("overTrace")}
${show("predictedMeasured", markup`${validationTables(data)}${calibratedTable(data)}`)}
<h2>Assumptions</h2>
${assumptions(data)}
${topologyTable(data)}
<h2>Variants</h2>
${variantsTable(data)}
<h2>Caveats</h2>
${caveats(data)}`;
  return shell(title, main, charts, bundles);
}

function section(data: PlanReport, name: string, charts: readonly DrawnChart[], after: Markup): Markup {
  const { heading, missing } = PLAN_CHARTS.find((chart) => chart.name === name)!;
  const drawn = charts.find((chart) => chart.name === name);
  const reason = missing(data);
  const body = drawn === undefined ? markup`<p class="muted">${reason ?? ""}</p>` : figure(drawn);
  return markup`<section id="${name}"><h2>${heading}</h2>
${body}${after}</section>
`;
}

function intervalText({ plan, calibrated }: PlanReport): string {
  const { best, at } = plan;
  const sentences = [
    `Alone, a request takes ${duration(best.latency_s)}, ${interval(best.low_s, best.high_s)} as far as the profile's sampling error goes (95 %).`,
  ];
  if (best.under_load) {
    const { value, low, high } = best.under_load[at as "mean" | "p50" | "p95" | "p99"];
    sentences.unshift(
      `Under load the ${at} is ${duration(value)}, ${interval(Math.max(low, 0), high)} as far as the simulation's error goes (95 %).`,
    );
  }
  const corrected = calibrated.find(
    ({ operator, placement }) => operator === best.operator && placement === best.placement,
  );
  if (corrected) {
    sentences.push(
      `Corrected by measured runs it is ${duration(corrected.latency_s)}, ${interval(corrected.low_s, corrected.high_s)} in 90 of 100 cases.`,
    );
  }
  return sentences.join(" ");
}

function questionText(data: PlanReport): Markup {
  const { question, plan, topology, variants } = data;
  const measure =
    plan.objective === "latency" && isLoaded(data)
      ? `${plan.at === "mean" ? "mean latency" : `${plan.at} of latency`} under load`
      : plan.objective;
  const facts: [string, string][] = [
    ["Wanted", `the ${plan.objective === "throughput" ? "most" : "least"} ${measure}`],
    ["Under", question.constraints.length > 0 ? question.constraints.join("; ") : "no constraint"],
    ["Load", question.load.length > 0 ? question.load.join("; ") : "one request at a time"],
    [
      "Among",
      `${variants.map(({ operator }) => operator).join(", ")} on ${topology.tiers.map(({ name }) => name).join(", ")} (${topology.name})`,
    ],
    [
      "Searched",
      `${plan.searched.candidates} combinations of operator, setting, placement and codec, each over its cuts${plan.searched.exact ? "; the answer is exact" : ""}`,
    ],
  ];
  return markup`<dl>${facts.map(([term, text]) => markup`<dt>${term}</dt><dd>${text}</dd>`)}</dl>`;
}

function bindingText({ plan, question }: PlanReport): Markup {
  const { binding, runner_up } = plan.explanation;
  const next = runner_up
    ? markup`<li>The next best, ${choiceName(runner_up)}, costs ${percent(runner_up.costs_more)} more ${plan.objective}.</li>`
    : "";
  if (binding.length === 0) {
    const text =
      question.constraints.length === 0
        ? "There is no constraint."
        : "No constraint costs anything: without them the answer is the same.";
    return markup`<ul><li>${text}</li>${next}</ul>`;
  }
  return markup`<ul>${binding.map(
    ({ constraint, without, gain }) =>
      markup`<li><b>${constraint}</b>: without it, ${without}, ${percent(gain)} better.</li>`,
  )}${next}</ul>`;
}

function flipsTable({ plan }: PlanReport): Markup {
  const { flips } = plan.explanation;
  if (flips.length === 0) return markup``;
  return markup`<details><summary>The numbers</summary><div class="card"><table>
<thead><tr><th>Figure</th><th class="number">Now</th><th class="number">Changes at</th><th>Then best</th></tr></thead>
<tbody>${flips.map(
    ({ path, now, at, to }) =>
      markup`<tr><td>${pathInWords(path)}</td><td class="number">${pathAmount(path, now)}</td><td class="number">${pathAmount(path, at)}</td><td>${choiceName(to)}</td></tr>
`,
  )}</tbody></table></div></details>`;
}

function caveats(data: PlanReport): Markup {
  const { plan, validation } = data;
  const own = [
    ...plan.explanation.caveats,
    ...(validation === undefined ? ["Nothing here was compared with measured runs."] : []),
    ...(data.calibrated.length === 0
      ? ["No calibration corrects these figures: they come from profiles and stated facts alone."]
      : []),
  ];
  return markup`<ul>${own.map((text) => markup`<li>${text}</li>`)}</ul>
<p class="muted">The choice: ${choiceName(plan.best)}, ${objectiveText(data, plan.best)}.</p>`;
}
