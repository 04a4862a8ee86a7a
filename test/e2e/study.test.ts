import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import type { StudyResult } from "../../study/study.ts";

const folder = mkdtempSync(path.join(os.tmpdir(), "tierwise-test-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** The whole way, on a model small enough for a test: built, variants derived, profiled, predicted, judged, drawn. */
function study(...more: string[]): StudyResult {
  const small = ["--models", "mobilenet", "--budget", "0.2", "--cuts", "1", "--cache", path.join(folder, "cache")];
  const alone = ["--data", path.join(folder, "none"), "--json"];
  const command = ["--import", "tsx", "study/main.ts", ...small, ...alone, ...more];
  return JSON.parse(execFileSync("node", command, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }));
}

describe("npm run study", () => {
  test("goes its whole way without published runs, and takes its profiles again", { timeout: 180_000 }, () => {
    const first = study("-o", path.join(folder, "charts"));
    expect(first.reused_profiles).toBe(0);
    expect(first.predictions.rows).toHaveLength(18);
    expect(first.predictions.calibration.rows).toBe(0);
    expect(first.predictions.calibration.on).toContain("no published runs");
    for (const { published_s, low_s, predicted_s, high_s } of first.predictions.rows) {
      expect(published_s).toBeNull();
      expect(low_s).toBeLessThan(predicted_s);
      expect(predicted_s).toBeLessThan(high_s);
    }
    const charts = readdirSync(path.join(folder, "charts"));
    expect(charts.sort()).toEqual(["flips.svg", "latencies.svg"]);
    expect(readFileSync(path.join(folder, "charts", "latencies.svg"), "utf8")).toContain("not calibrated");
    // Models are as large as hundreds of megabytes and are not kept.
    expect(readdirSync(path.join(folder, "cache", "models"))).toEqual([]);

    const again = study();
    expect(again.reused_profiles).toBe(6);
    expect(again.predictions.rows).toEqual(first.predictions.rows);
  });
});
