/** Runs in a process of its own: one tier of an emulated testbed, told by a message what to serve and where. */
import { Problem } from "../formats/problem.ts";
import { type Address, type AgentOptions, startAgent } from "./agent.ts";

export interface AgentStart {
  readonly options: AgentOptions;
  readonly address: Address;
}

// Whoever started this tier is gone, however that came about.
process.on("disconnect", () => process.exit(0));
// An interrupted terminal tells every process of the group; the measuring one decides when its tiers end.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => {});
process.once("message", async ({ options, address }: AgentStart) => {
  try {
    const agent = await startAgent(options, address);
    process.send!({ ready: { port: agent.port } });
  } catch (error) {
    process.send!({
      failed: error instanceof Error ? error.message : String(error),
      problem: error instanceof Problem,
    });
  }
});
