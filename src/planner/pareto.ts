/**
 * The choices that no other one dominates: none is at least as good in everything and better in something.
 *
 * @param figures of a choice, each the smaller the better
 * @returns in the order of the first figure; of choices with equal figures, the first
 */
export function paretoFront<T>(choices: readonly T[], figures: (choice: T) => readonly number[]): T[] {
  const sorted = choices.map((choice) => ({ choice, own: figures(choice) })).sort((a, b) => compare(a.own, b.own));
  const front: typeof sorted = [];
  // Sorted so, nothing is dominated by what comes after it.
  for (const one of sorted) {
    if (!front.some(({ own }) => own.every((value, i) => value <= one.own[i]!))) front.push(one);
  }
  return front.map(({ choice }) => choice);
}

function compare(a: readonly number[], b: readonly number[]): number {
  const first = a.findIndex((value, i) => value !== b[i]);
  return first < 0 ? 0 : a[first]! - b[first]!;
}
