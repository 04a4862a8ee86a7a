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
 * @throws Problem when the model cannot be quantised
 */
export function prepareQuantisation(
  draft: Draft,
  types: ReadonlyMap<string, TensorType>,
  options: QdqPlanOptions,
): PreparedQuantisation {
  const done = [...upgradeOpset(draft, types), ...foldIntoConvolutions(draft), ...rewriteUpsampling(draft)];
  prepareBiases(draft, types);
  const plan = planQdq(draft, types, options);
  const tensors = [...new Set(plan.rangeOf.values())].filter((name) => !plan.scaledFrom.has(name));
  return { plan, tensors, notes: [...done, ...leftFloat(plan)] };
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
