import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { freshFolder, tierwise } from "./tierwise.ts";

const VALIDATION = path.resolve("calibration/validation.json");
const folder = freshFolder();

/** The page without what stands in script elements, and its characters as they are read. */
const markupOf = (source: string) =>
  source
    .replace(/<script[^>]*>[\s\S]*?<\/script>/g, "")
    .replace(/&#(\d+);/g, (_, code) => String.fromCodePoint(Number(code)));

describe("tierwise report --plan", () => {
  let page: string;
  let said: { file: string; charts: string[]; answer: string };

  beforeAll(() => {
    const args = ["--validation", VALIDATION, "-o", "out/plan.html", "--svg", "--vega-lite", "--json"];
    const { status, stderr, json } = tierwise(["report", "--plan", "receipts-at-the-till", ...args], folder);
    expect(status, stderr).toBe(0);
    said = json();
    page = readFileSync(path.join(folder, said.file), "utf8");
  }, 120_000);

  test("answers the question that the scenario asks, in the words of `plan`", () => {
    const planned = tierwise(["plan", "receipts-at-the-till", "--json"], folder).json();
    expect(said.answer).toBe(planned.explanation.sentence.replace(/\.$/, ""));
    expect(markupOf(page)).toContain(said.answer);
    for (const text of ["receipts-at-the-till", "The question", "till: 10 users", "back-office: 1.5 requests a second"])
      expect(markupOf(page)).toContain(text);
  });

  test("needs nothing from anywhere", () => {
    const outside = markupOf(page).replaceAll(/xmlns(:xlink)?="http:\/\/www\.w3\.org\/[^"]*"/g, "");
    expect(outside).not.toMatch(/https?:|\b(src|href|srcset|action)\s*=|@import|url\(/i);
    expect(page).not.toMatch(/<script[^>]+src|<link|<iframe|sourceMappingURL/i);
    expect(page).toContain("default-src 'none'");
  });

  test("has answer, charts, what would change it, evidence and assumptions, in this order", () => {
    const order = [
      said.answer,
      "The question",
      "Alternatives",
      'id="stagesOfChoices"',
      'id="underLoad"',
      "What binds",
      'id="flips"',
      "Changes at",
      'id="tornado"',
      'id="predictedMeasured"',
      "200 cells of 2556 real runs (validation.json)",
      "Assumptions",
      "Variants",
      "Caveats",
    ];
    const places = order.map((text) => markupOf(page).indexOf(text));
    expect(places).not.toContain(-1);
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    // Each chart as a picture, for a screen and for a phone; what has no picture says why.
    expect(markupOf(page).match(/<div class="wide"><svg/g)).toHaveLength(5);
    expect(markupOf(page).match(/<div class="narrow"><svg/g)).toHaveLength(5);
    expect(markupOf(page)).toContain("The accuracy of no variant is known.");
  });

  test("has intervals of the latency alone and under load, and says what they do not hold", () => {
    const text = markupOf(page);
    expect(text).toMatch(/Under load the mean is \d+ ms, [\d.–]+ m?s as far as the simulation's error goes/);
    expect(text).toMatch(/Alone, a request takes \d+ ms, [\d.–]+ ms as far as the profile's sampling error goes/);
    expect(text).toContain("nor of what is stated");
    expect(text).not.toContain("Nothing here was compared with measured runs.");
  });

  test("writes each chart by itself, too", () => {
    const names = ["stagesOfChoices", "underLoad", "flips", "tornado", "predictedMeasured"];
    expect(said.charts.map((file) => path.basename(file)).sort()).toEqual(
      names.flatMap((name) => [`${name}.svg`, `${name}.vl.json`]).sort(),
    );
    const spec = JSON.parse(readFileSync(path.join(folder, "out/flips.vl.json"), "utf8"));
    expect(spec.$schema).toContain("vega-lite");
  });
});

describe("a mistake is one sentence and exit status 2", () => {
  writeFileSync(path.join(folder, "profile.json"), '{ "n": 3 }');
  test.each([
    ["a scenario that is not there", ["--plan", "reciepts"], /reciepts/],
    ["a validation that is not there", ["--plan", "receipts-at-the-till", "--validation", "none.json"], /none\.json/],
    [
      "a validation that is none",
      ["--plan", "receipts-at-the-till", "--validation", "profile.json"],
      /profile\.json: .*(tierwise validate|n_fit)/,
    ],
    ["a calibration that is not there", ["--plan", "receipts-at-the-till", "--calibration", "none.json"], /none\.json/],
    ["--plan with a profile", ["x.json", "--plan", "receipts-at-the-till"], /--plan takes profiles/],
    ["evidence without a plan", ["x.json", "--validation", "v.json"], /belong to --plan/],
    ["nothing at all", [], /give profiles, or --plan/],
  ])("%s", (_, args, message) => {
    const { status, stdout, stderr } = tierwise(["report", ...args], folder);
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/\n {4}at /);
    expect(stderr.match(/error:/g)).toHaveLength(1);
    expect(stdout).toBe("");
    expect(status).toBe(2);
  });
});
