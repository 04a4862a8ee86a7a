import { writeFileSync } from "node:fs";
import path from "node:path";
import { type Dataset, openDataset } from "../../src/datasets/index.ts";
import { temporaryFolder } from "../fixtures/folder.ts";

/** Writes files and a document beside them into a folder of their own. @returns the document's path */
export function written(document: object, files: Readonly<Record<string, string | Uint8Array>> = {}): string {
  const folder = temporaryFolder();
  for (const [name, content] of Object.entries(files)) writeFileSync(path.join(folder, name), content);
  const file = path.join(folder, "data.yaml");
  writeFileSync(file, JSON.stringify({ name: "test", ...document }));
  return file;
}

/** All samples of one input, and the labels, as they come out of batches of a size. */
export async function collected(file: string, input = "x", size = 2, limit?: number) {
  const dataset = await openDataset(file);
  try {
    return await collectedFrom(dataset, input, size, limit);
  } finally {
    dataset.close();
  }
}

/** The same of an open data set, which stays open. */
export async function collectedFrom(dataset: Dataset, input = "x", size = 2, limit?: number) {
  const values: number[] = [];
  const labels: number[] = [];
  const sizes: number[] = [];
  let dims: readonly number[] = [];
  let dtype = "";
  for await (const batch of dataset.batches(size, limit)) {
    const feed = batch.feeds[input]!;
    for (const value of feed.data) values.push(Number(value));
    labels.push(...(batch.labels ?? []));
    sizes.push(feed.dims[0]!);
    dims = feed.dims.slice(1);
    dtype = feed.dtype;
  }
  return { count: dataset.count, classes: dataset.classes, values, labels, sizes, dims, dtype };
}
