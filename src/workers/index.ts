/**
 * Worker threads: work that is cut into independent pieces runs on several cores. So far, replications of a
 * simulation. Part of the rim; the simulator itself knows of no threads.
 */
export { type ReplicateOptions, replicate } from "./replicate.ts";
