/**
 * The planner: which operator, cut, placement and codec is best for a scenario, and why. Cuts along the profile's order are
 * searched exactly for every candidate by dynamic programming; cuts along all other orders, that is over all
 * downward-closed sets of kernels, by minimum cuts (`partition`). Where requests come in streams, the simulator decides
 * among the finalists. Pure: the room reads no file and no clock, and runs in browsers unchanged.
 */

export type { Dag, Flow, PartitionCosts } from "./dag.ts";
export { FlowNetwork } from "./maxflow.ts";
export { paretoFront } from "./pareto.ts";
export { partition, partitionCost } from "./partition.ts";
export { type PlanOptions, plan } from "./plan.ts";
export type { PlanQuestion, VariantModel } from "./question.ts";
export { type SearchOptions, type Solved, solve } from "./solve.ts";
