import type { ErrorSummary, Validation } from "../../formats/validation.ts";
import { counted, duration, interval, percent } from "../format.ts";
import type { PlanReport } from "../plandata.ts";
import { type Markup, markup } from "./markup.ts";

/** How far predictions were off measured runs: beside the chart, in numbers. */
export function validationTables({ validation, validation_of }: PlanReport): Markup {
  if (validation === undefined) return markup``;
  const { n, n_fit, rows, coverage_90, interval_90, noise_floor, baselines, groups } = validation;
  const floor = noise_floor
    ? ` One repeat of a cell predicts another to ${percent(noise_floor.median_ape)} in the median (${percent(noise_floor.mape)} on average): so far do single runs scatter.`
    : "";
  return markup`<p>${counted(n, "cell")} of ${counted(rows, "real run")}${validation_of === undefined ? "" : ` (${validation_of})`},
predicted from ${n_fit > 0 ? `${counted(n_fit, "other cell")} that parameters were fitted to` : "a calibration"}. 90 % intervals are ±${percent(interval_90)} wide in the median
and hold ${percent(coverage_90)} of the cells.${floor}</p>
<div class="card"><table>
<thead><tr><th>Predicted by</th>${HEADS}</tr></thead>
<tbody><tr class="first"><td>Tierwise</td>${errors(validation)}</tr>
${baselines.map((baseline) => markup`<tr><td>${baseline.name}</td>${errors(baseline)}</tr>`)}</tbody></table></div>
${groups.length > 0 ? groupTable(groups) : ""}`;
}

const HEADS = markup`<th class="number">Cells</th><th class="number">Mean error</th><th class="number">Median</th><th class="number">Within ±10 %</th><th class="number">Worst</th>`;

function errors({ n, mape, median_ape, within_10, worst }: ErrorSummary): Markup {
  return markup`<td class="number">${n}</td><td class="number">${percent(mape)}</td><td class="number">${percent(median_ape)}</td>
<td class="number">${percent(within_10)}</td><td class="number">${percent(worst)}</td>`;
}

function groupTable(groups: Validation["groups"]): Markup {
  const kept = groups.filter(({ by }) => by !== "cut");
  return markup`<details><summary>By model, operator, placement, codec and session</summary><div class="card"><table>
<thead><tr><th></th><th></th>${HEADS}<th class="number">In the interval</th></tr></thead>
<tbody>${kept.map(
    (group) =>
      markup`<tr><td class="muted">${group.by}</td><td class="name">${group.value}</td>${errors(group)}<td class="number">${percent(group.coverage_90)}</td></tr>
`,
  )}</tbody></table></div></details>`;
}

/** The choices as a calibration corrects them. */
export function calibratedTable({ calibrated }: PlanReport): Markup {
  if (calibrated.length === 0) return markup``;
  const beyond = [...new Set(calibrated.flatMap(({ extrapolates }) => extrapolates))];
  return markup`<p>The same choices, corrected by what measured runs showed, with intervals that hold 90 %:</p>
<div class="card"><table>
<thead><tr><th>Operator</th><th>Placement</th><th class="number">Latency</th><th class="number">90 % interval</th></tr></thead>
<tbody>${calibrated.map(
    ({ operator, placement, latency_s, low_s, high_s }) =>
      markup`<tr><td>${operator}</td><td>${placement}</td><td class="number">${duration(latency_s)}</td><td class="number">${interval(low_s, high_s)}</td></tr>
`,
  )}</tbody></table></div>
${beyond.length > 0 ? markup`<p class="muted">No measured run of the calibration had: ${beyond.join(", ")}.</p>` : ""}`;
}
