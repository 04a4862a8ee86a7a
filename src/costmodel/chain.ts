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
  /** Parts of which segment k's cost between a and b is never below the sum, by segment: what makes searches quick. */
  readonly parts?: readonly { readonly start: Float64Array; readonly end: Float64Array }[] | undefined;
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
    const final = k === segments - 1;
    const rest = least[k + 1]!.map((after, b) => after + (final || b === 0 ? 0 : costs.seam(k, b)));
    const [own, ends, latest] = [least[k]!, next[k]!, last - (segments - 1 - k)];
    const consider = (a: number, b: number) => {
      const sum = rest[b]! + costs.segment(k, a, b);
      if (sum > own[a]! || (sum === own[a]! && b >= ends[a]!) || !allowed(k, a, b)) return;
      own[a] = sum;
      ends[a] = b;
    };
    if (final || k === 0) {
      // One of the two boundaries is given. Segment 0 begins at 0; the others leave a boundary for each segment before them.
      for (let a = k; a < (k === 0 ? 1 : latest); a++) {
        for (let b = final ? last : a + 1; b <= latest; b++) if (rest[b]! <= own[a]!) consider(a, b);
      }
      continue;
    }
    const open = new OpenEnds(rest, costs.parts?.[k]?.end);
    for (let a = latest - 1; a >= k; a--) {
      open.add(a + 1);
      const start = costs.parts?.[k]?.start[a] ?? 0;
      for (let i = 0; i < open.count; i++) {
        const b = open.order[i]!;
        // Bounds are added up in another order than costs: rounding must not let the best one go.
        if (start + open.bounds[b]! > own[a]! * (1 + 1e-12)) break;
        consider(a, b);
      }
    }
  }
  return { least, next };
}

/** Boundaries at which a segment may end, by what is at least to come from there on. */
class OpenEnds {
  readonly bounds: Float64Array;
  readonly order: Int32Array;
  count = 0;

  constructor(rest: Float64Array, parts: Float64Array | undefined) {
    this.bounds = parts ? rest.map((value, b) => value + parts[b]!) : rest;
    this.order = new Int32Array(rest.length);
  }

  /** Keeps the order. */
  add(b: number): void {
    const bound = this.bounds[b]!;
    if (bound === Number.POSITIVE_INFINITY) return;
    let [low, high] = [0, this.count];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.bounds[this.order[middle]!]! < bound) low = middle + 1;
      else high = middle;
    }
    this.order.copyWithin(low + 1, low, this.count);
    this.order[low] = b;
    this.count++;
  }
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
