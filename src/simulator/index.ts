/**
 * The simulator: networks of queues, executed event by event. A network is declared as data and simulated by the
 * fastest engine that knows all it has ({@link simulate}), or written as processes ({@link Simulation}). Pure: no clock
 * but the simulated one, no randomness but the seed's, so that the same seed gives the same figures everywhere.
 */
export { type Distribution, Draws, meanOf, scaled, squaredVariation } from "./distributions.ts";
export type { ClassTotals, Stay } from "./general.ts";
export { type EventHandle, Kernel } from "./kernel.ts";
export { offeredHostLoad, offeredLoad } from "./load.ts";
export type { Arrivals, ClassSpec, Network, RateTrace, StationSpec, VisitSpec } from "./network.ts";
export { type Body, type Command, Process, Resource, Signal, Simulation, Store } from "./process.ts";
export { joinOutcomes } from "./replications.ts";
export { type CompiledClass, type CompiledScenario, compileScenario, type ScenarioModel } from "./scenario.ts";
export {
  type ClassOutcome,
  type EngineName,
  type LatencyEstimate,
  type Outcome,
  type SimulateOptions,
  type StationOutcome,
  simulate,
} from "./simulate.ts";
export { type Estimate, type Summary, Tally } from "./tally.ts";
export { chromeTrace } from "./trace.ts";
