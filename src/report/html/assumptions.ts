import { percent } from "../format.ts";
import type { PlanReport, PlanVariantFacts } from "../plandata.ts";
import { type Markup, markup } from "./markup.ts";

/** What was stated rather than measured, and what was measured when and where. */
export function assumptions({ question, plan }: PlanReport): Markup {
  const alone = plan.best.under_load === undefined;
  return markup`<ul>
<li><b>Speeds of tiers</b> are what the topology states, in the notes below: profiled times are divided by them.</li>
<li><b>Links</b> carry their stated bandwidth and delay; there is no TCP slow start.</li>
<li><b>Sessions</b> are ${question.session === "warm" ? "warm: models are loaded before the request" : "cold: each request loads its model"}.</li>
<li><b>Load</b>: ${alone ? "one request at a time. Queues would lengthen these latencies" : "waits are simulated; a latency alone has none"}.</li>
<li><b>Intervals</b> of latencies alone hold the profiles' sampling error (95 %) and nothing else: not the error of the cost
model, nor of what is stated.${alone ? "" : " Those of latencies under load hold the simulation's own (95 %)."}</li>
<li><b>Accuracies</b> are taken from where the scenario says they are from, never predicted.</li>
</ul>`;
}

/** The variants, with how good they are and how their profiles were measured. */
export function variantsTable({ variants }: PlanReport): Markup {
  return markup`<div class="card"><table>
<thead><tr><th>Operator</th><th class="number">Accuracy</th><th>Profiled</th></tr></thead>
<tbody>${variants.map(
    (
      variant,
    ) => markup`<tr><td>${variant.operator}</td><td class="number">${accuracyText(variant)}</td><td>${profileText(variant)}</td></tr>
`,
  )}</tbody></table></div>`;
}

function accuracyText({ accuracy }: PlanVariantFacts): Markup {
  if (accuracy === null) return markup`not known`;
  const { value, low, high, source } = accuracy;
  const range = low !== undefined && high !== undefined ? `${percent(low, 1)}–${percent(high, 1)}` : "";
  return markup`${percent(value, 1)}<br><span class="range">${[range, source ?? ""].filter(Boolean).join(", ")}</span>`;
}

function profileText({
  model,
  cpu,
  runtime,
  threads,
  created,
  load_average,
  converged,
  relative_ci,
  transferred,
}: PlanVariantFacts): string {
  if (transferred !== undefined) return `${model}: not measured; ${transferred}`;
  return (
    `${model} on ${cpu}, ${threads} ${threads === 1 ? "thread" : "threads"}, ${runtime}, ${created.slice(0, 10)}, load average ` +
    `${load_average.toFixed(1)} before measuring, median known to ±${percent(relative_ci)}${converged ? "" : ", not converged"}`
  );
}
