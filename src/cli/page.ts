import { createRequire } from "node:module";
import path from "node:path";
import { Resvg } from "@resvg/resvg-js";

/** Channel means and deviations that PP-OCR was trained with, in the order of its input's channels. */
const MEAN = [0.485, 0.456, 0.406];
const DEVIATION = [0.229, 0.224, 0.225];

const LINES = [
  "HARBOUR CAFE",
  "12 Quay Street, Port Town",
  "2 x Flat white        7.80",
  "1 x Almond croissant  4.20",
  "1 x Oat porridge      6.50",
  "Subtotal             18.50",
  "VAT 20 %              3.08",
  "TOTAL                18.50",
  "Paid by card **** 4417",
  "Thank you, see you soon",
];

/**
 * A picture of a receipt as PP-OCR's detector takes it: float32 [1, 3, size, size], normalised, little-endian bytes. A
 * detector of text needs text to look at: on noise most of its values are next to zero.
 * @param text the receipt's lines, without characters that XML needs escaped
 */
export function receiptPixels(size: number, text: readonly string[] = LINES): Uint8Array {
  const fonts = path.join(path.dirname(createRequire(import.meta.url).resolve("dejavu-fonts-ttf/package.json")), "ttf");
  const lines = text.map((line, index) => {
    const y = (size * (index + 1.2)) / (text.length + 1);
    return `<text x="${size * 0.07}" y="${y}" font-size="${size / 19}" xml:space="preserve">${line}</text>`;
  });
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${size}" height="${size}"><rect width="100%" height="100%" fill="#f4f1ea"/><g font-family="DejaVu Sans Mono" fill="#222">${lines.join("")}</g></svg>`;
  const image = new Resvg(svg, {
    font: {
      loadSystemFonts: false,
      fontFiles: [path.join(fonts, "DejaVuSansMono.ttf")],
      defaultFontFamily: "DejaVu Sans Mono",
    },
  }).render();
  // Each access copies the picture.
  const { pixels } = image;
  const values = new Float32Array(3 * size * size);
  for (let pixel = 0; pixel < size * size; pixel++)
    for (let channel = 0; channel < 3; channel++)
      values[channel * size * size + pixel] =
        (pixels[4 * pixel + channel]! / 255 - MEAN[channel]!) / DEVIATION[channel]!;
  return new Uint8Array(values.buffer);
}
