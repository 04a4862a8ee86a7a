import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { performance } from "node:perf_hooks";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const BIN = fileURLToPath(new URL("../../bin/tierwise.js", import.meta.url));

export interface MeasuredSweep {
  readonly scenarios: number;
  readonly threads: number;
  /** From the command's start to its end. */
  readonly seconds: number;
  /** Largest resident set of the process and its threads; null where the system does not say (Linux does). */
  readonly peak_rss_mb: number | null;
  readonly file_mb: number;
}

/** Runs the shipped sweep of a million scenarios as a user would. */
export async function measureSweep(threads: number): Promise<MeasuredSweep> {
  const folder = mkdtempSync(path.join(os.tmpdir(), "tierwise-bench-"));
  const file = path.join(folder, "sweep.parquet");
  const start = performance.now();
  const args = [BIN, "sweep", "bandwidth-by-speed", "-o", file, "--threads", String(threads), "--json"];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "ignore"] });
  let output = "";
  child.stdout.on("data", (text) => {
    output += text;
  });
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  let peak: number | null = null;
  let running = true;
  void ended.then(() => {
    running = false;
  });
  while (running) {
    peak = peakOf(child.pid!) ?? peak;
    await setTimeout(20);
  }
  const seconds = (performance.now() - start) / 1000;
  if ((await ended) !== 0) throw new Error("the sweep failed");
  const file_mb = statSync(file).size / 1e6;
  rmSync(folder, { recursive: true });
  return { scenarios: JSON.parse(output).scenarios, threads, seconds, peak_rss_mb: peak, file_mb };
}

/** The kernel's own account of a process's largest resident set, in megabytes. */
function peakOf(pid: number): number | null {
  const status = `/proc/${pid}/status`;
  if (!existsSync(status)) return null;
  try {
    const kilobytes = /VmHWM:\s+(\d+) kB/.exec(readFileSync(status, "utf8"))?.[1];
    return kilobytes === undefined ? null : (Number(kilobytes) * 1024) / 1e6;
  } catch {
    // It ended meanwhile.
    return null;
  }
}
