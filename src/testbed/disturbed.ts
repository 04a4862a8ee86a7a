import type { RunOfCell } from "./cells.ts";

type Times = Pick<RunOfCell, "processor_s" | "stolen_s">;

/** Of a stream that loses too much of its processors to neighbours. */
export const MOST_ATTEMPTS = 5;

/**
 * Measures a stream until the hypervisor took no more than this share of its processor time, at most {@link MOST_ATTEMPTS} times.
 *
 * @returns that stream, or else the one of which it took the least
 */
export async function leastDisturbed<Row extends Times>(
  measure: () => Promise<readonly Row[]>,
  atMost = 1,
): Promise<readonly Row[]> {
  let best = await measure();
  for (let attempt = 2; attempt <= MOST_ATTEMPTS && stolenShare(best) > atMost; attempt++) {
    const next = await measure();
    if (stolenShare(next) < stolenShare(best)) best = next;
  }
  return best;
}

/**
 * What the hypervisor took of the tiers' hosts meanwhile, over what the tiers had of them; 0 where that is not known.
 *
 * @param stream its rows, which all say what it took a request
 */
export function stolenShare([{ processor_s = {}, stolen_s = {} } = {}]: readonly Times[]): number {
  const had = Object.values(processor_s).reduce((sum, seconds) => sum + seconds, 0);
  return had > 0 ? Math.max(0, ...Object.values(stolen_s)) / had : 0;
}
