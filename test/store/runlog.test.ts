import { appendFileSync, existsSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fc, test as property } from "@fast-check/vitest";
import { expect, test } from "vitest";
import { RunLog } from "../../src/store/index.ts";
import { temporaryFolder } from "../fixtures/folder.ts";

const COLUMNS = ["model", "repeat", "error"];
const row = (repeat: number, error = "") => ({ model: "m", repeat: String(repeat), error });
const table = () => path.join(temporaryFolder(), "sub", "runs.csv");

test("rows come back as they were written, commas, quotes and all; a row is one line", () => {
  const file = table();
  const { log, rows } = RunLog.open(file, COLUMNS);
  expect(rows).toEqual([]);
  log.append([row(0, 'it said "no", twice'), row(1, "two\nlines")]);
  log.append([row(2)]);
  log.close();
  expect(readFileSync(file, "utf8").split("\n")).toHaveLength(5);
  expect(RunLog.open(file, COLUMNS).rows).toEqual([row(0, 'it said "no", twice'), row(1, "two lines"), row(2)]);
});

property.prop({ cut: fc.nat(200) })("whatever a kill cuts off, whole rows stay and work goes on", ({ cut }) => {
  const file = path.join(temporaryFolderOnce(), `${cut}.csv`);
  writeFileSync(file, "");
  const written = Array.from({ length: 8 }, (_, i) => row(i, `a, b ${"x".repeat(i)}`));
  const first = RunLog.open(file, COLUMNS).log;
  for (const one of written) first.append([one]);
  first.close();
  const length = readFileSync(file).length;
  truncateSync(file, Math.max(0, length - cut));
  const { log, rows } = RunLog.open(file, COLUMNS);
  expect(rows).toEqual(written.slice(0, rows.length));
  log.append(written.slice(rows.length));
  log.close();
  expect(RunLog.open(file, COLUMNS).rows).toEqual(written);
});

let once: string | undefined;
function temporaryFolderOnce(): string {
  if (!once || !existsSync(once)) once = temporaryFolder();
  return once;
}

test("rows that are not to stay go", () => {
  const file = table();
  const { log } = RunLog.open(file, COLUMNS);
  log.append([row(0), row(1, "failed"), row(2)]);
  log.close();
  const { rows } = RunLog.open(file, COLUMNS, (all) => all.filter(({ error }) => error === ""));
  expect(rows).toEqual([row(0), row(2)]);
  expect(RunLog.open(file, COLUMNS).rows).toEqual([row(0), row(2)]);
});

test("a table of something else is left alone", () => {
  const file = path.join(temporaryFolder(), "runs.csv");
  writeFileSync(file, "a,b\n1,2\n");
  expect(() => RunLog.open(file, COLUMNS)).toThrow(/runs\.csv is a table of something else.*column a/);
  expect(readFileSync(file, "utf8")).toBe("a,b\n1,2\n");
  writeFileSync(file, "no table at all");
  expect(() => RunLog.open(file, COLUMNS)).toThrow(/something else/);
  expect(readFileSync(file, "utf8")).toBe("no table at all");
});

test("a row that was appended by hand stays", () => {
  const file = table();
  RunLog.open(file, COLUMNS).log.close();
  appendFileSync(file, "m,0,\n");
  expect(RunLog.open(file, COLUMNS).rows).toEqual([row(0)]);
});
