import { median, quantile } from "simple-statistics";
import type { MeasuredRun } from "../formats/runs.ts";
import type { Regret } from "../formats/validation.ts";

/** A cell with both figures. */
export interface Judged {
  readonly run: MeasuredRun;
  readonly measured_s: number;
  readonly predicted_s: number;
}

/**
 * What a choice by predicted latency costs: in each group of alternatives, the measured latency of the one predicted to
 * be fastest over that of the one measured to be fastest, less 1.
 */
function regretOf(groups: readonly (readonly Judged[])[]): Regret | null {
  const regrets = groups
    .filter((group) => group.length > 1)
    .map((group) => {
      const chosen = group.reduce((best, one) => (one.predicted_s < best.predicted_s ? one : best));
      const least = Math.min(...group.map(({ measured_s }) => measured_s));
      return chosen.measured_s / least - 1;
    });
  if (regrets.length === 0) return null;
  return {
    n: regrets.length,
    right: regrets.filter((regret) => regret === 0).length / regrets.length,
    median: median(regrets),
    p95: quantile(regrets, 0.95),
    worst: Math.max(...regrets),
  };
}

/** Of choosing an operator, all else equal. */
export function operatorRegret(cells: readonly Judged[]): Regret | null {
  return regretOf(
    groupsBy(cells, ({ model, placement, cut, ...rest }) => [model, placement, cut, conditions(rest), rest.links]),
  );
}

/**
 * Of choosing placement and cut for an operator and a network. A cell that says nothing of a link does not use it, and is
 * an alternative whatever that link's bandwidth.
 */
export function placementRegret(cells: readonly Judged[]): Regret | null {
  const most = Math.max(0, ...cells.map(({ run }) => Object.keys(run.links).length));
  const full = cells.filter(({ run }) => Object.keys(run.links).length === most);
  const networks = new Map(full.map(({ run }) => [JSON.stringify(run.links), run.links]));
  const groups = [...networks.values()].flatMap((network) => {
    const fitting = cells.filter(({ run }) =>
      Object.entries(run.links).every(([link, { bandwidth_bps }]) => network[link]?.bandwidth_bps === bandwidth_bps),
    );
    return groupsBy(fitting, ({ model, operator, ...rest }) => [model, operator, conditions(rest)]);
  });
  return regretOf(groups);
}

/** What neither choice is about. */
function conditions({ codec, session, tiers, rate }: Partial<MeasuredRun>) {
  return [codec ?? "", session ?? "", tiers ?? {}, rate ?? 0];
}

function groupsBy(cells: readonly Judged[], key: (run: MeasuredRun) => unknown): Judged[][] {
  const groups = new Map<string, Judged[]>();
  for (const cell of cells) {
    const name = JSON.stringify(key(cell.run));
    const group = groups.get(name);
    if (group) group.push(cell);
    else groups.set(name, [cell]);
  }
  return [...groups.values()];
}
