import { Command } from "@commander-js/extra-typings";
import { Problem } from "../../formats/problem.ts";
import { parseGoal } from "../../whatif/index.ts";
import { collect, positiveInteger, seedNumber } from "../arguments.ts";
import { print } from "../output.ts";
import { Progress } from "../progress.ts";
import { askWhatIf, pathsOf } from "../whatif.ts";
import { describePaths, describeWhatIf } from "../whatiftables.ts";
import { readWorld } from "../worlds.ts";

export const whatif = new Command("whatif")
  .description("Change a scenario and see what that does; find the value that meets a goal; see which inputs matter.")
  .argument("<scenario>", "scenario file, or the name of a shipped one")
  .option(
    "--set <path=value>",
    "a field of the scenario or its topology; null takes it out; may be repeated",
    collect,
    [],
  )
  .option("--solve <path>", "the field to find a value of; needs --until")
  .option("--until <condition>", "such as 'p95_s <= 0.05' or 'latency(\"cloud\") < latency(\"edge\")'")
  .option("--between <low..high>", "where to look for it; else three orders of magnitude to either side")
  .option("--tornado [share]", "change every number by this share, one at a time: 0.1, if none is given")
  .option("--sobol <path=low..high>", "share of the variance that this input is behind; may be repeated", collect, [])
  .option("--samples <n>", "of --sobol, best a power of two", positiveInteger)
  .option("--outcome <figure>", "of --tornado and --sobol, such as p95_s or bytes", "latency_s")
  .option("--class <name>", "class of requests to look at; else the first")
  .option("--no-load", "leave the load out: one request alone")
  .option("--requests <n>", "to simulate; else the scenario's", positiveInteger)
  .option("--seed <n>", "of all random numbers", seedNumber, 1)
  .option("--paths", "list what can be set, with its present value, and end", false)
  .option("--json", "print one JSON document")
  .addHelpText(
    "after",
    "\nExamples:\n  $ tierwise whatif receipts-at-the-till --set 'topology.links.mobile>edge.bandwidth=20 Mbit/s'\n" +
      "  $ tierwise whatif receipts-at-the-till --solve 'topology.links.edge>cloud.bandwidth' --until 'latency(\"cloud\") < latency(\"edge\")'\n" +
      "  $ tierwise whatif receipts-at-the-till --tornado --no-load",
  )
  .action((file, options) => {
    const world = readWorld(file, options.class);
    if (options.paths) {
      const paths = pathsOf(world);
      return print(options.json, { paths }, () => describePaths(paths));
    }
    if ((options.solve === undefined) !== (options.until === undefined))
      throw new Problem("--solve PATH and --until CONDITION belong together");
    if (options.set.length === 0 && options.solve === undefined && !options.tornado && options.sobol.length === 0)
      throw new Problem("nothing is asked: give --set, --solve, --tornado or --sobol; --paths lists what can be set");
    const progress = new Progress(file);
    try {
      const answer = askWhatIf(world, {
        set: options.set,
        solve: options.solve === undefined ? undefined : { path: options.solve, goal: parseGoal(options.until!) },
        between: options.between,
        tornado: options.tornado === undefined ? undefined : shareOf(options.tornado),
        sobol: options.sobol,
        samples: options.samples,
        outcome: options.outcome,
        withLoad: options.load && world.hasWorkload,
        load: { seed: options.seed, requests: options.requests },
        onProgress: (phase, done, total) => progress.report(phase, done, total),
      });
      progress.stop();
      print(options.json, answer, () => describeWhatIf(answer));
    } finally {
      progress.stop();
    }
  });

function shareOf(option: string | true): number {
  const share = option === true ? 0.1 : Number(option);
  if (!(share > 0 && share < 1))
    throw new Problem(`--tornado ${option}: write a share above 0 and below 1, such as 0.1`);
  return share;
}
