import os from "node:os";
import { Command } from "@commander-js/extra-typings";
import { Problem } from "../../formats/problem.ts";
import { runSweep } from "../../sweeps/index.ts";
import { formatDuration } from "../../units/index.ts";
import { positiveInteger } from "../arguments.ts";
import { print, table } from "../output.ts";
import { Progress } from "../progress.ts";
import { readSweep } from "../worlds.ts";

export const sweep = new Command("sweep")
  .description("Compute many scenarios, a row of a Parquet file each, on all cores or on many machines.")
  .argument("[sweep]", "sweep file, or the name of a shipped one; a worker may leave it out")
  .option("-o, --output <file.parquet>", "file to write; what an interrupted run left of it is gone on with")
  .option("--threads <n>", "of this process; else its cores", positiveInteger)
  .option("--json", "print one JSON document")
  .addHelpText("after", "\nExample:\n  $ tierwise sweep bandwidth-by-speed -o sweep.parquet")
  .action(async (file, options) => {
    const threads = options.threads ?? os.availableParallelism();
    if (file === undefined || options.output === undefined)
      throw new Problem("sweep needs a file to write: tierwise sweep SWEEP -o FILE.parquet");
    const definition = readSweep(file);
    const progress = new Progress(definition.sweep.name ?? file, "scenarios");
    const began = performance.now();
    try {
      const { scenarios, resumed, ...result } = await runSweep(definition, {
        output: options.output,
        threads,
        onProgress: (done, total) => progress.report("scenarios", done, total),
      });
      progress.stop();
      const seconds = (performance.now() - began) / 1000;
      print(options.json, { scenarios, seconds, ...result, resumed }, () =>
        table(
          ["scenarios", "there before", "time", "scenarios/s", "file"],
          [[scenarios, resumed, formatDuration(seconds), Math.round((scenarios - resumed) / seconds), result.file]],
        ),
      );
    } finally {
      progress.stop();
    }
  });
