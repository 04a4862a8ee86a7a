import type { RunOfCell } from "./cells.ts";

type Times = Pick<RunOfCell, "processor_s" | "stolen_s">;

/** Of a stream that loses too much of its processors to neighbours. */
export const MOST_ATTEMPTS = 5;

/**
 * Measures a stream until the hypervisor took no more of it than so much, at most {@link MOST_ATTEMPTS} times.
 *
 * @param measure its rows
 * @param atMost share, as of {@link stolenShare}
 * @returns that stream, or else the one of which it took the least
 */
export async function leastDisturbed<Row extends Times>(
  measure: () => Promise<readonly Row[]>,
  atMost = Number.POSITIVE_INFINITY,
): Promise<readonly Row[]> {
  let best = await measure();
  for (let attempt = 2; attempt <= MOST_ATTEMPTS && stolenShare(best) > atMost; attempt++) {
    const next = await measure();
    if (stolenShare(next) < stolenShare(best)) best = next;
  }
  return best;
}

/**
 * What the hypervisor took of that host of a tier of which it took most, over the processor time that all tiers had: 0 where it is not known,
 * and above 1 where it took more than was left.
 *
 * @param stream its rows, which all say the same of both, in seconds a request
 */
export function stolenShare([{ processor_s = {}, stolen_s = {} } = {}]: readonly Times[]): number {
  const had = Object.values(processor_s).reduce((sum, seconds) => sum + seconds, 0);
  return had > 0 ? Math.max(0, ...Object.values(stolen_s)) / had : 0;
}
