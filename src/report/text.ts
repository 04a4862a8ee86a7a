/**
 * Advance widths of DejaVu Sans for the characters from space to tilde, in thousandths of the font size. Without a
 * canvas Vega guesses 0.8 em for every character, half as wide again as the truth, and pads charts accordingly.
 */
const REGULAR = widths(
  "318 401 460 838 636 950 780 275 390 390 500 838 318 361 318 337 636 636 636 636 636 636 636 636 636 636 337 337 " +
    "838 838 838 531 1000 684 686 698 770 632 575 775 752 295 295 656 557 863 748 787 603 787 695 635 611 732 684 989 " +
    "685 611 685 390 337 390 838 500 500 613 635 550 635 615 352 635 634 278 278 579 278 974 634 612 635 635 411 521 " +
    "392 634 592 818 592 592 525 636 337 636 838",
);
const BOLD = widths(
  "348 456 521 838 696 1002 872 306 457 457 523 838 380 415 380 365 696 696 696 696 696 696 696 696 696 696 400 400 " +
    "838 838 838 580 1000 774 762 734 830 683 683 821 837 372 372 775 637 995 837 850 733 850 770 720 682 812 774 1103 " +
    "771 724 725 457 365 457 838 500 500 675 716 593 716 678 435 716 712 343 343 665 343 1042 712 687 716 716 493 595 " +
    "478 712 652 924 645 652 582 712 365 712 838",
);
const WIDE = 1;
const OTHER = 0.7;
const FIRST_WIDE_CODE_POINT = 0x1100;

/** A number stays with what it counts: "203 ms" is never broken, and neither is "0.7 × host". */
const BREAKS = /(?<![\d×])\s+/;

/** How wide a text is in DejaVu Sans, in pixels. */
export function textWidth(text: string, size: number, bold = false): number {
  const table = bold ? BOLD : REGULAR;
  let em = 0;
  for (const character of text) {
    const code = character.codePointAt(0)!;
    em += table[code - 32] ?? (code < FIRST_WIDE_CODE_POINT ? OTHER : WIDE);
  }
  return em * size;
}

/**
 * The text, with its middle replaced by an ellipsis where it is wider than `width` pixels. Names of nodes differ at
 * their ends, and their beginnings say which block they belong to: the middle is what a reader misses least.
 */
export function shorten(text: string, width: number, size: number, bold = false): string {
  if (textWidth(text, size, bold) <= width) return text;
  const characters = [...text];
  for (let kept = characters.length - 1; kept > 0; kept--) {
    const tail = Math.ceil(kept * 0.6);
    const shorter = `${characters.slice(0, kept - tail).join("")}…${characters.slice(-tail).join("")}`;
    if (textWidth(shorter, size, bold) <= width) return shorter;
  }
  return "…";
}

/** The text in lines no wider than `width` pixels, broken at spaces, and inside words only where a word is too long. */
export function wrap(text: string, width: number, size: number, bold = false): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(BREAKS).filter(Boolean)) {
    for (const piece of breakWord(word, width, size, bold)) {
      const longer = line === "" ? piece : `${line} ${piece}`;
      if (line !== "" && textWidth(longer, size, bold) > width) {
        lines.push(line);
        line = piece;
      } else line = longer;
    }
  }
  return line === "" ? lines : [...lines, line];
}

function breakWord(word: string, width: number, size: number, bold: boolean): string[] {
  if (textWidth(word, size, bold) <= width) return [word];
  const pieces: string[] = [];
  let piece = "";
  for (const character of word) {
    if (piece !== "" && textWidth(piece + character, size, bold) > width) {
      pieces.push(piece);
      piece = "";
    }
    piece += character;
  }
  return [...pieces, piece];
}

function widths(thousandths: string): number[] {
  return thousandths.split(" ").map((width) => Number(width) / 1000);
}
