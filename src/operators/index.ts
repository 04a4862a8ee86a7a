/**
 * The room of deployment operators: each takes a model and gives another one that does the same task with fewer bytes,
 * fewer operations or an earlier end. All is graph surgery on a {@link Draft}; what an operator must know of the model's
 * behaviour (the ranges of its tensors) comes in as plain numbers, so that nothing here runs a model.
 */
export { type ActivationType, affineOf, quantiseWeight, type Range } from "./affine.ts";
export { foldIntoConvolutions, prepareBiases, rewriteUpsampling } from "./fold.ts";
export { QDQ_OPSET, upgradeOpset } from "./opset.ts";
export { type QdqOptions, writeQdq } from "./qdq.ts";
export { planQdq, type QdqPlan, type QdqPlanOptions } from "./qdqplan.ts";
