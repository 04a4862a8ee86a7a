/**
 * Predicted against measured times on this machine: `npm run bench:fidelity -- --cuts` of heads and tails, `-- --operators` of
 * what the deployment operators make of some models, `-- --testbed` of
 * requests through several tiers, `-- --decisions` of choices among placements and cuts, `-- --load` of streams of requests.
 */
import { Command } from "@commander-js/extra-typings";
import { compareCuts, printCuts } from "./fidelity/cuts.ts";
import { compareDecisions, printDecisions } from "./fidelity/decisions.ts";
import { compareLoad, LOAD_SUBJECTS, printLoad } from "./fidelity/load.ts";
import { compareOperators } from "./fidelity/operators.ts";
import { printOperators } from "./fidelity/operatortables.ts";
import { thisHost } from "./fidelity/session.ts";
import { compareTestbed, printTestbed, TESTBED_FOLDER } from "./fidelity/testbed.ts";
import { SUBJECTS } from "./fidelity/variants.ts";
import { MODELS } from "./models.ts";

const options = new Command()
  .option("--cuts", "compare heads and tails of cuts; what is done without --operators")
  .option("--operators", "compare variants of models, whole and cut, and twins with trained variants")
  .option("--testbed", "measure requests through several tiers, and predict half of them from the other half")
  .option("--decisions", "measure every alternative of some decisions, and see what choosing by prediction costs")
  .option("--repeats <n>", "of each cell of the testbed's grid, or of each alternative of a decision", Number, 3)
  .option("--load", "send streams of requests, and simulate them")
  .option("--cells <n>", "cells of the testbed's grid", Number, 260)
  .option("--seed <n>", "which cells of the testbed's grid are drawn", Number, 1)
  .option("--models <names>", "comma-separated; else all of the comparison")
  .option("--per-model <n>", "cuts per model (8), or per variant (3)", Number)
  .option(
    "--budget <seconds>",
    "time for samples per model (60), or per model with all its variants (130), or per profile of the testbed (30)",
    Number,
  )
  .option("--json", "print one JSON document", false)
  .parse()
  .opts();
if ([options.cuts, options.operators, options.testbed, options.decisions, options.load].filter(Boolean).length > 1) {
  throw new Error("give one of --cuts, --operators, --testbed, --decisions and --load");
}

const host = thisHost();
if (options.operators) {
  const effort = { perModel: options.perModel ?? 3, budgetSeconds: options.budget ?? 130 };
  const results = await ofEach(SUBJECTS, (subject) => compareOperators(subject, effort));
  printOperators(results, host, options.json);
} else if (options.load) {
  const rows = await ofEach(LOAD_SUBJECTS, (subject) => compareLoad(subject, TESTBED_FOLDER, options.budget ?? 30));
  printLoad(rows.flat(), host, options.json);
} else if (options.decisions) {
  const { repeats, budget: budgetSeconds = 30 } = options;
  printDecisions(await compareDecisions({ folder: TESTBED_FOLDER, budgetSeconds, repeats }), host, options.json);
} else if (options.testbed) {
  const { cells, repeats, seed, budget: budgetSeconds = 30 } = options;
  printTestbed(
    await compareTestbed({ folder: TESTBED_FOLDER, cells, repeats, budgetSeconds, seed }),
    host,
    options.json,
  );
} else {
  const effort = { perModel: options.perModel ?? 8, budgetSeconds: options.budget ?? 60 };
  const rows = await ofEach(MODELS, (model) => compareCuts(model, effort));
  printCuts(rows.flat(), host, options.json);
}

/** Goes through the models that were asked for, telling on standard error how long each took. */
async function ofEach<T extends { readonly name: string }, R>(all: readonly T[], work: (one: T) => Promise<R>) {
  const names = options.models?.split(",") ?? all.map(({ name }) => name);
  const chosen = names.map((name) => {
    const found = all.find((candidate) => candidate.name === name);
    if (!found) throw new Error(`no model '${name}'; there are ${all.map((candidate) => candidate.name).join(", ")}`);
    return found;
  });
  const results: R[] = [];
  for (const one of chosen) {
    process.stderr.write(`${one.name} … `);
    const start = performance.now();
    results.push(await work(one));
    process.stderr.write(`${((performance.now() - start) / 1000).toFixed(0)} s\n`);
  }
  return results;
}
