import path from "node:path";
import { type DatasetDocument, type InputDocument, type LabelsDocument, parseDataset } from "../formats/dataset.ts";
import { Problem } from "../formats/problem.ts";
import { readText } from "../store/index.ts";
import { openBytes, openIdx, openNpy, openRaw, openSafetensors } from "./binary.ts";
import { type Column, heldColumn } from "./column.ts";
import { assemble, type Dataset, type Opened } from "./dataset.ts";
import { openImages } from "./images.ts";
import { openFeatures, openLabelColumn } from "./table.ts";
import { transformOf } from "./transform.ts";

/**
 * Opens the data set that a document describes, and checks that its parts belong together.
 * @param file the document, YAML or JSON
 * @throws Problem naming the file and what is wrong with it
 */
export async function openDataset(file: string): Promise<Dataset> {
  return openDescribed(parseDataset(readText(file), file), file);
}

/**
 * Opens the data set of a document that is at hand.
 * @param file what messages call it; the document's paths are relative to its folder
 * @throws Problem naming the file and what is wrong with it
 */
export async function openDescribed(document: DatasetDocument, file: string): Promise<Dataset> {
  const root = path.resolve(path.dirname(file), document.root);
  const closing: (() => void)[] = [];
  const close = () => {
    for (const closeOne of closing.splice(0)) closeOne();
  };
  try {
    const inputs = new Map<string, Opened>();
    let folders: readonly string[] | undefined;
    for (const [name, input] of Object.entries(document.inputs)) {
      const opened = await openInput(root, input, closing);
      folders ??= opened.folders;
      inputs.set(name, {
        column: opened.column,
        transform: transformOf(input, opened.column, `${file}: input '${name}'`),
      });
    }
    const { labels, classes } = await openLabels(file, root, document, folders, closing);
    return assemble(file, document, inputs, labels, classes, close);
  } catch (error) {
    close();
    throw error;
  }
}

async function openInput(
  root: string,
  input: InputDocument,
  closing: (() => void)[],
): Promise<{ column: Column; folders?: readonly string[] }> {
  if (input.kind === "images") return openImages(root, input);
  if (input.kind === "csv") {
    return { column: await openFeatures(path.resolve(root, input.file), input.columns, input.delimiter) };
  }
  return { column: openStored(root, input, closing) };
}

type Stored = Exclude<LabelsDocument, { kind: "csv" | "folders" }>;

function openStored(root: string, stored: Stored, closing: (() => void)[]): Column {
  const where = path.resolve(root, stored.file);
  const source = openBytes(where, closing);
  switch (stored.kind) {
    case "idx":
      return openIdx(source, where);
    case "npy":
      return openNpy(source, where);
    case "raw":
      return openRaw(source, stored.stored, where);
    case "safetensors":
      return openSafetensors(source, stored.tensor, where);
  }
}

async function openLabels(
  file: string,
  root: string,
  { labels, classes }: DatasetDocument,
  folders: readonly string[] | undefined,
  closing: (() => void)[],
): Promise<{ labels?: Column; classes: readonly string[] | undefined }> {
  if (!labels) return { classes };
  if (labels.kind === "csv") {
    const column = await openLabelColumn(path.resolve(root, labels.file), labels.column, labels.delimiter, classes);
    return { labels: column, classes };
  }
  if (labels.kind === "folders") {
    if (!folders) throw new Problem(`${file}: labels of the kind 'folders' need an input of the kind 'images'.`);
    const known = classes ?? [...new Set(folders)].sort();
    const stranger = folders.find((folder) => !known.includes(folder));
    if (stranger !== undefined)
      throw new Problem(`${file}: pictures lie in '${stranger}', which is not among the classes ${known.join(", ")}.`);
    const numbers = Int32Array.from(folders, (folder) => known.indexOf(folder));
    return { labels: heldColumn(numbers, "int32", []), classes: known };
  }
  const column = openStored(root, labels, closing);
  if (column.shape.some((size) => size !== 1))
    throw new Problem(`${file}: labels have the shape [${column.shape.join(", ")}] per sample; one number is needed.`);
  return { labels: column, classes };
}
