import { describe, expect, test } from "vitest";
import { readBundles } from "../../src/render/index.ts";
import { CHARTS, drawCharts, html, type ReportData } from "../../src/report/index.ts";
import { sample } from "./sample.ts";

const page = async (data: ReportData) => html(data, await drawCharts(data, CHARTS), await readBundles());

/** The page without what stands in script elements. */
const markupOf = (source: string) => source.replace(/<script[^>]*>[\s\S]*?<\/script>/g, "");

describe("the page", async () => {
  const source = await page(sample());

  test("loads nothing from anywhere", () => {
    const outside = markupOf(source).replaceAll(/xmlns(:xlink)?="http:\/\/www\.w3\.org\/[^"]*"/g, "");
    expect(outside).not.toMatch(/https?:|\b(src|href|srcset|action)\s*=|@import|url\(/i);
    expect(source).not.toMatch(/<script[^>]+src|<link|<iframe|sourceMappingURL/i);
    expect(source).toContain("default-src 'none'");
  });

  test("is small enough to send by mail", () => {
    expect(source.length).toBeLessThan(1.25e6);
  });

  test("says the answer, then how it compares, then how it was measured", () => {
    const order = [
      "Cut after p2o.Add.49 on mobile&#62;cloud: 230 ms",
      "Placements",
      "Assumptions and limits",
      "Load average",
    ];
    const places = order.map((text) => markupOf(source).indexOf(text));
    expect(places).not.toContain(-1);
    expect(places).toEqual([...places].sort((a, b) => a - b));
  });

  test("holds every chart as a picture, for a screen and for a phone", () => {
    expect(markupOf(source).match(/<div class="wide"><svg/g)).toHaveLength(5);
    expect(markupOf(source).match(/<div class="narrow"><svg/g)).toHaveLength(5);
  });

  test("is without scripts when there are no bundles", async () => {
    expect(html(sample(), await drawCharts(sample(), CHARTS))).not.toContain("<script");
  });
});

test("names cannot break out of the page", async () => {
  const hostile = `</script><img src=x onerror=alert(1)><!--<script>"'&\\`;
  const source = await page({
    ...sample({ model: hostile, cuts: 4, cutName: (position) => `${hostile}${position}`, tiers: [hostile, "edge"] }),
    codec: "raw",
  });
  expect(markupOf(source).match(/<img|<!--|onerror=[^&]*>/g)).toBeNull();
  // One script of data, three bundles and the page's own: none more has begun, and none has ended early.
  expect(source.match(/<script/g)).toHaveLength(5);
  expect(source.match(/<\/script/g)).toHaveLength(5);
  const specs = /<script type="application\/json" id="specs">(.*?)<\/script>/s.exec(source)![1]!;
  expect(Object.keys(JSON.parse(specs))).toContain("latencyByCut");
});

test("says why a placement does not fit, and what there is no chart for", async () => {
  const data = sample({ cuts: 3, checks: 0 });
  const full = { feasible: false, infeasible_because: "edge has 2 GB, the tail needs 3 GB" };
  const source = markupOf(
    await page({
      ...data,
      predictions: data.predictions.map((one) => (one.placement.endsWith("edge") ? { ...one, ...full } : one)),
    }),
  );
  expect(source).toContain("edge has 2 GB, the tail needs 3 GB");
  expect(source).toContain("No prediction was checked against a measurement.");
});
