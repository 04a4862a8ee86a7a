import { CommanderError } from "commander";
import { Problem } from "../formats/problem.ts";

/** Ends the program as the contract says: 2 for bad input or usage, 1 for a failure of its own; one message each. */
export function exitCodeFor(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof Problem) {
    process.stderr.write(`error: ${error.message}\n`);
    return 2;
  }
  process.stderr.write(
    `error: ${error instanceof Error ? (process.env.TIERWISE_DEBUG ? error.stack : error.message) : error}\n`,
  );
  process.stderr.write("This is a failure of Tierwise itself; TIERWISE_DEBUG=1 shows where.\n");
  return 1;
}
