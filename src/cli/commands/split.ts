import { copyFileSync, mkdirSync } from "node:fs";
import path from "node:path";
import { Command } from "@commander-js/extra-typings";
import { cutAt, extractSegment, tensorBytes } from "../../onnx/index.ts";
import { type Inspection, inspectModel, isResolved } from "../../profiler/index.ts";
import { externalFiles, writeAtomically } from "../../store/index.ts";
import { formatSize } from "../../units/index.ts";
import { collect, parseShapes } from "../arguments.ts";
import { print, table } from "../output.ts";

export const split = new Command("split")
  .description("Cut a model in two: head.onnx and tail.onnx, which chained give the model's outputs.")
  .argument("<model>", "ONNX file")
  .requiredOption(
    "--cut <id>",
    "as `inspect` lists them, the head's last node; or `only a & b`: these and all they need",
  )
  .requiredOption("-o, --output <dir>", "folder to write to")
  .option("-s, --shape <name=dims>", "shape of an input with free dimensions, such as x=1x3x640x640", collect, [])
  .option("--json", "print one JSON document")
  .addHelpText(
    "after",
    "\nExample:\n  $ tierwise split model.onnx --shape image=1x3x224x224 --cut /layer3/Add -o parts",
  )
  .action(async (file, options) => {
    const inspection = await inspectModel(file, parseShapes(options.shape));
    const document = writeParts(file, inspection, options.cut, options.output);
    print(options.json, document, () =>
      [
        `${document.head} and ${document.tail}`,
        table(
          ["tensor that crosses", "type", "size"],
          document.tensors.map(({ name, dtype, shape, bytes }) => [
            name,
            `${dtype}[${shape.join("×")}]`,
            formatSize(bytes),
          ]),
        ),
      ].join("\n"),
    );
  });

/** Writes both parts into a folder, with the external data that they refer to. */
export function writeParts(file: string, { model, types, ...inspection }: Inspection, id: string, folder: string) {
  const { graph, cut } = cutAt(inspection.graph, id);
  const head = extractSegment(graph, 0, cut.position, types);
  const tail = extractSegment(graph, cut.position, graph.steps.length, types);
  const paths = { head: path.join(folder, "head.onnx"), tail: path.join(folder, "tail.onnx") };
  for (const external of externalFiles(model, file)) {
    const target = path.join(folder, path.relative(path.resolve(path.dirname(file)), external));
    if (path.resolve(target) === external) continue;
    mkdirSync(path.dirname(target), { recursive: true });
    copyFileSync(external, target);
  }
  writeAtomically(paths.head, head.source);
  writeAtomically(paths.tail, tail.source);
  return {
    cut: cut.id,
    ...paths,
    tensors: cut.tensors.map((name) => {
      const type = types.get(name);
      const shape = type?.shape.map((size) => size ?? -1) ?? [];
      return { name, dtype: type?.dtype, shape, bytes: isResolved(type) ? tensorBytes(type.dtype, type.shape) : 0 };
    }),
  };
}
