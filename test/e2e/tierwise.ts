import { spawnSync } from "node:child_process";
import { mkdtempSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** Path of a fixture model. */
export const fixture = (name: string) => path.join(ROOT, "test", "fixtures", "models", name);

/** Runs the built command line in a folder of its own. */
export function tierwise(args: readonly string[], cwd = freshFolder()) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [path.join(ROOT, "bin", "tierwise.js"), ...args], {
    cwd,
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
  return { status, stdout, stderr, cwd, json: () => JSON.parse(stdout) };
}

export function freshFolder(): string {
  return mkdtempSync(path.join(os.tmpdir(), "tierwise-e2e-"));
}
