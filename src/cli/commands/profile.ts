import { Command } from "@commander-js/extra-typings";
import { formatDuration } from "../../units/index.ts";
import { collect, parseShapes, positiveInteger, positiveNumber, readInputs } from "../arguments.ts";
import { print, table } from "../output.ts";
import { obtainProfile, type ProfileResult } from "../profiling.ts";

export const profile = new Command("profile")
  .description("Measure a model's kernels once on this machine; every cut can be predicted from then on.")
  .argument("<models...>", "ONNX files")
  .option("-s, --shape <name=dims>", "shape of an input with free dimensions, such as x=1x3x640x640", collect, [])
  .option("-i, --input <name=file>", "raw little-endian values of an input; else random floats and ones", collect, [])
  .option("-t, --threads <n>", "intra-op threads", positiveInteger, 1)
  .option("-o, --output <dir>", "folder for the profiles", "profiles")
  .option("--budget <seconds>", "time for repetitions; spent only as far as ±2 % needs it", positiveNumber, 60)
  .option("--cuts <n>", "plan at most so many cuts, evenly spread", positiveInteger, 100_000)
  .option("--operator <name>", "deployment operator that made this variant; else as the file says")
  .option("--force", "measure again even if a profile is there", false)
  .option("--json", "print one JSON document")
  .addHelpText("after", "\nExample:\n  $ tierwise profile model.onnx --shape image=1x3x224x224 -o profiles")
  .action(async (models, options) => {
    const results: ProfileResult[] = [];
    for (const model of models) {
      const result = await obtainProfile(model, {
        settings: { threads: options.threads, optimisation: "all" },
        shapes: parseShapes(options.shape),
        inputs: readInputs(options.input),
        budgetSeconds: options.budget,
        cuts: options.cuts,
        operator: options.operator,
        folder: options.output,
        force: options.force,
      });
      results.push(result);
    }
    const document = {
      profiles: results.map(({ file, profile, reused }) => ({
        file,
        model: profile.model.name,
        median_s: profile.run.request.median_s,
        kernels: profile.whole_kernels,
        cuts: profile.cuts.length,
        relative_ci: profile.settings.relative_ci,
        converged: profile.settings.converged,
        cold_load_s: profile.session.cold_load.median_s,
        reused,
      })),
    };
    print(options.json, document, () =>
      table(
        ["model", "a run", "±", "kernels", "cuts", "cold load", "profile"],
        document.profiles.map((row) => [
          row.model,
          formatDuration(row.median_s),
          `${(row.relative_ci * 100).toFixed(1)} %`,
          row.kernels,
          row.cuts,
          formatDuration(row.cold_load_s),
          row.file,
        ]),
      ),
    );
  });
