import fs from "node:fs";
import path from "node:path";
import { Problem } from "../formats/problem.ts";
import { type Model, readModel, withEmbeddedWeights } from "../onnx/index.ts";
import { type FileSource, openFile } from "./files.ts";

/**
 * Opens an ONNX file and makes sure that the files holding its external data are there.
 * @throws Problem when the file is not an ONNX model, or its external data is missing, too short or outside its folder.
 */
export function openModel(file: string): Model {
  const model = readModel(openFile(file), file);
  externalFiles(model, file);
  return model;
}

/** Absolute paths of the files that hold the external data of the model at `file`, each once. */
export function externalFiles(model: Model, file: string): string[] {
  const folder = path.resolve(path.dirname(file));
  const found = new Map<string, number>();
  for (const { name, external } of model.initializers.values()) {
    if (!external) continue;
    const target = path.resolve(folder, external.location);
    if (path.isAbsolute(external.location) || path.relative(folder, target).startsWith(".."))
      throw new Problem(
        `${file}: initializer '${name}' keeps its values in '${external.location}', outside the model's folder. ` +
          "External data must lie beside the model or below it.",
      );
    if (!(external.offset >= 0 && external.length >= 0))
      throw new Problem(`${file}: the offset or length of initializer '${name}' in '${external.location}' is no size.`);
    let size = found.get(target);
    if (size === undefined) {
      const stat = fs.statSync(target, { throwIfNoEntry: false });
      if (!stat?.isFile())
        throw new Problem(
          `${file}: the external data file '${external.location}' of initializer '${name}' is missing. ` +
            "Copy it beside the model.",
        );
      size = stat.size;
      found.set(target, size);
    }
    if (![external.offset, external.length].every((count) => Number.isSafeInteger(count) && count >= 0))
      throw new Problem(
        `${file}: initializer '${name}' has an offset or a length in '${external.location}' that is no byte count. ` +
          "Export the model again.",
      );
    if (external.offset + external.length > size)
      throw new Problem(`${file}: '${external.location}' is too short for initializer '${name}'. Copy it again.`);
  }
  return [...found.keys()];
}

/** Protocol Buffers' own limit for a message, which a model in one file must keep. */
const LARGEST_MESSAGE = 2 ** 31 - 1;

/**
 * Opens a model with its external data as part of it, unread.
 * @throws Problem as {@link openModel} does, and when the whole is too large for one ONNX file
 */
export function openWhole(file: string): Model {
  const model = openModel(file);
  const files = new Map<string, FileSource>();
  if (![...model.initializers.values()].some(({ external }) => external)) return model;
  const source = withEmbeddedWeights(model, ({ external }) => {
    const target = path.resolve(path.dirname(file), external!.location);
    const opened = files.get(target) ?? openFile(target);
    files.set(target, opened);
    return { source: opened, start: external!.offset, end: external!.offset + external!.length };
  });
  if (source.length > LARGEST_MESSAGE)
    throw new Problem(
      `${file}: with its external data it has ${source.length} bytes; operators write one file of at most 2 GiB.`,
    );
  return readModel(source, file);
}
