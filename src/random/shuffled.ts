import type { RandomStream } from "./stream.ts";

/** The items in random order (Fisher & Yates; Durstenfeld, 1964). */
export function shuffled<Item>(items: readonly Item[], random: RandomStream): Item[] {
  const order = [...items];
  for (let last = order.length - 1; last > 0; last--) {
    const at = random.below(last + 1);
    [order[last], order[at]] = [order[at]!, order[last]!];
  }
  return order;
}
