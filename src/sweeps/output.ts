import fs from "node:fs";
import path from "node:path";
import { Problem } from "../formats/problem.ts";
import { ensureFolder, Journal } from "../store/index.ts";
import { type ColumnSpec, type EncodedChunk, footer, header, type PlacedChunk } from "./parquet.ts";

interface Entry extends PlacedChunk {
  readonly chunk: number;
  readonly bytes: number;
}

/**
 * A Parquet file that grows chunk by chunk and can be left at any moment. Chunks are appended to a partial file; once
 * their bytes are on the disk, a line in a journal says so. What stands behind the last chunk of the journal is cut off
 * when the work is taken up again: a chunk is there whole, once, or not at all. When all are there, the footer is written
 * and the file gets its name.
 */
export class SweepOutput {
  readonly #file: string;
  readonly #partial: string;
  readonly #journal: Journal<Entry>;
  readonly #descriptor: number;
  readonly #placed = new Map<number, Entry>();
  #end = header.length;

  /**
   * @param fingerprint of the sweep: what another sweep left is not taken up
   * @throws Problem when the file cannot be written
   */
  constructor(file: string, fingerprint: string) {
    this.#file = file;
    const beside = (ending: string) => path.join(path.dirname(file), `.${path.basename(file)}.${ending}`);
    this.#partial = beside("partial");
    ensureFolder(path.dirname(path.resolve(file)));
    // Now, and not after hours of work.
    if (fs.existsSync(file) && fs.statSync(file).isDirectory())
      throw new Problem(`cannot write ${file}: it is a folder`);
    try {
      this.#journal = new Journal<Entry>(beside("journal"), fingerprint);
      this.#descriptor = fs.openSync(this.#partial, fs.constants.O_RDWR | fs.constants.O_CREAT);
    } catch (error) {
      throw new Problem(`cannot write beside ${file}: ${(error as Error).message}`);
    }
    const { size } = fs.fstatSync(this.#descriptor);
    for (const entry of this.#journal.entries) {
      // The partial file may be gone, or be of another machine's disk that lost its end.
      if (entry.offset !== this.#end || entry.offset + entry.bytes > size) break;
      this.#placed.set(entry.chunk, entry);
      this.#end += entry.bytes;
    }
    // Entries that are not true must not be there when others follow them.
    if (this.#placed.size < this.#journal.entries.length) this.#journal.rewrite([...this.#placed.values()]);
    fs.ftruncateSync(this.#descriptor, this.#placed.size > 0 ? this.#end : 0);
    if (this.#placed.size === 0) fs.writeSync(this.#descriptor, header, 0, header.length, 0);
  }

  /** Rows that are safe. */
  get rows(): number {
    let rows = 0;
    for (const entry of this.#placed.values()) rows += entry.rows;
    return rows;
  }

  has(chunk: number): boolean {
    return this.#placed.has(chunk);
  }

  /** Appends a chunk; one that is there already is left as it is. When this returns, the chunk is safe. */
  append(chunk: number, { bytes, rowGroup, rows }: EncodedChunk): void {
    if (this.has(chunk)) return;
    for (let written = 0; written < bytes.length; )
      written += fs.writeSync(this.#descriptor, bytes, written, bytes.length - written, this.#end + written);
    fs.fdatasyncSync(this.#descriptor);
    const entry: Entry = { chunk, offset: this.#end, bytes: bytes.length, rowGroup, rows };
    this.#journal.append(entry);
    this.#placed.set(chunk, entry);
    this.#end += bytes.length;
  }

  /** Writes the footer and gives the file its name. */
  finish(columns: readonly ColumnSpec[], facts: Readonly<Record<string, string>>, createdBy: string): void {
    const chunks = [...this.#placed.values()].sort((a, b) => a.chunk - b.chunk);
    const end = footer(columns, chunks, facts, createdBy);
    fs.writeSync(this.#descriptor, end, 0, end.length, this.#end);
    fs.fsyncSync(this.#descriptor);
    fs.closeSync(this.#descriptor);
    fs.renameSync(this.#partial, this.#file);
    this.#journal.remove();
  }

  /** Leaves the work for another time. */
  close(): void {
    fs.closeSync(this.#descriptor);
  }
}
