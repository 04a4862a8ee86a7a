import { Command, Option } from "@commander-js/extra-typings";
import { seedNumber } from "../arguments.ts";
import { measureScenario } from "../measuring.ts";
import { note, print, table } from "../output.ts";

export const measure = new Command("measure")
  .description("Run a scenario's requests for real, on emulated or remote tiers: one row of a CSV table each.")
  .argument("<scenario>", "scenario file with a section `measure`, or the name of a shipped one")
  .requiredOption("-o, --output <runs.csv>", "table to write; what an earlier, interrupted run left is gone on with")
  .addOption(
    new Option("--emulation <kind>", "kernel: namespaces, shaped links, quotas (Linux, root); user: processes alone")
      .choices(["auto", "kernel", "user"])
      .default("auto" as const),
  )
  .option("--retry-failed", "measure again what failed before", false)
  .option("--seed <n>", "of the sample, the order and the arrivals; else the scenario's", seedNumber)
  .option("--json", "print one JSON document")
  .addHelpText("after", "\nExample:\n  $ tierwise measure receipts-measured -o runs.csv")
  .action(async (scenario, options) => {
    // However this ends, tiers and links are taken down on the way out.
    const terminate = () => process.exit(143);
    process.once("SIGTERM", terminate);
    try {
      const document = await measureScenario(scenario, { ...options, seed: options.seed });
      if (document.failed > 0) note(`${document.failed} of ${document.runs} requests failed; their rows say how.`);
      print(options.json, document, () =>
        table(
          ["runs", "failed", "there before", "cells", "repeats", "emulation", "table"],
          [
            [
              document.runs,
              document.failed,
              document.skipped,
              document.cells,
              document.most_repeats > document.repeats
                ? `${document.repeats}–${document.most_repeats}`
                : document.repeats,
              document.emulation,
              document.file,
            ],
          ],
        ),
      );
    } finally {
      process.off("SIGTERM", terminate);
    }
  });
