import { Command } from "@commander-js/extra-typings";
import { inspect } from "./commands/inspect.ts";
import { predict } from "./commands/predict.ts";
import { profile } from "./commands/profile.ts";
import { report } from "./commands/report.ts";
import { schema } from "./commands/schema.ts";
import { split } from "./commands/split.ts";
import { tour } from "./commands/tour.ts";
import { exitCodeFor } from "./failure.ts";
import { VERSION } from "./version.ts";

/** Runs the command line; returns the status to exit with. */
export async function main(arguments_: readonly string[]): Promise<number> {
  const program = new Command("tierwise")
    .description("Where to cut an ONNX model, where to run its parts, and how fast that will be.")
    .version(VERSION);
  for (const command of [tour, inspect, profile, predict, split, report, schema]) program.addCommand(command);
  for (const command of [program, ...program.commands]) command.exitOverride().showSuggestionAfterError();
  try {
    await program.parseAsync(arguments_, { from: "user" });
    return 0;
  } catch (error) {
    return exitCodeFor(error);
  }
}
