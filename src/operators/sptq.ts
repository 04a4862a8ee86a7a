import { unknownName } from "../formats/names.ts";
import { Problem } from "../formats/problem.ts";
import type { Draft, TensorType } from "../onnx/index.ts";
import { foldIntoConvolutions, prepareBiases, rewriteUpsampling } from "./fold.ts";
import { upgradeOpset } from "./opset.ts";
import { planQdq, type QdqPlan, type QdqPlanOptions } from "./qdqplan.ts";

/** A draft made ready for quantisation, still computing what the model computes, and what to measure of it. */
export interface PreparedQuantisation {
  readonly plan: QdqPlan;
  /** Tensors whose ranges {@link writeQdq} needs. */
  readonly tensors: readonly string[];
  readonly notes: readonly string[];
}

/**
 * First half of static post-training quantisation: rewrites the draft so that the runtime will find integer kernels, and
 * decides what is quantised. Between this and {@link writeQdq} somebody measures the ranges.
 * @param types types of the model's tensors
 * @throws Problem when an excluded name is no node, the model is quantised already, or nothing can be quantised
 */
export function prepareQuantisation(
  draft: Draft,
  types: ReadonlyMap<string, TensorType>,
  options: QdqPlanOptions,
): PreparedQuantisation {
  checkNodes(draft, options.exclude);
  const excluded = new Set(options.exclude);
  const done = [...upgradeOpset(draft, types), ...foldIntoConvolutions(draft), ...rewriteUpsampling(draft, excluded)];
  prepareBiases(draft, types, excluded);
  const plan = planQdq(draft, types, options);
  const tensors = [...new Set(plan.rangeOf.values())].filter((name) => !plan.scaledFrom.has(name));
  return { plan, tensors, notes: [...done, ...leftFloat(plan)] };
}

function checkNodes({ nodes }: Draft, exclude: readonly string[]): void {
  const quantised = nodes.find((node) => /Quantize|Integer|^QLinear/.test(node.op));
  if (quantised)
    throw new Problem(
      `the model is quantised already: node '${quantised.name}' is a ${quantised.op}. Give the float model.`,
    );
  const names = nodes.map((node) => node.name);
  for (const name of exclude)
    if (!names.includes(name)) throw unknownName("node", name, names, "`tierwise inspect` lists all");
}

/** One note per operator and reason, with the names of the first nodes. */
function leftFloat({ left }: QdqPlan): string[] {
  const groups = new Map<string, string[]>();
  for (const [node, why] of left) {
    const key = `${node.op} stays float: ${why}`;
    groups.set(key, [...(groups.get(key) ?? []), node.name]);
  }
  return [...groups].map(
    ([key, names]) =>
      `${key} (${names.slice(0, 3).join(", ")}${names.length > 3 ? ` and ${names.length - 3} more` : ""})`,
  );
}
