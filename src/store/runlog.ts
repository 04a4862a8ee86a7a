import fs from "node:fs";
import path from "node:path";
import { CsvError, parse } from "csv-parse/sync";
import { Problem } from "../formats/problem.ts";
import { ensureFolder, writeAtomically } from "./files.ts";

type Row = Readonly<Record<string, string>>;

/**
 * A CSV table (RFC 4180) that rows are appended to, each on the disk before the next comes. What was cut off at the end,
 * as a killed process leaves it, is dropped when the table is opened again.
 */
export class RunLog {
  readonly #file: string;
  readonly #columns: readonly string[];
  readonly #descriptor: number;
  #length: number;

  private constructor(file: string, columns: readonly string[]) {
    this.#file = file;
    this.#columns = columns;
    this.#descriptor = fs.openSync(file, "r+");
    this.#length = fs.fstatSync(this.#descriptor).size;
  }

  /**
   * Opens a table, or begins one.
   * @param keep told the rows there are, says which of them stay; the others are removed
   * @returns the table, and the rows that stayed
   * @throws Problem when the file is another table, or cannot be written
   */
  static open(
    file: string,
    columns: readonly string[],
    keep: (rows: readonly Row[]) => readonly Row[] = (rows) => rows,
  ): { log: RunLog; rows: readonly Row[] } {
    ensureFolder(path.dirname(path.resolve(file)));
    const heading = `${columns.map(quoted).join(",")}\n`;
    if (!fs.existsSync(file)) writeAtomically(file, heading);
    const text = fs.readFileSync(file, "utf8");
    const whole = text.slice(0, text.lastIndexOf("\n") + 1);
    let rows: Row[] = [];
    // A beginning of a heading alone was never a table.
    if (whole === "" && heading.startsWith(text)) writeAtomically(file, heading);
    else {
      rows = readRows(file, whole, columns);
      const kept = keep(rows);
      if (kept.length < rows.length || whole.length < text.length)
        writeAtomically(file, heading + kept.map((row) => lineOf(columns, row)).join(""));
      rows = [...kept];
    }
    return { log: new RunLog(file, columns), rows };
  }

  /**
   * Appends rows, all or none, and returns when they are on the disk.
   * @throws Problem when they cannot be written; the table is then as it was
   */
  append(rows: readonly Row[]): void {
    const bytes = Buffer.from(rows.map((row) => lineOf(this.#columns, row)).join(""));
    try {
      for (let written = 0; written < bytes.length; )
        written += fs.writeSync(this.#descriptor, bytes, written, bytes.length - written, this.#length + written);
      fs.fsyncSync(this.#descriptor);
      this.#length += bytes.length;
    } catch (error) {
      fs.ftruncateSync(this.#descriptor, this.#length);
      const { code } = error as NodeJS.ErrnoException;
      const why = code === "ENOSPC" ? "the disk is full" : (code ?? String(error));
      throw new Problem(`cannot write ${this.#file}: ${why}. What was measured before is kept; run again to go on.`);
    }
  }

  close(): void {
    fs.closeSync(this.#descriptor);
  }
}

function readRows(file: string, text: string, columns: readonly string[]): Row[] {
  let heading: string[] = [];
  let rows: Row[];
  try {
    rows = parse(text, {
      columns: (found: string[]) => {
        heading = found;
        return found;
      },
    });
  } catch (error) {
    if (error instanceof CsvError) throw new Problem(`${file} is not a CSV table: ${error.message}.`);
    throw error;
  }
  if (heading.join("\n") !== columns.join("\n")) {
    const other = heading.find((column) => !columns.includes(column)) ?? columns.find((c) => !heading.includes(c));
    throw new Problem(
      `${file} is a table of something else${other === undefined ? "" : ` (see the column ${other})`}: it cannot be gone on with. Write to another file.`,
    );
  }
  return rows;
}

function lineOf(columns: readonly string[], row: Row): string {
  // A row is one line, so that a line that was cut off can be told.
  return `${columns.map((column) => quoted((row[column] ?? "").replace(/[\r\n]+/g, " "))).join(",")}\n`;
}

function quoted(cell: string): string {
  return /[",]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}
