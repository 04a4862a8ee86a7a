import type { Prediction } from "../../formats/prediction.ts";
import { ranking } from "../answer.ts";
import type { ReportData } from "../data.ts";
import { byteSize, duration, interval } from "../format.ts";
import { type Markup, markup } from "./markup.ts";
import { breakable } from "./shell.ts";

/** The placements, best first, each with its best cut. */
export function rankingTable(data: ReportData): Markup {
  const ranked = ranking(data);
  const slowest = Math.max(...ranked.map(({ latency_s }) => latency_s));
  return markup`<div class="card"><table>
<thead><tr><th>Placement</th><th>Cut after</th><th class="number">Latency</th>
<th class="number">Transferred</th><th class="wide">Codec</th><th>Fits</th></tr></thead>
<tbody>${ranked.map((prediction, index) => row(prediction, index === 0 && prediction.feasible, slowest))}</tbody>
</table></div>`;
}

function row(prediction: Prediction, first: boolean, slowest: number): Markup {
  const { placement, cut, codec, latency_s, low_s, high_s, transferred_bytes, feasible } = prediction;
  const share = slowest > 0 ? Math.round((latency_s / slowest) * 100) : 0;
  return markup`<tr class="${first ? "first" : feasible ? "" : "muted"}"><td>${breakable(placement)}</td>
<td class="name">${cut ?? "–"}</td>
<td class="number">${duration(latency_s)}<span class="bar" style="width:${share}%"></span>
<span class="range">${interval(low_s, high_s)}</span></td>
<td class="number">${transferred_bytes > 0 ? byteSize(transferred_bytes) : "–"}</td><td class="wide">${codec}</td>
<td>${feasible ? "yes" : markup`<span class="bad">no</span>: ${prediction.infeasible_because ?? "too little memory"}`}</td></tr>
`;
}
