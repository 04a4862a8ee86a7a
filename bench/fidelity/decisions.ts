/**
 * How good choices of placement and cut are: `npm run bench:fidelity -- --decisions`. For some models, networks and processor quotas every
 * alternative is measured for real by `tierwise measure`; half of the networks calibrate, and on the others each way to
 * predict chooses. What its choice costs over the best one measured is its regret.
 */
import { validate } from "../../src/calibration/index.ts";
import { describeValidation } from "../../src/cli/commands/validate.ts";
import { parseTopology } from "../../src/formats/topology.ts";
import type { Validation } from "../../src/formats/validation.ts";
import { readRuns } from "../../src/store/index.ts";
import { describeLoad, type Host } from "./session.ts";
import { measureFor, prepareModels, TOPOLOGY } from "./testbed.ts";

const SUBJECTS: readonly (readonly [model: string, operators: readonly (string | undefined)[]])[] = [
  ["pp-ocr-det", [undefined, "sptq"]],
  ["mlsd-tiny", [undefined]],
  ["resnet50", [undefined, "sptq"]],
];

/** Mbit/s from mobile to edge; those at odd places calibrate, the others are decided on. */
const BANDWIDTHS = [20, 50, 100, 200, 400, 800];

export interface DecisionsOptions {
  readonly folder: string;
  /** Time for samples of each profile, seconds. */
  readonly budgetSeconds: number;
  readonly repeats: number;
}

export interface DecisionsResult {
  readonly runs: string;
  readonly emulation: string;
  readonly validation: Validation;
}

export async function compareDecisions({ folder, budgetSeconds, repeats }: DecisionsOptions): Promise<DecisionsResult> {
  const prepared = await prepareModels(SUBJECTS, folder, budgetSeconds);
  const { runs, emulation } = measureFor(folder, "decisions", {
    models: prepared.map(({ document }) => document),
    placements: ["mobile", "edge", "mobile>edge"],
    codecs: ["raw"],
    sessions: ["warm"],
    links: { "mobile>edge": { bandwidth: BANDWIDTHS.map((mbps) => `${mbps} Mbit/s`) } },
    tiers: { mobile: { cpus: [0.4, 1] }, edge: { cpus: [1] } },
    repeats,
    seed: 2,
  });
  const held = new Set(BANDWIDTHS.filter((_, i) => i % 2 === 1).map((mbps) => mbps * 1e6));
  const rows = readRuns(runs).runs;
  const isHeld = (run: (typeof rows)[number]) => held.has(run.links["mobile>edge"]?.bandwidth_bps ?? Number.NaN);
  // A model whole on mobile sends nothing, whatever the network: its runs are alternatives everywhere, and calibrate nothing.
  const isLocal = ({ placement }: (typeof rows)[number]) => placement === "mobile";
  const validation = validate(
    [
      {
        fit: rows.filter((run) => !isHeld(run) && !isLocal(run)),
        predict: rows.filter((run) => isHeld(run) || isLocal(run)),
      },
    ],
    { known: { profiles: prepared.map(({ profile }) => profile), topology: parseTopology(TOPOLOGY, "topology.yaml") } },
  );
  return { runs, emulation, validation };
}

export function printDecisions(result: DecisionsResult, host: Host, json: boolean): void {
  if (json) process.stdout.write(`${JSON.stringify({ ...host, ...result })}\n`);
  else
    process.stdout.write(
      `${describeLoad(host)}, emulation: ${result.emulation}, runs: ${result.runs}\n${describeValidation(result.validation)}\n`,
    );
}
