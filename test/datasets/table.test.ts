import { describe, expect, test } from "vitest";
import { collected, written } from "./collect.ts";

const TABLE = 'id,"petal, length",width,kind\n1,1.5,2,setosa\n2,-3e2,0.25,virginica\n3,0,7,setosa\n';
const x = { kind: "csv", file: "t.csv", columns: ["width", "petal, length"] };

test("columns in the order asked for, and classes by name", async () => {
  const labels = { kind: "csv", file: "t.csv", column: "kind" };
  const file = written({ inputs: { x }, labels, classes: ["setosa", "virginica"] }, { "t.csv": TABLE });
  expect(await collected(file)).toMatchObject({
    ...{ count: 3, dtype: "float32", dims: [2], values: [2, 1.5, 0.25, -300, 7, 0], labels: [0, 1, 0] },
  });
});

test("classes by number, another delimiter, a byte order mark", async () => {
  const input = { kind: "csv", file: "t.csv", columns: ["a"], delimiter: ";", dtype: "int64", shape: [1, 1] };
  const labels = { kind: "csv", file: "t.csv", column: "b", delimiter: ";" };
  const file = written({ inputs: { x: input }, labels }, { "t.csv": "\ufeffa;b\r\n4;1\r\n5;0\r\n" });
  expect(await collected(file)).toMatchObject({ dtype: "int64", dims: [1, 1], values: [4, 5], labels: [1, 0] });
});

describe("what is wrong is said in one message", () => {
  const labels = { kind: "csv", file: "t.csv", column: "kind" };
  test.each<[string, object, string, RegExp]>([
    [
      "an unknown column",
      { inputs: { x: { ...x, columns: ["widht"] } } },
      TABLE,
      /unknown column of .*"widht"; did you mean "width"/,
    ],
    [
      "a word for a number",
      { inputs: { x: { ...x, columns: ["kind"] } } },
      TABLE,
      /t\.csv, line 2: column 'kind' holds 'setosa', which is no number/,
    ],
    ["an empty cell", { inputs: { x: { ...x, columns: ["a"] } } }, "a,b\n1,2\n,2\n", /line 3: column 'a' holds ''/],
    [
      "a class without a list",
      { inputs: { x }, labels },
      TABLE,
      /line 2: .*'setosa', which is no class number, and the data set lists no classes/,
    ],
    [
      "an unknown class",
      { inputs: { x }, labels, classes: ["setosa", "b"] },
      TABLE,
      /line 3: .*'virginica'.*nor one of the classes setosa, b/,
    ],
    ["a ragged row", { inputs: { x } }, `${TABLE}9\n`, /t\.csv is not a CSV table.*line 5/],
    ["an empty file", { inputs: { x } }, "", /t\.csv is empty/],
    ["a heading alone", { inputs: { x } }, 'id,"petal, length",width,kind\n', /holds no samples/],
    ["fractions as integers", { inputs: { x: { ...x, dtype: "int64" } } }, TABLE, /the value 1\.5 is no whole number/],
  ])("%s", async (_, document, table, says) => {
    const failure = await collected(written(document, { "t.csv": table })).catch((error: Error) => error);
    expect(failure).toMatchObject({ name: "Problem", message: expect.stringMatching(says) });
  });
});
