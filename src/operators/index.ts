/**
 * The room of deployment operators: each takes a model and gives another one that does the same task with fewer bytes,
 * fewer operations or an earlier end. All is graph surgery on a {@link Draft}; what an operator must know of the model's
 * behaviour (the ranges of its tensors) comes in as plain numbers, so that nothing here runs a model.
 */
export { type ActivationType, affineOf, quantiseWeight, type Range } from "./affine.ts";
export { pruneChannels } from "./channels.ts";
export { exitEarly } from "./exit.ts";
export { mark, operatorOf, PROVENANCE, type Provenance, twinOf } from "./provenance.ts";
export { type QdqOptions, writeQdq } from "./qdq.ts";
export type { QdqPlan, QdqPlanOptions } from "./qdqplan.ts";
export { checkSparsity, pruneWeights, type SparsityPattern } from "./sparsity.ts";
export { type PreparedQuantisation, prepareQuantisation } from "./sptq.ts";
export { checkStudent } from "./student.ts";
