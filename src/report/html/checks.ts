import { relativeError, segmentName } from "../charts/selfCheck.ts";
import type { Check, ReportData } from "../data.ts";
import { duration, interval, percent } from "../format.ts";
import { type Markup, markup } from "./markup.ts";

/** The self-check's numbers, behind a summary: the chart above them says the same at a glance. */
export function checksTable({ checks }: ReportData): Markup {
  return markup`<details><summary>The numbers</summary><div class="card"><table>
<thead><tr><th>Segment</th><th class="number">Predicted</th><th class="number">Interval</th>
<th class="number">Measured</th><th class="number">Error</th></tr></thead>
<tbody>${checks.map(row)}</tbody></table></div></details>`;
}

function row(check: Check): Markup {
  const error = check.measured_s > 0 ? percent(relativeError(check)) : "–";
  return markup`<tr><td class="name">${segmentName(check)}</td><td class="number">${duration(check.predicted_s)}</td>
<td class="number muted">${interval(check.low_s, check.high_s)}</td>
<td class="number">${duration(check.measured_s)}</td><td class="number">${error.replace("-", "−")}</td></tr>
`;
}
