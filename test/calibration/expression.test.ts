import { describe, expect, test } from "vitest";
import { condition } from "../../src/calibration/index.ts";
import { Problem } from "../../src/formats/problem.ts";

const COLUMNS = ["operator", "repeat", "mobile_edge_mbps"];
const holds = (text: string, operator: string, repeat: string, mbps: string) =>
  condition(text, COLUMNS)({ operator, repeat, mobile_edge_mbps: mbps });

describe("conditions over the columns of a table", () => {
  test("compare numbers as numbers, texts as texts, and read an empty cell as 0", () => {
    expect(holds("repeat < 4", "sptq", "3", "200")).toBe(true);
    expect(holds("repeat < 4", "sptq", "10", "200")).toBe(false);
    expect(holds('operator == "sptq" and repeat != 2', "sptq", "3", "")).toBe(true);
    expect(holds('operator != "sptq"', "sptq", "3", "")).toBe(false);
    expect(holds("mobile_edge_mbps == 0", "sptq", "3", "")).toBe(true);
    expect(holds("operator == 1", "sptq", "3", "")).toBe(false);
  });

  test.each([
    ["repeat <", "Unexpected end"],
    ["bandwidth > 1", "there is no column 'bandwidth'; columns: operator, repeat, mobile_edge_mbps"],
    ["repeat + 1", "is no condition"],
  ])("%s is refused", (text, message) => {
    expect(() => holds(text, "sptq", "1", "1")).toThrow(Problem);
    expect(() => holds(text, "sptq", "1", "1")).toThrow(message);
  });
});
