import { existsSync } from "node:fs";
import path from "node:path";
import { median } from "simple-statistics";
import type { MeasuredRun } from "../src/formats/runs.ts";
import { RandomStream } from "../src/random/index.ts";
import { readRuns } from "../src/store/index.ts";
import { type Deployment, keyOf, OPERATORS, type Operator, type StudySubject } from "./subjects.ts";

/** The study's requests, one cell for each deployment. */
export class Published {
  readonly runs: readonly MeasuredRun[];
  readonly #latencies = new Map<string, number[]>();
  readonly #medians = new Map<string, number>();

  constructor(runs: readonly MeasuredRun[]) {
    this.runs = runs;
    for (const run of runs) {
      if (run.latency_s === null) continue;
      const key = keyOf(deploymentOf(run));
      const own = this.#latencies.get(key);
      if (own) own.push(run.latency_s);
      else this.#latencies.set(key, [run.latency_s]);
    }
    for (const [key, own] of this.#latencies) this.#medians.set(key, median(own));
  }

  /** Seconds by `keyOf`. */
  get medians(): ReadonlyMap<string, number> {
    return this.#medians;
  }

  /** Medians of bootstrap samples of a deployment's runs. */
  bootstrap(deployment: Deployment, samples: number, seed = 1): number[] | undefined {
    const own = this.#latencies.get(keyOf(deployment));
    if (!own) return undefined;
    const random = new RandomStream(seed).split(keyOf(deployment));
    return Array.from({ length: samples }, () => median(own.map(() => own[random.below(own.length)]!)));
  }
}

export function deploymentOf({ model, operator, placement }: MeasuredRun): Deployment {
  return { subject: model, operator: operator as Operator, placement };
}

const WHITE_BOX = "white-box-requests.csv";

/**
 * The white-box runs of the subjects, as profiles and topology know them: with the cut, the codec and the session policy that
 * the study had. Undefined where the folder, or the table in it, is not there.
 */
export function readPublished(folder: string, subjects: readonly StudySubject[]): Published | undefined {
  const file = path.join(folder, WHITE_BOX);
  if (!existsSync(file)) return undefined;
  const runs = readRuns(file).runs.flatMap((run): MeasuredRun[] => {
    const subject = subjects.find(({ name }) => name === run.model);
    if (!subject || !(OPERATORS as readonly string[]).includes(run.operator)) return [];
    const cut = run.placement.includes(">") ? subject.cuts[run.operator as Operator] : undefined;
    return [{ ...run, codec: "json", session: "cold", ...(cut === undefined ? {} : { cut }) }];
  });
  return runs.length > 0 ? new Published(runs) : undefined;
}
