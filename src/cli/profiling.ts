import { existsSync } from "node:fs";
import path from "node:path";
import type { Profile } from "../formats/profile.ts";
import { operatorOf } from "../operators/index.ts";
import {
  describeHost,
  externalFolderOf,
  fingerprint,
  type OnProgress,
  profileModel,
  type RawInputs,
  type Settings,
  type Shapes,
} from "../profiler/index.ts";
import { ensureFolder, openModel, writeAtomically } from "../store/index.ts";
import { note } from "./output.ts";
import { readProfile } from "./profiles.ts";
import { Progress } from "./progress.ts";

export interface ProfileRequest {
  readonly settings: Settings;
  readonly shapes: Shapes;
  readonly inputs: RawInputs;
  readonly budgetSeconds: number;
  readonly cuts: number;
  /** Deployment operator that made the variant; as the file says when left out. */
  readonly operator?: string | undefined;
  readonly folder: string;
  /** Measure again even where a profile is there. */
  readonly force: boolean;
}

export interface ProfileResult {
  readonly file: string;
  readonly profile: Profile;
  readonly reused: boolean;
}

const PHASES: Record<Parameters<OnProgress>[0], string> = {
  plan: "planning every cut",
  windows: "finding what only cuts need",
  measure: "timing kernels",
  load: "timing session creation and codecs",
};

/**
 * Profiles a model, or takes the profile that an earlier run left for the same file, shapes, settings and host.
 * Interrupted work is picked up where it stopped. What speaks against the profile is noted, whether it was measured now or then.
 */
export async function obtainProfile(file: string, asked: ProfileRequest): Promise<ProfileResult> {
  const model = openModel(file);
  const request = { ...asked, operator: asked.operator ?? operatorOf(model) };
  const host = describeHost();
  const name = path.basename(file).replace(/\.onnx$/, "");
  const target = path.join(request.folder, `${name}.${request.operator}.${request.settings.threads}t.${host.id}.json`);
  const journal = path.join(request.folder, `.${path.basename(target)}.partial`);
  if (!request.force && existsSync(target)) {
    const found = readProfile(target);
    if (found.model.fingerprint === fingerprint(model, request)) {
      note(`${name}: profile taken from ${target}; measure again with --force.`);
      noteDoubts(name, found);
      return { file: target, profile: found, reused: true };
    }
  }
  ensureFolder(request.folder);
  const progress = new Progress(name);
  try {
    const { profile } = await profileModel(file, model, externalFolderOf(model, file), {
      ...request,
      journal,
      onProgress: (phase, done, total) => progress.report(PHASES[phase], done, total),
    });
    writeAtomically(target, `${JSON.stringify(profile)}\n`);
    noteDoubts(name, profile);
    return { file: target, profile, reused: false };
  } finally {
    progress.stop();
  }
}

function noteDoubts(name: string, { host, settings }: Profile): void {
  const { converged, relative_ci, load_average } = settings;
  if (!converged)
    note(
      `${name}: the budget was spent when times were known to ±${(relative_ci * 100).toPrecision(3)} % instead of ±2 %. A quieter machine or a larger --budget helps.`,
    );
  // From one process a core on, the measured one may share its core.
  if (load_average >= host.cores)
    note(
      `${name}: the machine was busy before it was profiled (load average ${load_average.toFixed(1)} on ${host.cores} cores): times may be too long. Measure again with --force when it is quiet.`,
    );
}
