import os from "node:os";
import { Command } from "@commander-js/extra-typings";
import { Problem } from "../../formats/problem.ts";
import { formatDuration } from "../../units/index.ts";
import { wholeNumber } from "../arguments.ts";
import { note, print, table } from "../output.ts";
import { Progress } from "../progress.ts";
import { readSweep } from "../worlds.ts";

export const sweep = new Command("sweep")
  .description("Compute many scenarios, a row of a Parquet file each, on all cores or on many machines.")
  .argument("[sweep]", "sweep file, or the name of a shipped one; a worker may leave it out")
  .option("-o, --output <file.parquet>", "file to write; what an interrupted run left of it is gone on with")
  .option("--threads <n>", "of this process; else its cores; with --redis also 0, to leave all to workers", wholeNumber)
  .option("--redis <url>", "share the work with workers through a queue there, such as redis://localhost:6379")
  .option("--worker", "with --redis: compute for whoever runs a sweep; with a sweep, until that one is done", false)
  .option("--json", "print one JSON document")
  .addHelpText(
    "after",
    "\nExample:\n  $ tierwise sweep bandwidth-by-speed -o sweep.parquet\n\n" +
      "On many machines, one with -o, the others with --worker:\n" +
      "  $ tierwise sweep bandwidth-by-speed -o sweep.parquet --redis redis://queue:6379\n" +
      "  $ tierwise sweep bandwidth-by-speed --redis redis://queue:6379 --worker",
  )
  .action(async (file, options) => {
    const threads = options.threads ?? os.availableParallelism();
    if (options.worker) return serve(file, { ...options, threads });
    if (file === undefined || options.output === undefined)
      throw new Problem("sweep needs a file to write: tierwise sweep SWEEP -o FILE.parquet");
    if (threads === 0 && options.redis === undefined)
      throw new Problem("--threads 0 leaves all to workers; give --redis");
    const definition = readSweep(file);
    const progress = new Progress(definition.sweep.name ?? file, "scenarios");
    const began = performance.now();
    const run = {
      output: options.output,
      threads,
      onProgress: (done: number, total: number) => progress.report("scenarios", done, total),
    };
    const { runSweep, runSweepOnQueue } = await import("../../sweeps/index.ts");
    try {
      const { scenarios, resumed, ...result } =
        options.redis === undefined
          ? await runSweep(definition, run)
          : await runSweepOnQueue(definition, options.redis, run);
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

interface WorkerOptions {
  readonly threads: number;
  readonly redis?: string | undefined;
  readonly output?: string | undefined;
  readonly json?: true | undefined;
}

async function serve(file: string | undefined, { threads, redis, output, json }: WorkerOptions): Promise<void> {
  if (redis === undefined) throw new Problem("--worker needs --redis: the address of the queue");
  if (output !== undefined) throw new Problem("a worker writes no file: leave --output out, or --worker");
  if (threads === 0) throw new Problem("a worker needs at least one thread");
  const { fingerprintOf, serveSweeps } = await import("../../sweeps/index.ts");
  const until = file === undefined ? undefined : fingerprintOf(readSweep(file));
  // On an interrupt this process ends at once, and its chunks go to others; asked to end, it finishes them.
  const ended = new AbortController();
  process.once("SIGTERM", () => ended.abort());
  note("worker: computing what the queue holds; interrupt it when you like");
  const scenarios = await serveSweeps(redis, { threads, until, signal: ended.signal });
  print(json, { scenarios }, () => `${scenarios.toLocaleString("en")} scenarios computed here`);
}
