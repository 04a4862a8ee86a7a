import fs from "node:fs";
import path from "node:path";
import { ensureFolder, writeAtomically } from "./files.ts";

/**
 * A file of JSON lines that long work appends each finished piece to, so that an interrupted command resumes where it
 * stopped. It belongs to one piece of work, told by a fingerprint: a journal of other work is started anew.
 */
export class Journal<Entry> {
  readonly #file: string;
  /** Entries that an earlier, interrupted run left. */
  readonly entries: readonly Entry[];

  constructor(file: string, fingerprint: string) {
    this.#file = file;
    ensureFolder(path.dirname(file));
    const found = readLines(file);
    if (found[0] === fingerprint) {
      this.entries = found.slice(1) as Entry[];
    } else {
      this.entries = [];
      fs.writeFileSync(file, `${JSON.stringify(fingerprint)}\n`);
    }
  }

  /** Keeps these entries only, in place of all. */
  rewrite(entries: readonly Entry[]): void {
    const fingerprint = fs.readFileSync(this.#file, "utf8").split("\n", 1)[0]!;
    writeAtomically(this.#file, [fingerprint, ...entries.map((entry) => JSON.stringify(entry)), ""].join("\n"));
  }

  append(entry: Entry): void {
    fs.appendFileSync(this.#file, `${JSON.stringify(entry)}\n`);
  }

  /** The work is done. */
  remove(): void {
    fs.rmSync(this.#file, { force: true });
  }
}

/** The lines that parse; a last line that was cut off is dropped from the file as well. */
function readLines(file: string): unknown[] {
  if (!fs.existsSync(file)) return [];
  const lines: unknown[] = [];
  const good: string[] = [];
  for (const line of fs.readFileSync(file, "utf8").split("\n")) {
    if (line === "") continue;
    try {
      lines.push(JSON.parse(line));
      good.push(line);
    } catch {
      break;
    }
  }
  fs.writeFileSync(file, good.map((line) => `${line}\n`).join(""));
  return lines;
}
