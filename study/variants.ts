import { existsSync, rmSync } from "node:fs";
import path from "node:path";
import { applyOperators, TWIN } from "../src/cli/applying.ts";
import { readProfile } from "../src/cli/profiles.ts";
import { Progress } from "../src/cli/progress.ts";
import type { Profile } from "../src/formats/profile.ts";
import { describeHost, profileModel } from "../src/profiler/index.ts";
import { ensureFolder, openModel, writeAtomically } from "../src/store/index.ts";
import { architecture } from "../src/zoo/index.ts";
import { OPERATORS, type Operator, type StudySubject } from "./subjects.ts";

/** How much is measured, and where it is kept. */
export interface Effort {
  /** For models while they are needed, and profiles for good. */
  readonly cache: string;
  /** Seconds of samples of a variant. */
  readonly budgetSeconds: number;
  /** Cuts of a variant beside the study's own. */
  readonly cuts: number;
}

const SEED = 1;
const EVERY_CUT = 100_000;

/**
 * Profiles of all variants of a subject, one after another. What an earlier run on this machine has measured with the same effort is
 * taken from the cache; a profile that was interrupted goes on from its journal.
 *
 * @param done is told each profile as it is there
 */
export async function profilesOf(
  subject: StudySubject,
  effort: Effort,
  done: (operator: Operator, reused: boolean) => void,
): Promise<Map<Operator, Profile>> {
  const folder = path.join(effort.cache, "profiles");
  ensureFolder(folder);
  const profiles = new Map<Operator, Profile>();
  const made: string[] = [];
  try {
    for (const operator of OPERATORS) {
      const target = path.join(folder, nameOf(subject, operator, effort));
      const reused = existsSync(target);
      if (!reused) {
        const file = await built(subject, operator, effort, made);
        await profiled(subject, operator, file, target, effort);
        // Hundreds of megabytes each: a variant's file has done its work.
        if (operator !== "identity") rmSync(file, { force: true });
      }
      profiles.set(operator, named(readProfile(target), subject, operator));
      done(operator, reused);
    }
  } finally {
    for (const file of made) rmSync(file, { force: true });
  }
  return profiles;
}

/** What decides a profile's worth: the variant, the effort, this machine and its runtime. */
function nameOf({ name, everyCut }: StudySubject, operator: Operator, { budgetSeconds, cuts }: Effort): string {
  const which = everyCut.includes(operator) ? "every" : cuts;
  return `${name}.${operator}.${which}-cuts.${budgetSeconds}s.${describeHost().id}.json`;
}

async function built(subject: StudySubject, operator: Operator, { cache }: Effort, made: string[]): Promise<string> {
  const folder = path.join(cache, "models");
  ensureFolder(folder);
  const progress = new Progress(`${subject.title}, ${operator}`);
  try {
    const model = zooFile(subject.architecture, folder, progress, made);
    if (operator === "identity") return model;
    const file = path.join(folder, `${subject.architecture}.${operator}.onnx`);
    const student = operator.startsWith("distilled") ? zooFile(subject.student, folder, progress, made) : undefined;
    const { shapes } = architecture(subject.architecture);
    const { source } = await applyOperators(model, operator, {
      ...TWIN,
      shapes,
      student,
      onProgress: (phase, part, total) => progress.report(phase, part, total),
    });
    progress.report("writing the variant", 0, 1);
    writeAtomically(file, source);
    return file;
  } finally {
    progress.stop();
  }
}

function zooFile(name: string, folder: string, progress: Progress, made: string[]): string {
  const file = path.join(folder, `${name}.onnx`);
  if (!existsSync(file)) {
    progress.report(`building ${name}`, 0, 1);
    writeAtomically(file, architecture(name).build(SEED));
  }
  if (!made.includes(file)) made.push(file);
  return file;
}

async function profiled(
  subject: StudySubject,
  operator: Operator,
  file: string,
  target: string,
  { budgetSeconds, cuts }: Effort,
): Promise<void> {
  const progress = new Progress(`${subject.title}, ${operator}`);
  try {
    const own = subject.cuts[operator];
    const { profile } = await profileModel(file, openModel(file), undefined, {
      settings: { threads: 1, optimisation: "all" },
      shapes: architecture(subject.architecture).shapes,
      inputs: new Map(),
      budgetSeconds,
      cuts: subject.everyCut.includes(operator) ? EVERY_CUT : cuts,
      cutIds: own === undefined ? [] : [own],
      operator,
      onProgress: (phase, part, total) => progress.report(`profiling, ${phase}`, part, total),
      journal: `${target}.partial`,
    });
    writeAtomically(target, JSON.stringify(profile));
  } finally {
    progress.stop();
  }
}

/** A variant is one of the study's model, whatever its file is called. */
function named(profile: Profile, subject: StudySubject, operator: Operator): Profile {
  return { ...profile, model: { ...profile.model, name: subject.name, operator } };
}
