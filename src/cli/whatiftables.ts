import { formatDuration, formatSize } from "../units/index.ts";
import { LOADED, loadedFigure, type Sensitivity, type Solution, type Tornado } from "../whatif/index.ts";
import { table } from "./output.ts";
import type { State, WhatIfAnswer } from "./whatif.ts";

export function describeWhatIf({ changes, before, after, solution, tornado, sobol }: WhatIfAnswer): string {
  const parts: string[] = [];
  const show = (value: unknown) =>
    value === null ? "not set" : typeof value === "string" ? value : JSON.stringify(value);
  if (changes.length > 0)
    parts.push(
      table(
        ["changed", "from", "to"],
        changes.map(({ path, from, to }) => [path, show(from), show(to)]),
      ),
    );
  if (solution) parts.push(describeSolution(solution));
  if (changes.length > 0 || solution)
    parts.push(figures(before, after), stages(before, after), ...warnings(before, after));
  if (tornado) parts.push(describeTornado(tornado));
  if (sobol) parts.push(describeSensitivity(sobol));
  return parts.join("\n\n");
}

export function describePaths(paths: readonly { readonly path: string; readonly value: unknown }[]): string {
  return table(
    ["path", "value"],
    paths.map(({ path, value }) => [
      path,
      value === null ? "–" : typeof value === "string" ? value : JSON.stringify(value),
    ]),
  );
}

const relative = (from: number, to: number): string => {
  if (from === to || !Number.isFinite(from) || !Number.isFinite(to) || from === 0) return from === to ? "0 %" : "–";
  const percent = 100 * (to / from - 1);
  return `${percent > 0 ? "+" : "−"}${Number(Math.abs(percent).toPrecision(3))} %`;
};

const duration = (seconds: number): string => (Number.isFinite(seconds) ? formatDuration(seconds) : "without end");

function figures(before: State, after: State): string {
  const rows: (readonly string[])[] = [];
  const choice = ({ placement, cut, codec, operator }: State) =>
    `${operator}, ${placement}${cut === null ? "" : ` at ${cut}`}, ${codec}`;
  rows.push(["choice", choice(before), choice(after), ""]);
  for (const name of ["latency_s", "compute_s", "network_s", "coding_s", "load_s"] as const)
    rows.push([
      name.replace("_s", ""),
      duration(before[name]),
      duration(after[name]),
      relative(before[name], after[name]),
    ]);
  rows.push(["sent", formatSize(before.bytes), formatSize(after.bytes), relative(before.bytes, after.bytes)]);
  const [a, b] = [before.under_load, after.under_load];
  if (a && b) {
    for (const name of LOADED) {
      const [from, to] = [loadedFigure(a, name), loadedFigure(b, name)];
      const text = (value: number, half: number) =>
        Number.isFinite(value) ? `${formatDuration(value)} ± ${formatDuration(half)}` : "without end";
      if (name === "throughput")
        rows.push([name, `${from.toPrecision(3)}/s`, `${to.toPrecision(3)}/s`, relative(from, to)]);
      else if (name === "failed") rows.push([name, `${(100 * from).toFixed(1)} %`, `${(100 * to).toFixed(1)} %`, ""]);
      else
        rows.push([
          name.replace("_s", ""),
          text(from, (a[name].high - a[name].low) / 2),
          text(to, (b[name].high - b[name].low) / 2),
          relative(from, to),
        ]);
    }
    for (const station of Object.keys({ ...a.utilisation, ...b.utilisation })) {
      const [from, to] = [a.utilisation[station] ?? 0, b.utilisation[station] ?? 0];
      if (from > 0 || to > 0)
        rows.push([`used: ${station}`, `${(100 * from).toFixed(1)} %`, `${(100 * to).toFixed(1)} %`, ""]);
    }
  }
  return table(["", "before", "after", "difference"], rows);
}

/** Stage by stage, where a stage is the same if it does the same on the same resource in the same direction. */
function stages(before: State, after: State): string {
  const key = ({ stage, resource, direction }: State["stages"][number]) => `${stage}\t${resource}\t${direction}`;
  const sums = (state: State) => {
    const by = new Map<string, number>();
    for (const stage of state.stages) by.set(key(stage), (by.get(key(stage)) ?? 0) + stage.seconds);
    return by;
  };
  const [a, b] = [sums(before), sums(after)];
  return table(
    ["stage", "on", "way", "before", "after", "difference"],
    [...new Set([...a.keys(), ...b.keys()])].map((name) => {
      const [from, to] = [a.get(name), b.get(name)];
      const difference = (to ?? 0) - (from ?? 0);
      const sign = difference > 0 ? "+" : difference < 0 ? "−" : "";
      const cell = (seconds: number | undefined) => (seconds === undefined ? "–" : formatDuration(seconds));
      return [...name.split("\t"), cell(from), cell(to), `${sign}${formatDuration(Math.abs(difference))}`];
    }),
  );
}

function warnings(before: State, after: State): string[] {
  return [["before", before] as const, ["after", after] as const].flatMap(([name, state]) => [
    ...(state.feasible ? [] : [`${name}: does not fit: ${state.infeasible_because}`]),
    ...(state.under_load?.overloaded ?? []).map(
      (station) => `${name}: OVERLOAD of ${station}: its queue grows as long as requests come`,
    ),
  ]);
}

function describeSolution({
  path,
  until,
  text,
  crossings,
  holds_now,
  searched,
  choices,
  figures: found,
}: Solution): string {
  const list = (of: Readonly<Record<string, number>>) =>
    Object.entries(of)
      .map(([name, value]) => `${name} = ${Number(value.toPrecision(4))}`)
      .join(", ");
  if (choices)
    return [
      `${until}: ${path} = ${text} (${list(found)})`,
      table(
        ["value", "holds", "figures"],
        choices.map((one) => [one.value, one.holds ? "yes" : "no", list(one.figures)]),
      ),
    ].join("\n\n");
  if (crossings.length === 0)
    return `${until} holds at every ${path} looked at, from ${searched!.from} to ${searched!.to}`;
  return [
    `${until}, now ${holds_now ? "true" : "false"}:`,
    ...crossings.map(
      (one) =>
        `  holds ${one.holds === "from" ? "from" : "up to"} ${path} = ${one.text} (${one.value}): ${list(one.figures)}`,
    ),
    ...(crossings.length > 1
      ? ["  The condition turns more than once; the next to the present value is the one below."]
      : []),
  ].join("\n");
}

function describeTornado({ outcome, share, value, bars, inputs }: Tornado): string {
  const text = (figure: number) => (outcome.endsWith("_s") ? duration(figure) : String(Number(figure.toPrecision(4))));
  const widest = bars[0]?.swing ?? 1;
  return [
    `${outcome} is ${text(value)}. Each of ${inputs} inputs by ±${100 * share} %, alone; ${bars.length} change it:`,
    table(
      ["input", "now", "low", "high", "at low", "at high", "swing", ""],
      bars.map((bar) => [
        bar.path,
        bar.value,
        bar.low,
        bar.high,
        text(bar.at_low),
        text(bar.at_high),
        text(bar.swing),
        "█".repeat(Math.max(1, Math.round((20 * bar.swing) / widest))),
      ]),
    ),
  ].join("\n\n");
}

function describeSensitivity({ outcome, mean, variance, inputs, samples, evaluations }: Sensitivity): string {
  const text = ({ value, low, high }: Sensitivity["inputs"][number]["first"]) =>
    `${value.toFixed(3)} (${low.toFixed(3)} … ${high.toFixed(3)})`;
  return [
    `Sobol indices of ${outcome}: mean ${Number(mean.toPrecision(4))}, standard deviation ${Number(Math.sqrt(variance).toPrecision(4))}; ${samples} points, ${evaluations} evaluations.`,
    table(
      ["input", "from", "to", "alone", "with interactions"],
      inputs
        .toSorted((a, b) => b.total.value - a.total.value)
        .map((one) => [one.path, one.from, one.to, text(one.first), text(one.total)]),
    ),
  ].join("\n\n");
}
