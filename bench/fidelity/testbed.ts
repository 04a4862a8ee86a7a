/**
 * Predicted against measured requests on tiers of this machine: `npm run bench:fidelity -- --testbed`. Models and variants are
 * profiled, a random part of a large grid is measured for real by `tierwise measure`, and random halves of the cells predict the others.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { stringify } from "yaml";
import { cellName, type Fold, validate } from "../../src/calibration/index.ts";
import { applyOperators, TWIN } from "../../src/cli/applying.ts";
import { describeValidation } from "../../src/cli/commands/validate.ts";
import { obtainProfile } from "../../src/cli/profiling.ts";
import type { Profile } from "../../src/formats/profile.ts";
import type { MeasuredRun } from "../../src/formats/runs.ts";
import { parseTopology, type Topology } from "../../src/formats/topology.ts";
import type { Validation } from "../../src/formats/validation.ts";
import { RandomStream } from "../../src/random/index.ts";
import { readRuns, writeAtomically } from "../../src/store/index.ts";
import { MODELS } from "../models.ts";
import { describeLoad, type Host } from "./session.ts";

/** Models, and the operators that make variants of each. */
const SUBJECTS: readonly (readonly [model: string, operators: readonly (string | undefined)[]])[] = [
  ["pp-ocr-det", [undefined, "sptq"]],
  ["mlsd-tiny", [undefined, "pruned"]],
  ["blazeface-back", [undefined]],
  ["spam-bert2-128", [undefined, "sptq"]],
  ["resnet50", [undefined, "sptq"]],
];
const CUTS = 6;
/** Of medians, for which noisy cells are run again: a prediction cannot be told from the truth by what is not known any better. */
const PRECISION = 0.05;
const MOST_REPEATS = 27;

export const TOPOLOGY = `
name: testbed
tiers:
  - name: mobile
  - name: edge
  - name: cloud
links:
  - { from: mobile, to: edge, bandwidth: 50 Mbit/s, delay: 2 ms }
  - { from: edge, to: cloud, bandwidth: 100 Mbit/s, delay: 5 ms }
`;

export interface TestbedOptions {
  /** Where models, profiles and runs are kept: what is there is not measured again. */
  readonly folder: string;
  readonly cells: number;
  /** Runs of each cell; of one whose median is not known well enough then, more. */
  readonly repeats: number;
  /** Time for samples of each profile, seconds. */
  readonly budgetSeconds: number;
  /** Which cells of the grid are drawn. */
  readonly seed: number;
}

export interface TestbedResult {
  readonly runs: string;
  readonly emulation: string;
  readonly validation: Validation;
}

/** A variant on the disk with its profile, and as a scenario's `measure` names it. */
export interface PreparedModel {
  readonly document: { file: string; shapes: Record<string, string>; cuts: string[] };
  readonly profile: Profile;
}

/** Makes variants and profiles, where they are not there. */
export async function prepareModels(
  subjects: readonly (readonly [model: string, operators: readonly (string | undefined)[]])[],
  folder: string,
  budgetSeconds: number,
): Promise<PreparedModel[]> {
  mkdirSync(path.join(folder, "models"), { recursive: true });
  const prepared: PreparedModel[] = [];
  for (const [name, operators] of subjects) {
    const { file, shapes } = MODELS.find((model) => model.name === name)!;
    for (const operator of operators) {
      const variant = path.join(folder, "models", `${name}${operator ? `.${operator}` : ""}.onnx`);
      if (!existsSync(variant)) writeAtomically(variant, await applyTwin(file(), operator, shapes));
      const { profile } = await obtainProfile(variant, {
        settings: { threads: 1, optimisation: "all" },
        shapes,
        inputs: new Map(),
        budgetSeconds,
        cuts: 60,
        folder: path.join(folder, "profiles"),
        force: false,
      });
      const step = (profile.cuts.length - 1) / (CUTS - 1);
      const document = {
        file: path.relative(folder, variant),
        shapes: Object.fromEntries(Object.entries(shapes).map(([input, dims]) => [input, dims.join("x")])),
        cuts: Array.from({ length: CUTS }, (_, i) => profile.cuts[Math.round(i * step)]!.id),
      };
      prepared.push({ document, profile });
    }
  }
  return prepared;
}

/** Runs `tierwise measure`; what an earlier run left is gone on with. */
export function measureFor(folder: string, name: string, measure: object): { runs: string; emulation: string } {
  const files = { topology: "topology.yaml", scenario: `${name}.yaml`, runs: path.join(folder, `${name}.csv`) };
  writeFileSync(path.join(folder, files.topology), TOPOLOGY);
  writeFileSync(path.join(folder, files.scenario), stringify({ topology: files.topology, measure }));
  const cli = fileURLToPath(new URL("../../bin/tierwise.js", import.meta.url));
  const { status, stdout } = spawnSync(
    process.execPath,
    [cli, "measure", path.join(folder, files.scenario), "-o", files.runs, "--json"],
    { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] },
  );
  if (status !== 0) throw new Error(`measure ended with status ${status}`);
  return { runs: files.runs, emulation: JSON.parse(stdout).emulation };
}

export async function compareTestbed({
  folder,
  cells,
  repeats,
  budgetSeconds,
  seed,
}: TestbedOptions): Promise<TestbedResult> {
  const prepared = await prepareModels(SUBJECTS, folder, budgetSeconds);
  const documents = prepared.map(({ document }) => document);
  const { runs, emulation } = measureFor(folder, "grid", grid(documents, cells, repeats, seed));
  const profiles = prepared.map(({ profile }) => profile);
  const validation = halves(readRuns(runs).runs, profiles, parseTopology(TOPOLOGY, "topology.yaml"));
  return { runs, emulation, validation };
}

function grid(models: readonly object[], cells: number, repeats: number, seed: number) {
  return {
    models,
    placements: ["mobile", "edge", "mobile>edge", "edge>cloud", "mobile>cloud"],
    codecs: ["raw", "float16", "base64", "json"],
    sessions: ["warm", "cold"],
    links: {
      "mobile>edge": { bandwidth: ["10 Mbit/s", "50 Mbit/s", "200 Mbit/s", "800 Mbit/s"] },
      "edge>cloud": { bandwidth: ["50 Mbit/s", "400 Mbit/s"] },
    },
    tiers: { mobile: { cpus: [0.5, 1] }, edge: { cpus: [0.7, 1] } },
    repeats,
    until: { precision: PRECISION, repeats: MOST_REPEATS },
    sample: cells,
    seed,
  };
}

/** What one half predicts well another may not: which cells it has is chance. */
const HALVES = 5;

/** Half of the cells, drawn at random, predict the others, several times. */
function halves(runs: readonly MeasuredRun[], profiles: readonly Profile[], topology: Topology): Validation {
  const folds = Array.from({ length: HALVES }, (_, i): Fold => {
    const coin = new RandomStream(1 + i);
    const sides = new Map<string, boolean>();
    const isFitted = (run: MeasuredRun) => {
      const cell = cellName(run);
      if (!sides.has(cell)) sides.set(cell, coin.uniform() < 0.5);
      return sides.get(cell)!;
    };
    return { fit: runs.filter(isFitted), predict: runs.filter((run) => !isFitted(run)) };
  });
  return validate(folds, { known: { profiles, topology } });
}

async function applyTwin(file: string, operator: string | undefined, shapes: (typeof MODELS)[number]["shapes"]) {
  if (operator === undefined) return readFileSync(file);
  const { source } = await applyOperators(file, operator, {
    ...TWIN,
    onProgress: () => {},
    pattern: "channels",
    shapes,
  });
  return source;
}

export function printTestbed(result: TestbedResult, host: Host, json: boolean): void {
  if (json) process.stdout.write(`${JSON.stringify({ ...host, ...result })}\n`);
  else
    process.stdout.write(
      `${describeLoad(host)}, emulation: ${result.emulation}, runs: ${result.runs}\n${describeValidation(result.validation)}\n`,
    );
}

export const TESTBED_FOLDER = path.join(os.tmpdir(), "tierwise-bench-testbed");
