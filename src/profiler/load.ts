import { fork } from "node:child_process";
import { performance } from "node:perf_hooks";
import { fileURLToPath } from "node:url";
import type { Measurement } from "../formats/common.ts";
import type { Settings } from "./planning.ts";
import { type Feeds, loadSession } from "./runtime.ts";
import { medianInterval } from "./statistics.ts";

const REPEATS = 7;
const BUDGET_S = 10;

/** How long a session takes to create from its file, and what it occupies. */
export async function probeLoad(
  file: string,
  settings: Settings,
  feeds: Feeds,
): Promise<{ cold_load: Measurement; first_load_s: number; resident_bytes: number }> {
  const seconds: number[] = [];
  const start = performance.now();
  while (seconds.length < REPEATS && (seconds.length < 3 || performance.now() - start < BUDGET_S * 1000)) {
    const before = performance.now();
    const session = await loadSession(file, settings);
    seconds.push((performance.now() - before) / 1000);
    await session.release();
  }
  const first = await inFreshProcess(file, settings, feeds);
  return { cold_load: medianInterval(seconds), ...first };
}

/** What the probing process is told. */
export interface ProbeRequest {
  readonly file: string;
  readonly settings: Settings;
  readonly feeds: readonly {
    readonly name: string;
    readonly type: string;
    readonly data: unknown;
    readonly dims: readonly number[];
  }[];
}

/** What it answers. */
export interface ProbeAnswer {
  readonly first_load_s: number;
  readonly resident_bytes: number;
}

function inFreshProcess(file: string, settings: Settings, feeds: Feeds): Promise<ProbeAnswer> {
  // Run from the sources, the child needs the loader that this process was started with.
  const script = fileURLToPath(import.meta.url).replace(/load\.(ts|js)$/, "probe.$1");
  const child = fork(script, {
    serialization: "advanced",
    execArgv: script.endsWith(".ts") ? ["--import", "tsx"] : [],
  });
  const request: ProbeRequest = {
    file,
    settings,
    feeds: Object.entries(feeds).map(([name, { type, data, dims }]) => ({ name, type, data, dims })),
  };
  return new Promise((resolve, reject) => {
    child.once("message", (answer) => resolve(answer as ProbeAnswer));
    child.once("error", reject);
    child.once("exit", (code) =>
      reject(new Error(`the process that probes session loading ended with status ${code}`)),
    );
    child.send(request);
  });
}
