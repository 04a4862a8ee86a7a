/** The index's digits in a base behind the point, last digit first. */
function radicalInverse(index: number, base: number): number {
  let [inverse, share] = [0, 1 / base];
  for (let rest = index; rest > 0; rest = Math.floor(rest / base)) {
    inverse += (rest % base) * share;
    share /= base;
  }
  return inverse;
}

const PRIMES = [2, 3, 5, 7, 11, 13] as const;

/**
 * The given point of a sequence that fills the unit cube evenly, however many of it are taken (Halton, "On the efficiency of
 * certain quasi-random sequences of points", Numerische Mathematik 2, 1960): a grid spends its points on a few values of each
 * size, and says nothing of those between.
 * @param index from 1
 */
export function scattered(index: number): readonly number[] {
  return PRIMES.map((base) => radicalInverse(index, base));
}

/** Between two sizes, evenly in their logarithm. @param share 0 to 1 */
export function between(least: number, greatest: number, share: number): number {
  return Math.round(least * (greatest / least) ** share);
}

/** Steps that numbers of channels come in: some fill vector registers, some leave a rest. */
const STEPS = [1, 4, 8, 8, 16, 16] as const;

/** The size, rounded up to a step that turns with the index. */
export function stepped(size: number, index: number): number {
  const step = STEPS[index % STEPS.length]!;
  return Math.ceil(size / step) * step;
}
