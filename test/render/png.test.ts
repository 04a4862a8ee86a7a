import { expect, test } from "vitest";
import { toPng } from "../../src/render/index.ts";
import { CHARTS, toSvg } from "../../src/report/index.ts";
import { textWidth } from "../../src/report/text.ts";
import { sample } from "../report/sample.ts";

const MAGIC = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

test.each(CHARTS)("$name as PNG has its text", async ({ spec }) => {
  const svg = await toSvg(spec(sample({ cuts: 6 })));
  const withText = toPng(svg, 1);
  const without = toPng(svg.replace(/<text[\s\S]*?<\/text>/g, ""), 1);
  expect([...withText.slice(0, 8)]).toEqual(MAGIC);
  expect(withText.length).toBeGreaterThan(without.length * 1.3);
});

test("is as large as it was asked to be", () => {
  const size = (png: Uint8Array) => new DataView(png.buffer, png.byteOffset).getUint32(16);
  const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="30"/>';
  expect([1, 2, 3].map((scale) => size(toPng(svg, scale)))).toEqual([40, 80, 120]);
});

test.each([false, true])("the table of text widths is the font's own (bold: %s)", async (bold) => {
  const { Resvg } = await import("@resvg/resvg-js");
  const font = { loadSystemFonts: false, fontFiles: fontFiles(), defaultFontFamily: "DejaVu Sans" };
  const weight = bold ? "bold" : "normal";
  for (const text of ["mobile>edge 61.4 ms", "p2o.Add.49", "HARD_SIGMOID@#%&", "0123456789"]) {
    // Upright strokes at both ends make the painted width the advance width, but for two thin side bearings.
    const painted = new Resvg(
      `<svg xmlns="http://www.w3.org/2000/svg" width="900" height="60"><text x="10" y="40" font-size="20" ` +
        `font-weight="${weight}" font-family="DejaVu Sans">H${text.replaceAll("&", "&amp;").replaceAll(">", "&gt;")}H</text></svg>`,
      { font },
    ).getBBox()!.width;
    expect(Math.abs(textWidth(`H${text}H`, 20, bold) - painted)).toBeLessThan(5);
  }
});

function fontFiles(): string[] {
  const url = (face: string) => new URL(`../../node_modules/dejavu-fonts-ttf/ttf/${face}.ttf`, import.meta.url);
  return ["DejaVuSans", "DejaVuSans-Bold"].map((face) => url(face).pathname);
}
