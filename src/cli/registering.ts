import fs from "node:fs";
import path from "node:path";
import { Document, parseDocument, type YAMLMap, type YAMLSeq } from "yaml";
import { Problem } from "../formats/problem.ts";
import { type Accuracy, parseVariants, type Variant } from "../formats/variants.ts";
import { readText, writeAtomically } from "../store/index.ts";

/** What is written down of a variant. */
export interface Registration {
  readonly model: string;
  readonly operator: string;
  readonly data: string;
  readonly dataset: string;
  readonly accuracy: readonly Accuracy[];
  readonly training?: Variant["training"];
}

/**
 * The operator that a variant is registered under. Its file says what Tierwise applied; only what was done before that, and
 * elsewhere, has to be told: a student that was distilled elsewhere and quantised here says `sptq`, and is `distilled+sptq`.
 * @param model the model's file, for messages
 * @param made operator as the file says; `identity` where it says nothing
 * @param told operator as the user says
 * @throws Problem when both say nothing, or contradict each other
 */
export function registeredOperator(model: string, made: string, told: string | undefined): string {
  if (made === "identity") {
    if (told) return told;
    throw new Problem(
      `${model} does not say which operator made it: add --operator, such as qat, or identity for the model itself.`,
    );
  }
  if (told === undefined || told === made) return made;
  if (told.endsWith(`+${made}`)) return told;
  throw new Problem(
    `${model} was made by '${made}', as it says itself; --operator ${told} does not end with that. Leave it out.`,
  );
}

/**
 * Adds a variant to a variants file, or renews what is there under the same operator; makes the file if need be. Comments
 * and other variants stay as they are; accuracies in other metrics stay as well, unless the model is another one.
 * @throws Problem when the file is no variants file, or its accuracies were measured on other data
 */
export function registerVariant(file: string, entry: Registration): void {
  const folder = path.dirname(path.resolve(file));
  const relative = (target: string) => path.relative(folder, path.resolve(target)).split(path.sep).join("/");
  const model = relative(entry.model);
  const data = relative(entry.data);
  const there = fs.existsSync(file);
  const document = there
    ? parseDocument(readText(file))
    : new Document({ format: "tierwise/variants", version: 1, task: entry.dataset, data, variants: [] });
  const known = there ? parseVariants(readText(file), file) : undefined;
  if (known && known.data !== data)
    throw new Problem(
      `${file} lists accuracies on ${known.data}, not on ${data}. Evaluate on that, or use another file.`,
    );
  const at = known?.variants.findIndex(({ operator }) => operator === entry.operator) ?? -1;
  const earlier = at >= 0 ? known!.variants[at]! : undefined;
  const fresh = new Set(entry.accuracy.map(({ metric }) => metric));
  const kept = earlier?.model === model ? earlier.accuracy.filter(({ metric }) => !fresh.has(metric)) : [];
  const training = entry.training ?? (earlier?.model === model ? earlier.training : undefined);
  const accuracy = [...entry.accuracy.map(rounded), ...kept];
  const variant = { model, operator: entry.operator, accuracy, ...(training ? { training } : {}) };
  const node = document.createNode(variant) as YAMLMap;
  for (const item of (node.get("accuracy") as YAMLSeq<YAMLMap>).items) item.flow = true;
  document.setIn(["variants", at >= 0 ? at : (known?.variants.length ?? 0)], node);
  const text = document.toString({ lineWidth: 120 });
  parseVariants(text, file);
  writeAtomically(file, text);
}

/** Six digits say more than any interval. */
function rounded({ metric, value, low, high, n }: Accuracy): Accuracy {
  const [v, l, h] = [value, low, high].map((number) => Number(number.toFixed(6)));
  return { metric, value: v!, low: l!, high: h!, n };
}
