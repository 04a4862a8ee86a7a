import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** The command line as a process of its own, which can be killed. */
export class Tierwise {
  readonly process: ChildProcess;
  #output = "";
  #errors = "";

  constructor(args: readonly string[], cwd: string) {
    this.process = spawn(process.execPath, [path.join(ROOT, "bin", "tierwise.js"), ...args], { cwd });
    this.process.stdout!.on("data", (text) => {
      this.#output += text;
    });
    this.process.stderr!.on("data", (text) => {
      this.#errors += text;
    });
  }

  get errors(): string {
    return this.#errors;
  }

  /** The document that it printed, once it has ended. */
  async json(): Promise<Record<string, unknown>> {
    if (this.process.exitCode === null && this.process.signalCode === null) await once(this.process, "close");
    if (this.process.exitCode !== 0) throw new Error(`ended with ${this.process.exitCode}: ${this.#errors}`);
    return JSON.parse(this.#output);
  }

  async kill(): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    const ended = once(this.process, "exit");
    this.process.kill("SIGKILL");
    await ended;
  }
}

export async function until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  for (let i = 0; i < 1200; i++) {
    if (await condition()) return;
    await setTimeout(25);
  }
  throw new Error(`waited too long for ${what}`);
}

/** Chunks that a sweep's journal holds. */
export function journaled(file: string): number {
  const journal = path.join(path.dirname(file), `.${path.basename(file)}.journal`);
  return existsSync(journal) ? Math.max(0, readFileSync(journal, "utf8").split("\n").length - 2) : 0;
}

/** A sweep of a cut model, written down. */
export function writeSweep(folder: string, n: number): string {
  const file = path.join(folder, "sweep.yaml");
  writeFileSync(
    file,
    JSON.stringify({
      scenario: "receipts-at-the-till",
      set: { placement: "mobile>edge", cut: "p2o.Conv.37" },
      axes: {
        "topology.links.mobile>edge.bandwidth": { from: "1 Mbit/s", to: "1 Gbit/s", scale: "log" },
        "topology.devices.phone.speed": { from: 0.1, to: 1 },
        codec: ["float16", "raw"],
      },
      sampling: { method: "sobol", n },
    }),
  );
  return file;
}
