import { styleText } from "node:util";
import CliTable from "cli-table3";

/** What each command's action prints: one JSON document with `--json`, else text for a person. */
export function print(json: boolean | undefined, document: unknown, text: () => string): void {
  process.stdout.write(json ? `${JSON.stringify(document)}\n` : `${text()}\n`);
}

/** A line for people on standard error, so that standard output stays what was asked for. */
export function note(text: string): void {
  process.stderr.write(`${text}\n`);
}

const NO_BORDERS = Object.fromEntries(
  ["top", "bottom", "left", "right"]
    .flatMap((side) => [side, `${side}-mid`, `${side}-left`, `${side}-right`])
    .concat("mid", "mid-mid")
    .map((part) => [part, ""]),
);

/** A table with a heading, numbers to the right. */
export function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const numeric = head.map((_, column) => rows.every((row) => /^([−+]?\d|–$)/.test(String(row[column] ?? ""))));
  const printed = new CliTable({
    head: head.map((title) => (process.stdout.isTTY ? styleText("bold", title) : title)),
    colAligns: numeric.map((right) => (right ? "right" : "left")),
    style: { head: [], border: [], compact: true },
    chars: { ...NO_BORDERS, middle: " " },
  });
  printed.push(...rows.map((row) => row.map(String)));
  return printed.toString();
}

/** Cuts a long name in the middle: its beginning and its end tell most. */
export function shorten(name: string, length = 44): string {
  if (name.length <= length) return name;
  const tail = Math.floor((length - 1) * 0.6);
  return `${name.slice(0, length - 1 - tail)}…${name.slice(-tail)}`;
}
