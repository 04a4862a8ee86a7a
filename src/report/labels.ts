import { textWidth } from "./text.ts";

/** Words beside a point, in pixels. */
export interface Wanted {
  readonly x: number;
  readonly y: number;
  readonly text: string;
  readonly bold?: boolean;
}

/** Where its words begin: left-aligned, with this middle. */
export interface Placed {
  readonly textX: number;
  readonly textY: number;
}

export interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** What words keep off. */
export interface Occupied {
  /** Points without words. */
  readonly points?: readonly { readonly x: number; readonly y: number }[];
  /** Other words, which are never covered. */
  readonly boxes?: readonly Box[];
  /** Lines, bars and lesser points, which are covered where there is no other place: as few as can be. */
  readonly lines?: readonly Box[];
}

const LINE = 13;
const GAP = 8;

/**
 * Finds each point's words a place beside it: to the right, the left, above or below, where neither another point nor
 * words already placed are. The first wishes choose first; who finds no place gets undefined.
 *
 * @param size of the font, pixels
 */
export function placeLabels(
  wanted: readonly Wanted[],
  size: number,
  area: { readonly width: number; readonly height: number },
  { points = [], boxes = [], lines = [] }: Occupied = {},
): (Placed | undefined)[] {
  const taken: Box[] = [...wanted.map(around), ...points.map(around), ...boxes];
  return wanted.map((label, index) => {
    const others = taken.filter((_, i) => i !== index);
    const wide = textWidth(label.text, size, label.bold);
    const free = placesOf(label, wide).filter((place) => {
      const box = boxOf(place, wide);
      const inside = box.left >= 0 && box.right <= area.width && box.top >= -2 && box.bottom <= area.height + 2;
      return inside && !others.some((other) => meet(box, other));
    });
    const covered = (place: Placed) => lines.filter((line) => meet(boxOf(place, wide), line)).length;
    const [best] = free.map((place) => ({ place, covers: covered(place) })).sort((a, b) => a.covers - b.covers);
    if (best) taken.push(boxOf(best.place, wide));
    return best?.place;
  });
}

/** The box of words that begin there. */
export function boxOf({ textX, textY }: Placed, wide: number): Box {
  return { left: textX - 2, right: textX + wide + 2, top: textY - LINE / 2, bottom: textY + LINE / 2 };
}

/** Around a point, the near places first; bold words may stand farther away. */
function placesOf({ x, y, bold }: Wanted, wide: number): Placed[] {
  const [right, middle, left] = [x + GAP, x - wide / 2, x - GAP - wide];
  const near = LINE - 2;
  return [
    { textX: right, textY: y },
    { textX: left, textY: y },
    { textX: right, textY: y - near },
    { textX: right, textY: y + near },
    { textX: middle, textY: y - LINE },
    { textX: middle, textY: y + LINE },
    { textX: left, textY: y - near },
    { textX: left, textY: y + near },
    { textX: right - GAP, textY: y - LINE },
    { textX: right - GAP, textY: y + LINE },
    { textX: left + GAP, textY: y - LINE },
    { textX: left + GAP, textY: y + LINE },
    ...(bold ? [-2, 2].flatMap((lines) => [right, left].map((textX) => ({ textX, textY: y + lines * LINE }))) : []),
  ];
}

function around({ x, y }: { readonly x: number; readonly y: number }): Box {
  return { left: x - 4, right: x + 4, top: y - 4, bottom: y + 4 };
}

export function meet(a: Box, b: Box): boolean {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}
