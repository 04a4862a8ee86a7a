import { type CostModel, loadModel } from "../../costmodel/index.ts";
import type { Variant } from "../catalogue.ts";

const loaded = new WeakMap<Variant, CostModel>();

/** The variant as predictions read it; its sums are taken once. */
export function costModel(variant: Variant): CostModel {
  const known = loaded.get(variant);
  if (known) return known;
  const model = loadModel(variant.profiles);
  loaded.set(variant, model);
  return model;
}
