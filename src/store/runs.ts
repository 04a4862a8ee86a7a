import { CsvError, parse } from "csv-parse/sync";
import { unknownName } from "../formats/names.ts";
import { Problem } from "../formats/problem.ts";
import { type MeasuredRun, measuredRunOf, REQUIRED_COLUMNS } from "../formats/runs.ts";
import { readText } from "./files.ts";

/** Measured runs of a table, each with its record as it stands in the file. */
export interface RunTable {
  readonly file: string;
  readonly columns: readonly string[];
  readonly runs: readonly MeasuredRun[];
  /** Cells by column, for expressions over the file's own columns. */
  readonly records: readonly Readonly<Record<string, string>>[];
}

/**
 * Reads a CSV table of measured runs (RFC 4180, with a heading).
 * @throws Problem when the file cannot be read, is malformed, or lacks a column
 */
export function readRuns(file: string): RunTable {
  const text = readText(file);
  let columns: string[] = [];
  let rows: { record: Record<string, string>; info: { lines: number } }[];
  try {
    rows = parse(text, {
      bom: true,
      info: true,
      skip_empty_lines: true,
      columns: (heading: string[]) => {
        columns = heading;
        return heading;
      },
    });
  } catch (error) {
    if (error instanceof CsvError) throw new Problem(`${file} is not a CSV table: ${error.message}.`);
    throw error;
  }
  if (columns.length === 0) throw new Problem(`${file} is empty: it has no heading.`);
  for (const column of REQUIRED_COLUMNS) {
    if (!columns.includes(column)) throw unknownName(`column of ${file}`, column, columns);
  }
  if (rows.length === 0) throw new Problem(`${file} has a heading, but no rows.`);
  return {
    file,
    columns,
    runs: rows.map(({ record, info }) => measuredRunOf(record, `${file}, line ${info.lines}`)),
    records: rows.map(({ record }) => record),
  };
}
