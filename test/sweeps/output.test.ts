import { appendFileSync, existsSync, readdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import path from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { Problem } from "../../src/formats/problem.ts";
import { SweepOutput } from "../../src/sweeps/output.ts";
import { ChunkEncoder } from "../../src/sweeps/parquet.ts";
import type { Column } from "../../src/sweeps/rows.ts";
import { freshFolder } from "../e2e/tierwise.ts";
import { query } from "./duckdb.ts";

const ROWS = 7;
const encoder = new ChunkEncoder();
const columnsOf = (chunk: number): Column[] => [
  { name: "scenario", type: "INT32", data: Int32Array.from({ length: ROWS }, (_, i) => chunk * ROWS + i) },
  { name: "value", type: "DOUBLE", data: Float64Array.from({ length: ROWS }, (_, i) => chunk + i / 10) },
  { name: "holds", type: "BOOLEAN", data: Array.from({ length: ROWS }, (_, i) => (chunk + i) % 2 === 0) },
  { name: "text", type: "STRING", data: Array.from({ length: ROWS }, (_, i) => `µ${(chunk * i) % 3}`) },
];
const append = (output: SweepOutput, chunk: number) => output.append(chunk, encoder.encode(columnsOf(chunk)));

/** What a killed process and a failing disk may leave. */
const DAMAGES = {
  nothing: () => {},
  "more than the journal knows": (partial: string) => appendFileSync(partial, "half a chunk"),
  "a journal line that was cut off": (_: string, journal: string) => {
    const text = readFileSync(journal, "utf8");
    const lines = text.trimEnd().split("\n");
    if (lines.length > 1) truncateSync(journal, Buffer.byteLength(text) - 1 - Math.ceil(lines.at(-1)!.length / 2));
  },
  "less than the journal knows": (partial: string) => {
    const { length } = readFileSync(partial);
    if (length > 10) truncateSync(partial, length - 3);
  },
};

test("however often it is left, each row is there once", async () => {
  const damage = fc.constantFrom(...(Object.keys(DAMAGES) as (keyof typeof DAMAGES)[]));
  const run = fc.record({ appended: fc.array(fc.nat({ max: 9 }), { maxLength: 6 }), damage });
  await fc.assert(
    fc.asyncProperty(fc.array(run, { maxLength: 4 }), async (runs) => {
      const folder = freshFolder();
      const file = path.join(folder, "sweep.parquet");
      for (const { appended, damage: kind } of runs) {
        const output = new SweepOutput(file, "same");
        for (const chunk of appended) append(output, chunk);
        output.close();
        DAMAGES[kind](path.join(folder, ".sweep.parquet.partial"), path.join(folder, ".sweep.parquet.journal"));
      }
      expect(existsSync(file)).toBe(false);
      const output = new SweepOutput(file, "same");
      for (let chunk = 9; chunk >= 0; chunk--) if (!output.has(chunk)) append(output, chunk);
      output.finish(columnsOf(0), { fact: "true" }, "test");
      expect(readdirSync(folder)).toEqual(["sweep.parquet"]);
      const rows = await query(`SELECT * FROM '${file}'`);
      const expected = Array.from({ length: 10 }, (_, chunk) => {
        const columns = columnsOf(chunk);
        return Array.from({ length: ROWS }, (_, i) => columns.map(({ data }) => data[i]));
      });
      expect(rows).toEqual(expected.flat());
    }),
    { numRuns: 25 },
  );
});

test("what another sweep left is not taken", () => {
  const file = path.join(freshFolder(), "sweep.parquet");
  const one = new SweepOutput(file, "one");
  append(one, 0);
  expect(one.rows).toBe(ROWS);
  one.close();
  const other = new SweepOutput(file, "other");
  expect(other.rows).toBe(0);
  other.close();
});

test("statistics and facts can be read", async () => {
  const file = path.join(freshFolder(), "sweep.parquet");
  const output = new SweepOutput(file, "f");
  for (const chunk of [1, 0]) append(output, chunk);
  output.finish(columnsOf(0), { "tierwise.fingerprint": "f" }, "tierwise test");
  const groups = await query(
    `SELECT row_group_id, stats_min_value, stats_max_value FROM parquet_metadata('${file}') WHERE path_in_schema = 'scenario'`,
  );
  expect(groups.map((row) => row.map(Number))).toEqual([
    [0, 0, 6],
    [1, 7, 13],
  ]);
  const [fact] = await query(`SELECT key::VARCHAR, value::VARCHAR FROM parquet_kv_metadata('${file}')`);
  expect(fact).toEqual(["tierwise.fingerprint", "f"]);
});

test("infinite values are found, and none that is not there", async () => {
  const file = path.join(freshFolder(), "sweep.parquet");
  const column = (data: number[]): Column[] => [{ name: "value", type: "DOUBLE", data: Float64Array.from(data) }];
  const output = new SweepOutput(file, "f");
  const chunks = [
    [1, 2, Number.POSITIVE_INFINITY],
    [Number.NaN, 3, 4],
    [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY],
    [Number.NaN],
    [-5, Number.NEGATIVE_INFINITY],
  ];
  for (const [i, data] of chunks.entries()) output.append(i, encoder.encode(column(data)));
  output.finish(column([]), {}, "test");
  const count = async (condition: string) =>
    Number((await query(`SELECT count(*) FROM '${file}' WHERE ${condition}`))[0]![0]);
  expect(await count("value = 'Infinity'")).toBe(3);
  expect(await count("value < 0")).toBe(2);
  expect(await count("value BETWEEN 1 AND 4")).toBe(4);
  expect(await count("isnan(value)")).toBe(2);
  expect(await count("value >= 3 AND NOT isnan(value)")).toBe(5);
});

test.each(["", "nofolder.json/sweep.parquet"])("a place that cannot be written to is a Problem at once: %s", (name) => {
  const folder = freshFolder();
  writeFileSync(path.join(folder, "nofolder.json"), "{}");
  expect(() => new SweepOutput(path.join(folder, name), "f")).toThrow(Problem);
});
