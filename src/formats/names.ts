import { Problem } from "./problem.ts";

/**
 * The Problem of a name that is not among the known ones, with the closest of them where one is close.
 *
 * @param kind what the name stands for, such as "cut"
 * @param hint what to do instead, appended to the message
 */
export function unknownName(kind: string, name: string, known: readonly string[], hint = ""): Problem {
  const near = closest(name, known);
  const shown = known.length <= 8 ? `known: ${known.join(", ") || "none"}` : `${known.length} are known`;
  const ask = near === undefined ? "" : `; did you mean "${near}"?`;
  return new Problem(`unknown ${kind} "${name}"${ask} (${shown})${hint && `; ${hint}`}`);
}

/**
 * The known name with the least edit distance, if that is at most a third of the longer name's length; or else the
 * shortest that contains the name, as a node's full name contains its last part.
 */
export function closest(name: string, known: readonly string[]): string | undefined {
  let best: string | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const candidate of known) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (distance < least && distance * 3 <= Math.max(name.length, candidate.length)) {
      best = candidate;
      least = distance;
    }
  }
  const containing = known.filter((candidate) => candidate.toLowerCase().includes(name.toLowerCase()));
  return best ?? containing.toSorted((a, b) => a.length - b.length)[0];
}

/** Insertions, deletions, substitutions and swaps of neighbours that turn one text into the other (Damerau, 1964). */
function editDistance(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = rows[i - 1]![j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(rows[i - 1]![j]! + 1, row[j - 1]! + 1, substitution));
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) row[j] = Math.min(row[j]!, rows[i - 2]![j - 2]! + 1);
    }
    rows.push(row);
  }
  return rows[a.length]![b.length]!;
}
