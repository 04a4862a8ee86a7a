/**
 * What a placement costs, in any one unit, as a sum over its segments and the seams between them. Boundaries are numbered
 * from 0, the model's inputs, to `last`, its outputs.
 */
export interface ChainCosts {
  readonly segments: number;
  readonly last: number;
  /** What does not depend on the cuts. */
  readonly constant: number;
  /** Segment k between boundaries a < b; at least 0, infinite where it cannot be. */
  segment(k: number, a: number, b: number): number;
  /** The seam after segment k at boundary b; at least 0. */
  seam(k: number, b: number): number;
}

/** A second cost that must not exceed a limit. */
export interface ChainLimit {
  readonly costs: ChainCosts;
  readonly most: number;
}

export interface ChainChoice {
  /** From 0 to the last; one more than there are segments. */
  readonly boundaries: readonly number[];
  readonly cost: number;
}

/**
 * The cheapest choice of boundaries within the limits; of equals, the earliest. Exact: a segment's cost depends on its own
 * two boundaries only, so that dynamic programming from the end (Bellman, 1957) finds it, and bounds a search by
 * depth where there are limits (Aneja, Aggarwal and Nair, "Shortest chain subject to side constraints", 1983).
 *
 * @param allowed whether segment k may lie between two boundaries
 * @returns undefined where no choice keeps to the limits
 */
export function cheapest(
  costs: ChainCosts,
  allowed: (k: number, a: number, b: number) => boolean,
  limits: readonly ChainLimit[] = [],
): ChainChoice | undefined {
  const ahead = remainders(costs, allowed);
  if (ahead.least[0]![0] === Number.POSITIVE_INFINITY) return undefined;
  const unlimited = follow(ahead.next);
  const kept = limits.every((limit) => chainCost(limit.costs, unlimited) <= limit.most);
  if (kept) return { boundaries: unlimited, cost: chainCost(costs, unlimited) };
  const bounded = limits.map((limit) => ({ ...limit, ahead: remainders(limit.costs, allowed).least }));
  return searched(costs, allowed, ahead.least, bounded);
}

export function chainCost(costs: ChainCosts, boundaries: readonly number[]): number {
  let sum = costs.constant;
  for (let k = 0; k < costs.segments; k++) {
    sum += costs.segment(k, boundaries[k]!, boundaries[k + 1]!);
    if (k + 1 < costs.segments) sum += costs.seam(k, boundaries[k + 1]!);
  }
  return sum;
}

/** least[k][a]: of segments k and on where k begins at a; next[k][a]: where k then ends. */
function remainders(costs: ChainCosts, allowed: (k: number, a: number, b: number) => boolean) {
  const { segments, last } = costs;
  const least = Array.from({ length: segments + 1 }, () => new Float64Array(last + 1).fill(Number.POSITIVE_INFINITY));
  const next = Array.from({ length: segments }, () => new Int32Array(last + 1).fill(-1));
  least[segments]![last] = costs.constant;
  for (let k = segments - 1; k >= 0; k--) {
    const [own, after, ends] = [least[k]!, least[k + 1]!, next[k]!];
    const final = k === segments - 1;
    const latest = last - (segments - 1 - k);
    // Segment 0 begins at 0; the others leave a boundary for each segment before them.
    for (let a = k; a < (k === 0 ? 1 : latest); a++) {
      for (let b = final ? last : a + 1; b <= latest; b++) {
        const rest = after[b]! + (final ? 0 : costs.seam(k, b));
        if (rest >= own[a]!) continue;
        const sum = rest + costs.segment(k, a, b);
        if (sum >= own[a]! || !allowed(k, a, b)) continue;
        own[a] = sum;
        ends[a] = b;
      }
    }
  }
  return { least, next };
}

function follow(next: readonly Int32Array[]): number[] {
  const boundaries = [0];
  for (const ends of next) boundaries.push(ends[boundaries.at(-1)!]!);
  return boundaries;
}

function searched(
  costs: ChainCosts,
  allowed: (k: number, a: number, b: number) => boolean,
  ahead: readonly Float64Array[],
  limits: readonly (ChainLimit & { readonly ahead: readonly Float64Array[] })[],
): ChainChoice | undefined {
  const { segments, last } = costs;
  const boundaries = [0];
  let best: ChainChoice | undefined;
  const spent = limits.map(() => 0);
  const place = (k: number, cost: number) => {
    if (k === segments) {
      best = { boundaries: [...boundaries], cost: chainCost(costs, boundaries) };
      return;
    }
    const a = boundaries[k]!;
    const final = k === segments - 1;
    for (let b = final ? last : a + 1; b <= last - (segments - 1 - k); b++) {
      const so = cost + costs.segment(k, a, b) + (final ? 0 : costs.seam(k, b));
      if (so + ahead[k + 1]![b]! >= (best?.cost ?? Number.POSITIVE_INFINITY) || !allowed(k, a, b)) continue;
      const before = [...spent];
      const kept = limits.every((limit, i) => {
        spent[i]! += limit.costs.segment(k, a, b) + (final ? 0 : limit.costs.seam(k, b));
        return spent[i]! + limit.ahead[k + 1]![b]! <= limit.most * (1 + 1e-12);
      });
      if (kept) {
        boundaries.push(b);
        place(k + 1, so);
        boundaries.pop();
      }
      for (const [i, value] of before.entries()) spent[i] = value;
    }
  };
  place(0, 0);
  return best;
}
