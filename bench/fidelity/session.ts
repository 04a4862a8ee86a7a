import os from "node:os";
import { describeHost } from "../../src/profiler/index.ts";

/** How much each model is measured. */
export interface Effort {
  /** Cuts per model, or per variant of a model. */
  readonly perModel: number;
  /** Time for samples per model, seconds. */
  readonly budgetSeconds: number;
}

/** Where and when a comparison was run, as its document says. */
export interface Host {
  readonly host: ReturnType<typeof describeHost>;
  readonly load_average: number;
}

export function thisHost(): Host {
  return { host: describeHost(), load_average: os.loadavg()[0]! };
}

export function describeLoad({ host, load_average }: Host): string {
  return `${host.cpu}, load average ${load_average.toFixed(2)} at the start`;
}
