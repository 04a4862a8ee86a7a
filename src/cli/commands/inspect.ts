import { Command } from "@commander-js/extra-typings";
import { formatSize } from "../../units/index.ts";
import { collect, parseShapes, positiveInteger } from "../arguments.ts";
import { describe, inspectKernels } from "../inspecting.ts";
import { print, shorten, table } from "../output.ts";

export const inspect = new Command("inspect")
  .description("Show a model's nodes, the kernels the runtime makes of them, and every cut.")
  .argument("<model>", "ONNX file")
  .option("-s, --shape <name=dims>", "shape of an input with free dimensions, such as x=1x3x640x640", collect, [])
  .option("--cuts <n>", "how many cuts the table lists; --json lists all", positiveInteger, 20)
  .option("--json", "print one JSON document")
  .addHelpText("after", "\nExample:\n  $ tierwise inspect model.onnx --shape image=1x3x224x224")
  .action(async (file, options) => {
    const document = describe(
      file,
      await inspectKernels(file, parseShapes(options.shape), { threads: 1, optimisation: "all" }),
    );
    print(options.json, document, () => text(document, options.cuts));
  });

function text(document: ReturnType<typeof describe>, most: number): string {
  const { nodes, kernels, cuts } = document;
  const tensor = ({ name, dtype, shape }: (typeof document.inputs)[number]) => `${name} ${dtype}[${shape?.join("×")}]`;
  const smallest = cuts.toSorted((a, b) => a.bytes - b.bytes || a.position - b.position).slice(0, most);
  return [
    `${document.file}: ${formatSize(document.bytes)}, ${document.producer || "unknown producer"}, IR ${document.ir_version}, opset ${document.opsets[""] ?? "–"}`,
    ...(document.operator === "identity"
      ? []
      : [`variant  ${document.operator}${document.twin ? `, a latency twin: ${document.twin}` : ""}`]),
    `inputs   ${document.inputs.map(tensor).join(", ")}`,
    `outputs  ${document.outputs.map(tensor).join(", ")}`,
    `${document.parameters.toLocaleString("en")} parameters, ${(document.flops / 1e9).toPrecision(3)} GFLOP a run`,
    `${nodes.length} nodes (and ${document.constant_nodes} constant ones), ${kernels.length} kernels after the runtime's fusions, ${cuts.length} cuts`,
    "",
    `The ${smallest.length} cuts that carry least:`,
    table(
      ["position", "cut after", "carries", "tensors"],
      smallest.map((cut) => [
        `${cut.position}/${nodes.length}`,
        shorten(cut.id),
        formatSize(cut.bytes),
        cut.tensors.map(({ shape, dtype }) => `${dtype}[${shape?.join("×")}]`).join(" "),
      ]),
    ),
  ].join("\n");
}
