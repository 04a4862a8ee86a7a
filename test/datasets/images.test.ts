import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import sharp from "sharp";
import { describe, expect, test } from "vitest";
import { openDataset } from "../../src/datasets/index.ts";
import { collected, collectedFrom, written } from "./collect.ts";

/** A PNG of 2 × 1 pixels: the first in the given colour, the second black. */
const png = ([red, green, blue]: readonly [number, number, number]) =>
  sharp(Uint8Array.of(red, green, blue, 0, 0, 0), { raw: { width: 2, height: 1, channels: 3 } })
    .png()
    .toBuffer();

async function photos(document: object, input: object = {}) {
  const x = { kind: "images", folder: "photos", size: [1, 2], ...input };
  const file = written({ inputs: { x }, ...document }, { "list.csv": "picture,class\ndog/b.png,1\ncat/a.png,0\n" });
  for (const [name, colour] of [
    ["cat/a.png", [10, 20, 30]],
    ["cat/c.png", [40, 50, 60]],
    ["dog/b.png", [70, 80, 90]],
  ] as const) {
    const picture = path.join(path.dirname(file), "photos", name);
    mkdirSync(path.dirname(picture), { recursive: true });
    writeFileSync(picture, await png(colour));
    writeFileSync(path.join(path.dirname(picture), "notes.txt"), "no picture");
  }
  return file;
}

test("a sub-folder per class: channels first, pixels as they are", async () => {
  const file = await photos({ labels: { kind: "folders" } });
  expect(await collected(file)).toMatchObject({
    ...{ count: 3, classes: ["cat", "dog"], labels: [0, 0, 1], dims: [3, 1, 2], dtype: "float32" },
    values: [10, 0, 20, 0, 30, 0, 40, 0, 50, 0, 60, 0, 70, 0, 80, 0, 90, 0],
  });
});

test("some pictures alone, with their classes", async () => {
  const dataset = await openDataset(await photos({ labels: { kind: "folders" } }));
  const some = await dataset.pick([0, 2]);
  const seen = { count: 2, labels: [0, 1], values: [10, 0, 20, 0, 30, 0, 70, 0, 80, 0, 90, 0] };
  expect(await collectedFrom(some)).toMatchObject(seen);
  expect(await collectedFrom(await some.pick([1]))).toMatchObject({ count: 1, labels: [1], sizes: [1] });
  dataset.close();
});

test("channels last, blue first, scaled with a mean per channel", async () => {
  const file = await photos({}, { layout: "nhwc", channels: "bgr", scale: 0.1, mean: [1, 2, 3], dtype: "float32" });
  const { values, dims } = await collected(file, "x", 3);
  expect(dims).toEqual([1, 2, 3]);
  expect(values.slice(0, 6)).toEqual([2, 0, -2, -1, -2, -3].map((value) => expect.closeTo(value, 5)));
});

test("grey, and bytes when bytes are asked for", async () => {
  const { values, dims, dtype } = await collected(await photos({}, { channels: "grey", dtype: "uint8" }));
  expect([dims, dtype, values.length]).toEqual([[1, 1, 2], "uint8", 6]);
  // Between the darkest and the lightest channel, and black stays black.
  expect(values[0]).toBeGreaterThanOrEqual(10);
  expect(values[0]).toBeLessThanOrEqual(30);
  expect(values[1]).toBe(0);
});

test("as a CSV file lists them", async () => {
  const labels = { kind: "csv", file: "list.csv", column: "class" };
  const file = await photos({ labels }, { list: { file: "list.csv", column: "picture" } });
  const { values, labels: classes } = await collected(file);
  expect(classes).toEqual([1, 0]);
  expect([values[0], values[6]]).toEqual([70, 10]);
});

test("resized", async () => {
  const { dims, values } = await collected(await photos({}, { size: [4, 8], fit: "fill" }), "x", 1, 1);
  expect(dims).toEqual([3, 4, 8]);
  expect(values[0]).toBeGreaterThan(values[7]!);
});

test("resized to a shorter side and cut from the middle", async () => {
  const file = await photos({}, { channels: "grey", dtype: "uint8", size: [2, 2], resize: 2 });
  const columns = Uint8Array.of(10, 20, 30, 40, 50, 60);
  const picture = await sharp(Buffer.concat([columns, columns]), { raw: { width: 6, height: 2, channels: 1 } })
    .png()
    .toBuffer();
  writeFileSync(path.join(path.dirname(file), "photos", "cat", "a.png"), picture);
  const { dims, values } = await collected(file, "x", 1, 1);
  expect(dims).toEqual([1, 2, 2]);
  expect(values).toEqual([30, 40, 30, 40]);
});

describe("what is wrong is said in one message", () => {
  test("no folder", async () => {
    const file = written({ inputs: { x: { kind: "images", folder: "nowhere", size: [1, 1] } } });
    await expect(collected(file)).rejects.toThrow(/cannot read the folder .*nowhere/);
  });

  test("a cut larger than the picture", async () => {
    await expect(collected(await photos({}, { resize: 1 }))).rejects.toThrow(
      /side of 1 \(resize\) is too short to cut 1x2/,
    );
  });

  test("no pictures", async () => {
    const file = written({ inputs: { x: { kind: "images", folder: ".", size: [1, 1] } } });
    await expect(collected(file)).rejects.toThrow(/no sub-folders with pictures/);
  });

  test("a picture that is none", async () => {
    const file = await photos({ labels: { kind: "folders" } });
    writeFileSync(path.join(path.dirname(file), "photos", "cat", "z.jpg"), "hello");
    await expect(collected(file)).rejects.toThrow(/z\.jpg is no picture that can be read/);
  });

  test("a listed picture that is missing", async () => {
    const file = await photos({}, { list: { file: "list.csv", column: "picture" }, folder: "." });
    await expect(collected(file)).rejects.toThrow(/list\.csv, entry 1: there is no picture/);
  });

  test("a folder that is no class", async () => {
    const file = await photos({ labels: { kind: "folders" }, classes: ["cat", "cow"] });
    await expect(collected(file)).rejects.toThrow(/pictures lie in 'dog', which is not among the classes cat, cow/);
  });
});
