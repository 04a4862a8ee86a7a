import { elapsedFromIdleAt, meanFromIdle, type Quota } from "../costmodel/index.ts";

/** What a stage takes: profiled seconds times factors, and what comes on top. */
export interface Part {
  /** The stage's column in a table of runs. */
  readonly column: string;
  readonly seconds: number;
  /** Unknowns whose product multiplies the seconds, or, for a link's goodput, divides them. */
  readonly factors: readonly number[];
  readonly divides: boolean;
  readonly fixed_s: number;
  /** An unknown number of bits, of so many seconds each, that the seconds do not have, as far as there are any. */
  readonly spared?: { readonly unknown: number; readonly per_bit_s: number };
  /** Unknown seconds on top, each so many times. */
  readonly added: readonly { readonly unknown: number; readonly times: number }[];
  /** Of a tier that has one: the stage burns so many processors, and the tier's consecutive stages draw on one allowance. */
  readonly limit?: { readonly quota: Quota; readonly processors: number } | undefined;
  /** Whether the request leaves a tier for another: what it finds there has its allowance before it. */
  readonly leaves: boolean;
}

function secondsOf({ seconds, factors, divides, fixed_s, spared, added }: Part, values: ArrayLike<number>): number {
  const factor = factors.reduce((sum, index) => sum + values[index]!, 0);
  const left = spared ? Math.max(0, seconds - spared.per_bit_s * Math.exp(values[spared.unknown]!)) : seconds;
  const scaled = left * Math.exp(divides ? -factor : factor) + fixed_s;
  return added.reduce((sum, { unknown, times }) => sum + times * Math.exp(values[unknown]!), scaled);
}

/**
 * Mean seconds of each part. Factors are of the work, and a quota makes of it what it makes: some per cent of work more may be
 * a wait more.
 */
export function secondsByPart(parts: readonly Part[], values: ArrayLike<number>): number[] {
  let cpu_s = 0;
  let wall_s = 0;
  let elapsed_s = 0;
  return parts.map((part) => {
    const seconds = secondsOf(part, values);
    if (part.leaves) {
      cpu_s = 0;
      wall_s = 0;
      elapsed_s = 0;
    }
    if (!part.limit) return seconds;
    cpu_s += seconds * part.limit.processors;
    wall_s += seconds;
    const before = elapsed_s;
    // Rounding must not make time run backwards.
    elapsed_s = Math.max(before, meanFromIdle(cpu_s, wall_s, part.limit.quota));
    return elapsed_s - before;
  });
}

/** A tier that a request comes to, and what it burns there until it leaves: one allowance is before it. */
interface Visit {
  cpu_s: number;
  wall_s: number;
  readonly quota: Quota;
}

/** Moments of a period at which a request may come to tiers, each moment a place between 0 and 1 for each of four visits. */
const MOMENTS = 64;
const VISITS = 4;
/** The root of x^5 = x + 1: multiples of its inverse powers lie evenly in four dimensions (Roberts' R sequence, 2018). */
const ROOT = 1.1673039782614187;
const MOMENT = Array.from({ length: MOMENTS }, (_, k) =>
  Array.from({ length: VISITS }, (_, d) => (0.5 + (k + 1) / ROOT ** (d + 1)) % 1),
);

/**
 * Seconds of all parts together, at moments that are spread evenly over the quotas' periods: work that needs an allowance and a bit
 * waits once or not at all, and no request takes the mean of these. One value where no quota makes a request wait.
 */
export function secondsAtMoments(parts: readonly Part[], values: ArrayLike<number>): number[] {
  const visits: Visit[] = [];
  let free_s = 0;
  let visit: Visit | undefined;
  for (const part of parts) {
    const seconds = secondsOf(part, values);
    if (part.leaves) visit = undefined;
    if (!part.limit) {
      free_s += seconds;
      continue;
    }
    if (!visit) {
      visit = { cpu_s: 0, wall_s: 0, quota: part.limit.quota };
      visits.push(visit);
    }
    visit.cpu_s += seconds * part.limit.processors;
    visit.wall_s += seconds;
  }
  const waits = ({ cpu_s, quota }: Visit) => cpu_s > quota.cores * quota.period_s;
  const least = visits.reduce((sum, one) => sum + (waits(one) ? 0 : one.wall_s), free_s);
  const waiting = visits.filter(waits);
  if (waiting.length === 0) return [least];
  return MOMENT.map((moment) =>
    waiting.reduce(
      (sum, { cpu_s, wall_s, quota }, i) =>
        sum + elapsedFromIdleAt(cpu_s, wall_s, quota, moment[i % VISITS]! * quota.period_s),
      least,
    ),
  );
}
