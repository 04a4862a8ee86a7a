import type { PlanChoice } from "../../formats/planresult.ts";
import { choices, isLoaded, objectiveText } from "../choices.ts";
import { byteSize, duration, interval, percent } from "../format.ts";
import type { PlanReport } from "../plandata.ts";
import { type Markup, markup } from "./markup.ts";
import { breakable } from "./shell.ts";

const MOST_ROWS = 12;

/** The choices, best first, with what each comes to; figures that nobody knows have no column. */
export function alternativesTable(data: PlanReport): Markup {
  const all = choices(data);
  const shown = all.slice(0, MOST_ROWS);
  const columns = columnsOf(data, shown);
  return markup`<div class="card"><table>
<thead><tr><th>Operator</th><th>Placement</th><th>Cut after</th>${columns.map(({ title }) => markup`<th class="number">${title}</th>`)}</tr></thead>
<tbody>${shown.map(
    (choice, index) => markup`<tr class="${index === 0 ? "first" : ""}"><td>${choice.operator}${settings(choice)}</td>
<td>${breakable(choice.placement)}</td><td class="name">${choice.cut ?? "–"}</td>${columns.map(({ cell }) => markup`<td class="number">${cell(choice)}</td>`)}</tr>
`,
  )}</tbody></table></div>
${all.length > shown.length ? markup`<p class="muted">The best ${shown.length} of ${all.length}; each is the best cut of its operator and placement.</p>` : ""}`;
}

interface Column {
  title: string;
  cell: (choice: PlanChoice) => Markup;
}

function columnsOf(data: PlanReport, shown: readonly PlanChoice[]): Column[] {
  const knows = (of: (choice: PlanChoice) => unknown) => shown.some((choice) => (of(choice) ?? null) !== null);
  const text = (value: string) => markup`${value}`;
  const loaded = (name: "p50" | "p95" | "p99"): Column => ({
    title: name,
    cell: ({ under_load }) =>
      text(
        under_load === undefined
          ? "–"
          : under_load.overloaded.length > 0
            ? "overload"
            : duration(under_load[name].value),
      ),
  });
  return [
    {
      title: isLoaded(data) ? "Alone" : "Latency",
      cell: ({ latency_s, low_s, high_s }) =>
        markup`${duration(latency_s)}<br><span class="range">${interval(low_s, high_s)}</span>`,
    },
    ...(knows(({ under_load }) => under_load) ? [loaded("p50"), loaded("p95"), loaded("p99")] : []),
    ...(["energy", "price", "throughput"].includes(data.plan.objective)
      ? [{ title: data.plan.objective, cell: (choice: PlanChoice) => text(objectiveText(data, choice)) }]
      : []),
    ...(knows(({ accuracy }) => accuracy)
      ? [
          {
            title: "Accuracy",
            cell: ({ accuracy }: PlanChoice) => text(accuracy === null ? "–" : percent(accuracy, 1)),
          },
        ]
      : []),
    { title: "Sent", cell: ({ bytes }) => text(bytes > 0 ? byteSize(bytes) : "–") },
  ];
}

function settings({ threads = {}, replicas = {}, batch = {} }: PlanChoice): string {
  const words = (values: Readonly<Record<string, number>>, word: string) =>
    Object.entries(values).map(([tier, number]) => `${tier} ${number} ${word}`);
  const all = [...words(threads, "threads"), ...words(replicas, "replicas"), ...words(batch, "a batch")];
  return all.length > 0 ? ` (${all.join(", ")})` : "";
}
