import { randomBytes } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { Problem } from "../formats/problem.ts";
import type { ByteSource } from "../onnx/index.ts";

/** Bytes copied at a time when a source is streamed to a file. */
const BLOCK = 4 << 20;
/** Bytes read ahead, so that small neighbouring reads cost one system call. */
const WINDOW = 64 << 10;

/** A file as a {@link ByteSource}: only the parts that are read come into memory. */
export interface FileSource extends ByteSource {
  readonly path: string;
  close(): void;
}

/** @throws Problem when the file does not exist or cannot be read. */
export function openFile(file: string): FileSource {
  const descriptor = explain(`cannot read ${file}`, () => fs.openSync(file, "r"));
  const stat = fs.fstatSync(descriptor);
  if (!stat.isFile()) {
    fs.closeSync(descriptor);
    throw new Problem(`${file} is not a file.`);
  }
  let windowStart = 0;
  let window: Uint8Array = new Uint8Array(0);
  const readInto = (offset: number, length: number) => {
    const bytes = new Uint8Array(length);
    let filled = 0;
    while (filled < length) {
      const read = fs.readSync(descriptor, bytes, filled, length - filled, offset + filled);
      if (read === 0) throw new RangeError(`${file} became shorter while it was read`);
      filled += read;
    }
    return bytes;
  };
  return {
    path: file,
    length: stat.size,
    read(offset, length) {
      if (offset < 0 || offset + length > stat.size)
        throw new RangeError(`bytes ${offset}..${offset + length} are behind the end of ${file}`);
      if (length > WINDOW / 4) return readInto(offset, length);
      if (offset < windowStart || offset + length > windowStart + window.length) {
        windowStart = offset;
        window = readInto(offset, Math.min(WINDOW, stat.size - offset));
      }
      return window.subarray(offset - windowStart, offset - windowStart + length);
    },
    close: () => fs.closeSync(descriptor),
  };
}

/**
 * Writes a file so that it is there whole or not at all: into a temporary file beside it, which is then renamed.
 * @throws Problem when the place cannot be written to; nothing is left behind.
 */
export function writeAtomically(file: string, content: string | Uint8Array | ByteSource): void {
  const temporary = path.join(path.dirname(file), `.${path.basename(file)}.${randomBytes(4).toString("hex")}.tmp`);
  explain(`cannot write ${file}`, () => {
    makeFolder(path.dirname(file));
    const descriptor = fs.openSync(temporary, "wx");
    try {
      try {
        if (typeof content === "string") fs.writeFileSync(descriptor, content);
        else if (content instanceof Uint8Array) fs.writeFileSync(descriptor, content);
        else stream(descriptor, content);
        fs.fsyncSync(descriptor);
      } finally {
        fs.closeSync(descriptor);
      }
      fs.renameSync(temporary, file);
    } catch (error) {
      fs.rmSync(temporary, { force: true });
      throw error;
    }
  });
}

function stream(descriptor: number, source: ByteSource): void {
  for (let offset = 0; offset < source.length; offset += BLOCK) {
    const block = source.read(offset, Math.min(BLOCK, source.length - offset));
    for (let written = 0; written < block.length; )
      written += fs.writeSync(descriptor, block, written, block.length - written);
  }
}

/**
 * Makes a folder and those above it. Node's own recursive mkdir never returns below /proc.
 * @throws Error of the system call that failed.
 */
function makeFolder(folder: string): void {
  if (fs.existsSync(folder)) return;
  makeFolder(path.dirname(folder));
  try {
    fs.mkdirSync(folder);
  } catch (error) {
    // Another process may have made it meanwhile.
    if (!fs.statSync(folder, { throwIfNoEntry: false })?.isDirectory()) throw error;
  }
}

/** @throws Problem when the folder is not there and cannot be made. */
export function ensureFolder(folder: string): void {
  explain(`cannot make the folder ${folder}`, () => makeFolder(folder));
}

/** @throws Problem when the file cannot be read. */
export function readText(file: string): string {
  return explain(`cannot read ${file}`, () => fs.readFileSync(file, "utf8"));
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file or folder",
  EACCES: "permission denied",
  EPERM: "permission denied",
  EISDIR: "it is a folder",
  ENOTDIR: "a part of its path is not a folder",
  EEXIST: "a part of its path is not a folder",
  ENOSPC: "the disk is full",
  EROFS: "the file system is read-only",
};

/** Runs `action`; a failing system call becomes a Problem that begins with `what`. */
function explain<T>(what: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    if (!code) throw error;
    throw new Problem(`${what}: ${REASONS[code] ?? code}.`);
  }
}
