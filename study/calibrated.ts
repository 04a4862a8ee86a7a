import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { calibrate, type JointDraws, priorDraws } from "../src/calibration/index.ts";
import { base64Length } from "../src/codecs/index.ts";
import type { Profile } from "../src/formats/profile.ts";
import type { MeasuredRun } from "../src/formats/runs.ts";
import { parseTopology, type Topology } from "../src/formats/topology.ts";
import { deploymentOf, type Published } from "./published.ts";
import { type Deployment, FITTED, isFitted, keyOf, type Operator, type StudySubject } from "./subjects.ts";

/** Rates of the second link that the study set, bit/s. The first one's is 200 Mbit/s throughout. */
export const SLOW_BPS = 1e6;
export const FAST_BPS = 200e6;

/** Joint draws that every interval is taken from. */
export const DRAWS = 400;

const topologyFile = (name: string) => fileURLToPath(new URL(`../topologies/${name}.yaml`, import.meta.url));

/** The study's tiers and links; speeds of its machines are assumptions until they are calibrated. */
export function studyTopology(): Topology {
  const file = topologyFile("study-1mbit");
  return parseTopology(readFileSync(file, "utf8"), file);
}

export type Profiles = ReadonlyMap<string, ReadonlyMap<Operator, Profile>>;

/** What may differ from how the study ran a deployment. */
export interface Conditions {
  /** Of the link from edge to cloud. */
  readonly bandwidth_bps?: number;
  readonly codec?: MeasuredRun["codec"];
  readonly session?: "warm" | "cold";
  /** Of a deployment on several tiers; else the study's own. */
  readonly cut?: string;
}

/** A request as the study, or one beyond it, would make it. */
export function runOf(
  { subject: model, operator, placement }: Deployment,
  subject: StudySubject,
  { bandwidth_bps = SLOW_BPS, codec = "json", session = "cold", cut = subject.cuts[operator] }: Conditions = {},
): MeasuredRun {
  return {
    model,
    operator,
    placement,
    links: { "mobile>edge": { bandwidth_bps: FAST_BPS }, "edge>cloud": { bandwidth_bps } },
    tiers: {},
    request: 0,
    repeat: 0,
    latency_s: null,
    ...(placement.includes(">") && cut !== undefined ? { cut } : {}),
    codec,
    session,
    stages: {},
    bytes: {},
  };
}

/** What was calibrated on, and what came of it. */
export interface Calibration {
  readonly draws: JointDraws;
  /** Of an image as it travels, base64 in JSON, bytes. */
  readonly image_bytes: number;
  /** Runs that were fitted; 0 where nothing is at hand. */
  readonly rows: number;
  readonly cells: number;
  readonly ofCells: number;
  /** Profiles with the image's size in them. */
  readonly profiles: Profiles;
}

/**
 * Calibrates on the runs of whole models of some operators, and on nothing else. The identity's images on Cloud at 1 Mbit/s show how many
 * bytes an image is; the others, how fast the study's machines are.
 */
export function calibrated(
  subjects: readonly StudySubject[],
  profiles: Profiles,
  published: Published | undefined,
  operators: readonly Operator[] = FITTED,
): Calibration {
  const topology = studyTopology();
  const tensor = base64Length(firstInput(subjects, profiles));
  if (!published) {
    const own = withImages(subjects, profiles, tensor);
    const draws = priorDraws({ profiles: flat(own), topology, foreign: true }, DRAWS);
    return { draws, image_bytes: tensor, rows: 0, cells: 0, ofCells: 0, profiles: own };
  }
  const known = published.runs.filter((run) => isFitted(deploymentOf(run), operators));
  const image = subjects.find(({ kind, name }) => kind === "image" && known.some((run) => run.model === name));
  const ofLink = (run: MeasuredRun) => run.model === image?.name && run.placement === "cloud";
  const fitted = known.filter((run) => !ofLink(run));
  let image_bytes = tensor;
  let own = withImages(subjects, profiles, image_bytes);
  // Beyond the burst a transfer is linear in its size: what is missing on Cloud is missing bytes.
  for (let round = 0; round < (image ? 3 : 0); round++) {
    const { fit } = calibrate(fitted, { profiles: flat(own), topology, foreign: true });
    const deployment = { subject: image!.name, operator: "identity", placement: "cloud" } as const;
    const predicted = fit.predict(runOf(deployment, image!), 1, false).latency_s;
    const missing_s = published.medians.get(keyOf(deployment))! - predicted;
    image_bytes = Math.max(tensor, image_bytes + (missing_s * SLOW_BPS * 0.95) / 8);
    own = withImages(subjects, profiles, image_bytes);
  }
  const { fit } = calibrate(fitted, { profiles: flat(own), topology, foreign: true });
  const cells = new Set(known.map((run) => keyOf(deploymentOf(run)))).size;
  return {
    draws: fit.draws(DRAWS),
    image_bytes,
    rows: known.length,
    cells,
    ofCells: published.medians.size,
    profiles: own,
  };
}

function flat(profiles: Profiles): Profile[] {
  return [...profiles.values()].flatMap((own) => [...own.values()]);
}

function firstInput(subjects: readonly StudySubject[], profiles: Profiles): number {
  const image = subjects.find(({ kind }) => kind === "image") ?? subjects[0]!;
  const { model, tensors } = profiles.get(image.name)!.get("identity")!;
  return tensors[model.inputs[0]!]!.bytes;
}

/** The same profiles, but that images travel as text of so many bytes, which the study's clients sent instead of tensors. */
function withImages(subjects: readonly StudySubject[], profiles: Profiles, bytes: number): Profiles {
  return new Map(
    subjects.map(({ name, kind }) => {
      const own = profiles.get(name)!;
      if (kind !== "image") return [name, own];
      return [
        name,
        new Map(
          [...own].map(([operator, profile]) => {
            const input = profile.model.inputs[0]!;
            const tensors = profile.tensors.map((tensor, i) =>
              i === input ? { ...tensor, json_bytes: bytes } : tensor,
            );
            return [operator, { ...profile, tensors }];
          }),
        ),
      ];
    }),
  );
}
