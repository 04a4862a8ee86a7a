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

interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

const LINE = 13;
const GAP = 8;

/**
 * Finds each point's words a place beside it: to the right, the left, above or below, where neither another point nor
 * words already placed are. The first wishes choose first; who finds no place gets undefined.
 *
 * @param size of the font, pixels
 * @param points also kept free: those without words
 */
export function placeLabels(
  wanted: readonly Wanted[],
  size: number,
  { width, height }: { readonly width: number; readonly height: number },
  points: readonly { readonly x: number; readonly y: number }[] = [],
): (Placed | undefined)[] {
  const taken: Box[] = [...wanted, ...points].map(({ x, y }) => around(x, y, 4));
  return wanted.map(({ x, y, text, bold = false }, index) => {
    const wide = textWidth(text, size, bold);
    const places = [
      [x + GAP, y],
      [x - GAP - wide, y],
      [x + GAP, y - LINE + 2],
      [x + GAP, y + LINE - 2],
      [x - wide / 2, y - LINE],
      [x - wide / 2, y + LINE],
      [x - GAP - wide, y - LINE + 2],
      [x - GAP - wide, y + LINE - 2],
    ] as const;
    for (const [textX, textY] of places) {
      const box = { left: textX - 2, right: textX + wide + 2, top: textY - LINE / 2, bottom: textY + LINE / 2 };
      if (box.left < 0 || box.right > width || box.top < -2 || box.bottom > height + 2) continue;
      if (taken.some((other, i) => i !== index && meet(box, other))) continue;
      taken.push(box);
      return { textX, textY };
    }
    return undefined;
  });
}

function around(x: number, y: number, reach: number): Box {
  return { left: x - reach, right: x + reach, top: y - reach, bottom: y + reach };
}

function meet(a: Box, b: Box): boolean {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}
