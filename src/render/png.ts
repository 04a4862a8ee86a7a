import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { Resvg } from "@resvg/resvg-js";

const FACES = ["DejaVuSans.ttf", "DejaVuSans-Bold.ttf", "DejaVuSans-Oblique.ttf"];
const FAMILY = "DejaVu Sans";

/**
 * An SVG document as PNG, `scale` pixels to one of its own. The fonts come with the package: resvg leaves text out
 * silently where it finds none, and a picture must not depend on what a machine has installed.
 */
export function toPng(svg: string, scale = 2): Uint8Array {
  const fonts = join(dirname(createRequire(import.meta.url).resolve("dejavu-fonts-ttf/package.json")), "ttf");
  const image = new Resvg(svg, {
    fitTo: { mode: "zoom", value: scale },
    font: {
      loadSystemFonts: false,
      fontFiles: FACES.map((face) => join(fonts, face)),
      defaultFontFamily: FAMILY,
      sansSerifFamily: FAMILY,
    },
  });
  return image.render().asPng();
}
