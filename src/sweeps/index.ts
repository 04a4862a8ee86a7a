/**
 * Sweeps: many scenarios at once, on threads of this machine or on workers of many that share a queue in Redis. A chunk
 * of rows is the unit of everything: it is computed by one thread, comes as encoded Parquet, and is safe on the disk
 * before it counts. Part of the rim.
 */
export { fingerprintOf, type OpenSweep, openSweep, type SweepDefinition } from "./definition.ts";
export { runSweepOnQueue, type ServeOptions, serveSweeps } from "./redis.ts";
export { type Column, RowMaker } from "./rows.ts";
export { runSweep, type SweepOptions, type SweepResult } from "./run.ts";
