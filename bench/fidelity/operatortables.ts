import { table } from "../../src/cli/output.ts";
import { formatDuration } from "../../src/units/index.ts";
import { percent, SUMMARY_HEAD, summarise, summaryCells } from "./errors.ts";
import type { OperatorResult, OperatorRow, SpeedUp } from "./operators.ts";
import { describeLoad, type Host } from "./session.ts";

/** Runs shorter than this are summed up apart: the binding's own jitter is a large part of them. */
const LONG_S = 1e-3;

export function printOperators(results: readonly OperatorResult[], host: Host, json: boolean): void {
  const rows = results.flatMap((result) => result.rows);
  const speedUps = results.flatMap((result) => result.speedUps);
  const summaries = [
    ...summariesOf(rows.filter(isLong)).map((summary) => ({ shortest_s: LONG_S, ...summary })),
    ...summariesOf(rows.filter((row) => !isLong(row))).map((summary) => ({ shortest_s: 0, ...summary })),
  ];
  if (json) {
    process.stdout.write(`${JSON.stringify({ ...host, summaries, speed_ups: speedUps, rows })}\n`);
    return;
  }
  const lines = [describeLoad(host)];
  for (const [title, shortest] of [
    ["Runs of 1 ms and longer", LONG_S],
    ["Shorter runs", 0],
  ] as const) {
    const own = summaries.filter(({ shortest_s }) => shortest_s === shortest);
    const cells = own.map(({ operator, shortest_s, ...summary }) => [operator, ...summaryCells(summary)]);
    if (cells.length > 0) lines.push("", title, table(["operator", ...SUMMARY_HEAD], cells));
  }
  lines.push("", "Times faster than the model itself; below 1.00 is slower", speedUpTable(speedUps));
  process.stdout.write(`${lines.join("\n")}\n`);
}

function isLong({ measured }: OperatorRow): boolean {
  return measured >= LONG_S;
}

/** By operator; of the quantised ones at cuts where bytes travel; of trained files; of wholes and parts; of all. */
function summariesOf(rows: readonly OperatorRow[]) {
  const cut = (row: OperatorRow) => row.cut !== null;
  const groups = new Map<string, OperatorRow[]>();
  const add = (operator: string, own: readonly OperatorRow[]) => groups.set(operator, [...own]);
  for (const operator of new Set(rows.map((row) => row.operator)))
    add(
      operator,
      rows.filter((row) => row.operator === operator && row.part !== "trained"),
    );
  add(
    "sptq+partition",
    rows.filter((row) => row.operator === "sptq" && cut(row)),
  );
  add(
    "any, cut where bytes travel",
    rows.filter((row) => row.quantisedCut === true),
  );
  add(
    "twin for trained",
    rows.filter((row) => row.part === "trained"),
  );
  add(
    "all, whole",
    rows.filter((row) => row.part === "whole"),
  );
  add("all, heads and tails", rows.filter(cut));
  add("all", rows);
  return [...groups].flatMap(([operator, own]) => {
    const summary = summarise(own);
    return summary ? [{ operator, ...summary }] : [];
  });
}

function speedUpTable(speedUps: readonly SpeedUp[]): string {
  return table(
    ["model", "operator", "a run", "measured", "predicted", "error", "integer multiply-adds"],
    speedUps.map(({ model, operator, seconds, measured, predicted, integerShare }) => [
      model,
      operator,
      formatDuration(seconds),
      `${measured.toFixed(2)}×`,
      `${predicted.toFixed(2)}×`,
      percent(Math.abs(predicted / measured - 1)),
      integerShare === null ? "–" : percent(integerShare),
    ]),
  );
}
