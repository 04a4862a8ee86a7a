/** A limit on processor time: CFS bandwidth control (Turner, Rao and Rao, CPU bandwidth control for CFS, 2010). */
export interface Quota {
  /** Cores: processor seconds per second. Infinite where there is no limit. */
  readonly cores: number;
  /** Period after which the allowance is given anew, seconds. */
  readonly period_s: number;
}

/** Seconds that work may take, by when it starts in the period. */
export interface Elapsed {
  readonly mean: number;
  readonly min: number;
  readonly max: number;
}

/**
 * How long work takes on a tier that has been idle: it starts at a uniformly random moment of a period, with the whole
 * allowance of that period before it.
 *
 * The work burns `cpu_s` evenly over `wall_s`, so that the allowance Q lasts b = Q·wall_s/cpu_s, after which the work
 * waits for the end of the period P. Where b ≥ P or cpu_s ≤ Q it never waits. Otherwise let g = P − b be the wait in a
 * period used in full, and n = ⌈wall_s/b⌉ − 1 ≥ 1. With r seconds left in the first period,
 *
 * - r < b: the work is interrupted by the period's end, not by the quota. It waits N(wall_s − r) full waits, where
 *   N(u) = ⌈u/b⌉ − 1; over r that is wall_s/b − 1 in the mean, as ⌈x⌉ − 1 averages to z − 1 over [z − 1, z].
 * - r ≥ b: the first wait is r − b, and n − 1 full waits follow.
 *
 * Weighing the two with b/P and g/P and collecting terms gives a mean wait of g/P·(wall_s − b + g·(n − ½)), between
 * (n − 1)·g and n·g.
 *
 * @param cpu_s processor seconds over all threads, at least 0
 * @param wall_s the same work's duration without the limit, at least 0
 */
export function elapsedFromIdle(cpu_s: number, wall_s: number, quota: Quota): Elapsed {
  const mean = meanFromIdle(cpu_s, wall_s, quota);
  const { allowance, gap } = throttling(cpu_s, wall_s, quota);
  if (cpu_s <= allowance || gap <= 0) return { mean, min: mean, max: mean };
  const waits = Math.ceil(cpu_s / allowance) - 1;
  return { mean, min: wall_s + gap * (waits - 1), max: wall_s + gap * waits };
}

/** The mean alone, for searches that ask for it a hundred thousand times. */
export function meanFromIdle(cpu_s: number, wall_s: number, { cores, period_s }: Quota): number {
  const allowance = cores * period_s;
  if (cpu_s <= allowance) return wall_s;
  const lasts = (allowance * wall_s) / cpu_s;
  const gap = period_s - lasts;
  if (gap <= 0) return wall_s;
  const waits = Math.ceil(cpu_s / allowance) - 1;
  return wall_s + (gap / period_s) * (wall_s - lasts + gap * (waits - 0.5));
}

/**
 * How long the same work takes when it starts at one moment of a period.
 *
 * @param left_s until the period ends, 0 to the quota's period
 */
export function elapsedFromIdleAt(cpu_s: number, wall_s: number, { cores, period_s }: Quota, left_s: number): number {
  const allowance = cores * period_s;
  if (cpu_s <= allowance) return wall_s;
  const lasts = (allowance * wall_s) / cpu_s;
  const gap = period_s - lasts;
  if (gap <= 0) return wall_s;
  if (left_s < lasts) return wall_s + gap * Math.max(0, Math.ceil((wall_s - left_s) / lasts) - 1);
  return wall_s + (left_s - lasts) + gap * (Math.ceil(wall_s / lasts) - 2);
}

/**
 * How long work takes when it follows other work without a pause, as in a benchmark's loop: the tier burns Q in every
 * period, and the work begins anywhere in the allowance. It waits ⌊cpu_s/Q⌋ or one more times; the mean is the rate
 * that the quota grants.
 *
 * @param cpu_s processor seconds over all threads, at least 0
 * @param wall_s the same work's duration without the limit, at least 0
 */
export function elapsedBackToBack(cpu_s: number, wall_s: number, quota: Quota): Elapsed {
  const { allowance, gap } = throttling(cpu_s, wall_s, quota);
  if (cpu_s === 0 || gap <= 0) return { mean: wall_s, min: wall_s, max: wall_s };
  return {
    mean: cpu_s / quota.cores,
    min: wall_s + gap * Math.floor(cpu_s / allowance),
    max: wall_s + gap * Math.ceil(cpu_s / allowance),
  };
}

/** The allowance of a period in processor seconds, and the wait in a period that is used in full. */
function throttling(cpu_s: number, wall_s: number, { cores, period_s }: Quota) {
  const allowance = cores * period_s;
  return { allowance, gap: period_s - (allowance * wall_s) / cpu_s };
}
