import fs from "node:fs";
import path from "node:path";
import sharp, { type Sharp } from "sharp";
import type { InputDocument } from "../formats/dataset.ts";
import { Problem } from "../formats/problem.ts";
import { type Column, chosen } from "./column.ts";
import { readCells } from "./table.ts";

type ImagesDocument = Extract<InputDocument, { kind: "images" }>;

const PICTURE = /\.(jpe?g|png|webp|gif|tiff?|avif)$/i;

/** Pictures, and where sub-folders tell it, the class of each. */
export interface Pictures {
  readonly column: Column;
  /** Name of the sub-folder that each picture lies in. */
  readonly folders: readonly string[];
}

/**
 * A folder of pictures as bytes of pixels. Pictures are decoded when their batch is read; their orientation tag is not
 * followed, as in PIL and torchvision.
 * @throws Problem when the folder has none, or a listed one is missing
 */
export async function openImages(root: string, document: ImagesDocument): Promise<Pictures> {
  const folder = path.resolve(root, document.folder);
  if (document.resize !== undefined && document.resize < Math.max(...document.size))
    throw new Problem(
      `pictures of ${folder}: a side of ${document.resize} (resize) is too short to cut ${document.size.join("x")} (size) from.`,
    );
  const files = document.list
    ? await listed(folder, path.resolve(root, document.list.file), document.list.column)
    : inSubfolders(folder);
  return {
    column: pixels(files, document),
    folders: files.map((file) => path.relative(folder, file).split(path.sep)[0]!),
  };
}

function pixels(files: readonly string[], document: ImagesDocument): Column {
  const { size, channels, layout } = document;
  const [height, width] = size;
  const depth = channels === "grey" ? 1 : 3;
  return {
    count: files.length,
    dtype: "uint8",
    shape: layout === "nchw" ? [depth, height, width] : [height, width, depth],
    async *chunks(batch) {
      for (let from = 0; from < files.length; from += batch) {
        const pictures = await Promise.all(files.slice(from, from + batch).map((file) => decode(file, document)));
        const values = new Uint8Array(pictures.length * depth * height * width);
        pictures.forEach((pixels, index) => {
          place(pixels, values.subarray(index * pixels.length, (index + 1) * pixels.length), depth, document);
        });
        yield values;
      }
    },
    pick: async (positions) => pixels(chosen(files, positions), document),
  };
}

function inSubfolders(folder: string): string[] {
  const entries = (where: string) => {
    try {
      return fs.readdirSync(where, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
    } catch {
      throw new Problem(`cannot read the folder ${where}: there is no such folder.`);
    }
  };
  const files = entries(folder)
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name }) => entries(path.join(folder, name)).map((picture) => path.join(folder, name, picture.name)))
    .filter((file) => PICTURE.test(file));
  if (files.length === 0)
    throw new Problem(`${folder} has no sub-folders with pictures (jpg, png, webp, gif, tiff, avif), one per class.`);
  return files;
}

async function listed(folder: string, list: string, column: string): Promise<string[]> {
  const files = (await readCells(list, column)).map((name) => path.resolve(folder, name));
  for (const [index, file] of files.entries())
    if (!fs.existsSync(file)) throw new Problem(`${list}, entry ${index + 1}: there is no picture ${file}.`);
  return files;
}

async function decode(file: string, document: ImagesDocument): Promise<Uint8Array> {
  try {
    const picture = await resized(file, document);
    const coloured = document.channels === "grey" ? picture.greyscale() : picture.toColourspace("srgb");
    return await coloured.removeAlpha().raw().toBuffer();
  } catch (error) {
    throw new Problem(`${file} is no picture that can be read: ${error instanceof Error ? error.message : error}.`);
  }
}

async function resized(file: string, { size, fit, resize }: ImagesDocument): Promise<Sharp> {
  const [height, width] = size;
  const kernel = "linear";
  const picture = sharp(file);
  if (resize === undefined) return picture.resize({ width, height, fit, kernel, background: "black" });
  // As torchvision's Resize and CenterCrop round.
  const found = await picture.metadata();
  const shorter = Math.min(found.width, found.height);
  const [wide, high] = [found.width, found.height].map((length) => Math.trunc((resize * length) / shorter)) as [
    number,
    number,
  ];
  const crop = { left: Math.round((wide - width) / 2), top: Math.round((high - height) / 2), width, height };
  return picture.resize({ width: wide, height: high, fit: "fill", kernel }).extract(crop);
}

/** Moves decoded pixels (height × width × depth, red first) to the wanted order. */
function place(pixels: Uint8Array, target: Uint8Array, depth: number, { channels, layout }: ImagesDocument): void {
  const area = pixels.length / depth;
  for (let channel = 0; channel < depth; channel++) {
    const to = channels === "bgr" ? depth - 1 - channel : channel;
    for (let at = 0; at < area; at++)
      target[layout === "nchw" ? to * area + at : at * depth + to] = pixels[at * depth + channel]!;
  }
}
