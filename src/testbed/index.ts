/**
 * The testbed: runs a request's stages for real. `startAgent` serves one tier: it cuts models, holds their sessions,
 * speaks every codec and passes messages on to the next tier. `Testbed` sets tiers up on this machine, as network
 * namespaces with shaped links and processor quotas where the machine allows it, or else as processes behind shaping
 * relays, and `measure` runs a grid of configurations on them, one row a request. The stages are those that the cost
 * model compiles, timed as durations on the clock of the tier that spends them, so that predictions and measurements
 * can be laid side by side.
 */
export { type Agent, type AgentOptions, defaultAgentOptions, startAgent } from "./agent.ts";
export { type Emulation, Testbed, type TestbedOptions } from "./bed.ts";
export { type Cell, cellsOf, columnsOf, type MeasuredModel, roundOf } from "./cells.ts";
export { inputMessage } from "./driver.ts";
export { type Measured, type MeasureOptions, measure } from "./measure.ts";
export { DEFAULT_PORT } from "./protocol.ts";
