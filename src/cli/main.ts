import { Command, type CommandUnknownOpts } from "@commander-js/extra-typings";
import { exitCodeFor } from "./failure.ts";
import { VERSION } from "./version.ts";

/** Each command's module is loaded when it is asked for: most of a short command's time would go into the others'. */
const COMMANDS: Readonly<Record<string, () => Promise<CommandUnknownOpts>>> = {
  tour: async () => (await import("./commands/tour.ts")).tour,
  inspect: async () => (await import("./commands/inspect.ts")).inspect,
  profile: async () => (await import("./commands/profile.ts")).profile,
  predict: async () => (await import("./commands/predict.ts")).predict,
  plan: async () => (await import("./commands/plan.ts")).plan,
  simulate: async () => (await import("./commands/simulate.ts")).simulate,
  calibrate: async () => (await import("./commands/calibrate.ts")).calibrate,
  validate: async () => (await import("./commands/validate.ts")).validate,
  apply: async () => (await import("./commands/apply.ts")).apply,
  split: async () => (await import("./commands/split.ts")).split,
  report: async () => (await import("./commands/report.ts")).report,
  whatif: async () => (await import("./commands/whatif.ts")).whatif,
  sweep: async () => (await import("./commands/sweep.ts")).sweep,
  serve: async () => (await import("./commands/serve.ts")).serve,
  schema: async () => (await import("./commands/schema.ts")).schema,
  evaluate: async () => (await import("./commands/evaluate.ts")).evaluate,
  agent: async () => (await import("./commands/agent.ts")).agent,
  measure: async () => (await import("./commands/measure.ts")).measure,
  device: async () => (await import("./commands/device.ts")).device,
  zoo: async () => (await import("./commands/zoo.ts")).zoo,
};

/** Runs the command line; returns the status to exit with. */
export async function main(arguments_: readonly string[]): Promise<number> {
  const program = new Command("tierwise")
    .description("Where to cut an ONNX model, where to run its parts, and how fast that will be.")
    .version(VERSION);
  const asked = COMMANDS[arguments_[0] ?? ""];
  for (const command of asked ? [asked] : Object.values(COMMANDS)) program.addCommand(await command());
  for (const command of withSubcommands(program)) command.exitOverride().showSuggestionAfterError();
  try {
    await program.parseAsync(arguments_, { from: "user" });
    return 0;
  } catch (error) {
    return exitCodeFor(error);
  }
}

function withSubcommands(command: CommandUnknownOpts): CommandUnknownOpts[] {
  return [command, ...command.commands.flatMap(withSubcommands)];
}
