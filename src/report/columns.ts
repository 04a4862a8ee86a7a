/** A cut's column in a chart over the graph: from `left` to `right`, in nodes. */
export interface Column<T> {
  item: T;
  left: number;
  right: number;
}

/** A column is never wider than this, so that stretches of the graph without a cut stay empty. */
const WIDEST_PX = 14;
const GAP_FROM_PX = 4;

/**
 * Columns for items at their positions in a graph of `nodes` nodes, drawn `width` pixels wide. Columns meet halfway
 * between neighbours and begin and end on whole pixels, or seams would show between them.
 */
export function columns<T extends { position: number }>(
  items: readonly T[],
  nodes: number,
  width: number,
): Column<T>[] {
  const pixels = width / Math.max(nodes, 1);
  const sorted = [...items].sort((a, b) => a.position - b.position);
  return sorted.map((item, index) => {
    const at = item.position * pixels;
    const before = sorted[index - 1];
    const after = sorted[index + 1];
    const left = Math.round(Math.max(before ? (before.position * pixels + at) / 2 : 0, at - WIDEST_PX / 2, 0));
    const meet = Math.round(Math.min(after ? (after.position * pixels + at) / 2 : width, at + WIDEST_PX / 2, width));
    const right = meet - left >= GAP_FROM_PX ? meet - 1 : Math.max(meet, left + 1);
    return { item, left: left / pixels, right: right / pixels };
  });
}

/**
 * At most about `most` of the items, spread over the graph: of each stretch, the one that `cost` puts lowest. A graph
 * of 700 cuts has more columns than a screen has pixels for, and the lowest is the one that anyone would pick.
 */
export function thinned<T extends { position: number }>(
  items: readonly T[],
  nodes: number,
  most: number,
  cost: (item: T) => number,
): T[] {
  if (items.length <= most) return [...items];
  const lowest = new Map<number, T>();
  for (const item of items) {
    const stretch = Math.min(Math.floor((item.position / Math.max(nodes, 1)) * most), most - 1);
    const other = lowest.get(stretch);
    if (other === undefined || cost(item) < cost(other)) lowest.set(stretch, item);
  }
  return [...lowest.values()];
}
