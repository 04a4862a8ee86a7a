import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { digest, galleryDocument, IMAGES, picture } from "../../gallery/document.ts";
import { exhibits } from "../../gallery/exhibits.ts";
import { CHARTS, PLAN_CHARTS } from "../../src/report/index.ts";

const DOCS = "docs";
const AGAIN = "`npm run gallery` writes it again; look at what changed";
const shown = exhibits();
const all = [...shown.model, ...shown.plan];

describe("the gallery in docs is what `npm run gallery` writes", () => {
  test("has every chart of the reports", () => {
    expect(all.map(({ name }) => name)).toEqual([...CHARTS, ...PLAN_CHARTS].map(({ name }) => name));
    expect(readdirSync(path.join(DOCS, IMAGES)).sort()).toEqual(all.map(({ name }) => `${name}.svg`).sort());
  });

  test.each(all)("$name was drawn from the same compiled Vega", ({ name, spec }) => {
    const svg = readFileSync(path.join(DOCS, IMAGES, `${name}.svg`), "utf8");
    expect(/<!-- compiled Vega: sha256 (\w+) -->/.exec(svg)?.[1], AGAIN).toBe(digest(spec));
  });

  test("says the same", () => {
    expect(readFileSync(path.join(DOCS, "gallery.md"), "utf8"), AGAIN).toBe(galleryDocument(shown));
  });
});

test("a digest changes with what is drawn", () => {
  const { spec } = all[0]!;
  expect(digest(spec)).toBe(digest(structuredClone(spec)));
  expect(digest({ ...spec, padding: 11 })).not.toBe(digest(spec));
});

test.each(all)("the picture of $name needs no other file", async ({ spec }) => {
  const svg = (await picture({ spec })).replaceAll(/xmlns(:xlink)?="http:\/\/www\.w3\.org\/[^"]*"/g, "");
  expect(svg).not.toMatch(/https?:|href|url\(|<image|<script|<style/i);
});
