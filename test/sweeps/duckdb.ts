import { DuckDBInstance, type DuckDBValue } from "@duckdb/node-api";

/** What DuckDB answers, row by row. */
export async function query(sql: string): Promise<DuckDBValue[][]> {
  const instance = await DuckDBInstance.create();
  const connection = await instance.connect();
  try {
    return (await connection.runAndReadAll(sql)).getRows();
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

/** How many rows, scenarios, and the least and greatest of them: each is there once if all fit together. */
export async function census(file: string): Promise<number[]> {
  const [row] = await query(`SELECT count(*), count(DISTINCT scenario), min(scenario), max(scenario) FROM '${file}'`);
  return row!.map(Number);
}

/** Rows that one file has and the other has not. */
export async function difference(a: string, b: string): Promise<number> {
  const [row] = await query(
    `SELECT (SELECT count(*) FROM (FROM '${a}' EXCEPT FROM '${b}')) + (SELECT count(*) FROM (FROM '${b}' EXCEPT FROM '${a}'))`,
  );
  return Number(row![0]);
}
