/**
 * Kendall's rank correlation in the form that allows for ties (tau-b: Kendall, The treatment of ties in ranking problems,
 * Biometrika 1945): concordant less discordant pairs, over the geometric mean of the pairs untied in either.
 *
 * @returns −1 to 1; NaN where one of the two has ties only
 */
export function kendallTau(a: readonly number[], b: readonly number[]): number {
  if (a.length !== b.length) throw new RangeError(`orders of ${a.length} and of ${b.length} things cannot be compared`);
  let sum = 0;
  let untiedA = 0;
  let untiedB = 0;
  for (let i = 0; i < a.length; i++) {
    for (let j = i + 1; j < a.length; j++) {
      const [x, y] = [Math.sign(a[i]! - a[j]!), Math.sign(b[i]! - b[j]!)];
      sum += x * y;
      untiedA += Math.abs(x);
      untiedB += Math.abs(y);
    }
  }
  return sum / Math.sqrt(untiedA * untiedB);
}

/** A figure with the interval that holds 90 % of its draws. */
export interface Agreement {
  readonly tau: number;
  readonly low: number;
  readonly high: number;
}

/**
 * Rank agreement of predictions with published figures.
 *
 * @param predicted by thing, in each draw
 * @param published by thing, in each bootstrap sample of its runs (Efron, 1979); as many as there are draws
 * @param centre the two orders whose agreement is reported
 */
export function agreement(
  predicted: readonly (readonly number[])[],
  published: readonly (readonly number[])[],
  centre: { readonly predicted: readonly number[]; readonly published: readonly number[] },
): Agreement {
  const draws = predicted[0]!.map((_, draw) =>
    kendallTau(
      predicted.map((values) => values[draw]!),
      published.map((values) => values[draw]!),
    ),
  );
  const sorted = draws.filter((tau) => !Number.isNaN(tau)).sort((x, y) => x - y);
  const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))] ?? Number.NaN;
  return { tau: kendallTau(centre.predicted, centre.published), low: at(0.05), high: at(0.95) };
}
