/**
 * Places labels along one axis so that no two are closer than `gap`: each stays as near to its wish as the others
 * allow, between `from` and `to` while there is room. Returns the places in the order of the wishes given.
 */
export function dodge(wishes: readonly number[], gap: number, from: number, to: number): number[] {
  const order = wishes.map((_, index) => index).sort((a, b) => wishes[a]! - wishes[b]!);
  const places = new Array<number>(wishes.length).fill(0);
  let previous = from - gap;
  for (const index of order) {
    previous = Math.max(wishes[index]!, previous + gap);
    places[index] = previous;
  }
  let next = Math.max(to, from + gap * (wishes.length - 1)) + gap;
  for (const index of order.reverse()) {
    next = Math.min(places[index]!, next - gap);
    places[index] = next;
  }
  return places;
}
