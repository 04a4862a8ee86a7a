import { createReadStream } from "node:fs";
import { CsvError, parse } from "csv-parse";
import { unknownName } from "../formats/names.ts";
import { Problem } from "../formats/problem.ts";
import { openFile } from "../store/index.ts";
import { type Column, heldColumn } from "./column.ts";

/** One record of a table: its cells by column, and the line that it ends on. */
interface Row {
  readonly record: Readonly<Record<string, string>>;
  readonly info: { readonly lines: number };
}

/**
 * The records of a CSV file with a heading (RFC 4180), read as they are asked for.
 * @throws Problem when the file cannot be read, is malformed, or lacks a column
 */
async function* rowsOf(file: string, columns: readonly string[], delimiter: string): AsyncGenerator<Row> {
  openFile(file).close();
  let hasHeading = false;
  const checked = (heading: string[]) => {
    for (const column of columns)
      if (!heading.includes(column)) throw unknownName(`column of ${file}`, column, heading);
    hasHeading = true;
    return heading;
  };
  const parser = parse({
    columns: checked,
    delimiter,
    info: true,
    bom: true,
    trim: true,
  });
  try {
    for await (const row of createReadStream(file).pipe(parser)) yield row as Row;
  } catch (error) {
    if (error instanceof CsvError) throw new Problem(`${file} is not a CSV table: ${error.message}.`);
    throw error;
  }
  if (!hasHeading) throw new Problem(`${file} is empty: it has no heading.`);
}

/** Reads a whole table once to count its rows and to check them, keeping none. */
async function checkedRows(
  file: string,
  columns: readonly string[],
  delimiter: string,
  numberOf: (cell: string, column: string, line: number) => number,
): Promise<{ count: number; rows: () => AsyncGenerator<number[]> }> {
  async function* rows() {
    for await (const { record, info } of rowsOf(file, columns, delimiter))
      yield columns.map((column) => numberOf(record[column]!, column, info.lines));
  }
  let count = 0;
  for await (const _ of rows()) count += 1;
  return { count, rows };
}

/** Numbers that are read anew from their table whenever they are asked for. */
function tableColumn(
  count: number,
  width: number,
  shape: readonly number[],
  rows: () => AsyncGenerator<number[]>,
): Column {
  return {
    count,
    dtype: "float64",
    shape,
    chunks: (size) => inChunks(rows(), size, width),
    async pick(positions) {
      // A row is found by reading those before it, so that the picked ones are read once and kept.
      const wanted = new Set(positions);
      const values: number[] = [];
      let at = 0;
      for await (const row of rows()) if (wanted.has(at++)) values.push(...row);
      return heldColumn(Float64Array.from(values), "float64", shape);
    },
  };
}

async function* inChunks(
  rows: AsyncGenerator<number[]>,
  size: number,
  width: number,
): AsyncGenerator<Float64Array<ArrayBuffer>> {
  let chunk = new Float64Array(size * width);
  let filled = 0;
  for await (const row of rows) {
    chunk.set(row, filled * width);
    if (++filled < size) continue;
    yield chunk;
    chunk = new Float64Array(size * width);
    filled = 0;
  }
  if (filled > 0) yield chunk.slice(0, filled * width);
}

/** Numeric columns as samples of shape [columns]. */
export async function openFeatures(file: string, columns: readonly string[], delimiter: string): Promise<Column> {
  const { count, rows } = await checkedRows(file, columns, delimiter, (cell, column, line) => {
    const value = cell === "" ? Number.NaN : Number(cell);
    if (Number.isNaN(value))
      throw new Problem(`${file}, line ${line}: column '${column}' holds '${cell}', which is no number.`);
    return value;
  });
  return tableColumn(count, columns.length, [columns.length], rows);
}

/** A column of class numbers, or of class names where names are known. */
export async function openLabelColumn(
  file: string,
  column: string,
  delimiter: string,
  classes: readonly string[] | undefined,
): Promise<Column> {
  const { count, rows } = await checkedRows(file, [column], delimiter, (cell, _, line) => {
    const named = classes?.indexOf(cell) ?? -1;
    if (named >= 0) return named;
    const value = cell === "" ? Number.NaN : Number(cell);
    if (Number.isInteger(value)) return value;
    const known = classes ? `nor one of the classes ${classes.join(", ")}` : "and the data set lists no classes";
    throw new Problem(`${file}, line ${line}: column '${column}' holds '${cell}', which is no class number, ${known}.`);
  });
  return tableColumn(count, 1, [], rows);
}

/** All cells of one column, for lists of files. */
export async function readCells(file: string, column: string): Promise<string[]> {
  const cells: string[] = [];
  for await (const { record } of rowsOf(file, [column], ",")) cells.push(record[column]!);
  return cells;
}
