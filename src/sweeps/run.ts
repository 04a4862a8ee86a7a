import type { OpenSweep, SweepDefinition } from "./definition.ts";
import { fingerprintOf, openSweep } from "./definition.ts";
import { SweepOutput } from "./output.ts";
import type { EncodedChunk } from "./parquet.ts";
import { ChunkPool } from "./pool.ts";
import { RowMaker } from "./rows.ts";

export interface SweepOptions {
  /** Parquet file to write. */
  readonly output: string;
  readonly threads: number;
  /** Told how many scenarios are safe. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

export interface SweepResult {
  readonly scenarios: number;
  /** Those that an earlier, interrupted run had left. */
  readonly resumed: number;
  readonly file: string;
}

/** What computes chunks: threads of this process, or workers anywhere. Chunks come back in any order. */
export type ComputeChunks = (
  chunks: readonly number[],
  done: (chunk: number, encoded: EncodedChunk) => void,
) => Promise<void>;

/**
 * Runs a sweep on threads of this process. What an earlier run left of the same sweep in the same file is kept.
 *
 * @throws Problem when the sweep is wrong, or a scenario impossible; what is done so far stays for the next run
 */
export async function runSweep(definition: SweepDefinition, options: SweepOptions): Promise<SweepResult> {
  const { threads } = options;
  return collectChunks(definition, options, async (chunks, done) => {
    if (chunks.length === 0) return;
    const pool = new ChunkPool(definition, Math.min(threads, chunks.length));
    try {
      const queue = chunks.values();
      // One more than there are threads, so that none waits for the disk.
      await Promise.all(
        Array.from({ length: threads + 1 }, async () => {
          for (const chunk of queue) done(chunk, await pool.run(chunk));
        }),
      );
    } finally {
      await pool.close();
    }
  });
}

/** Has all chunks that are not there yet computed, keeps each as it comes, and finishes the file. */
export async function collectChunks(
  definition: SweepDefinition,
  { output: file, onProgress }: Pick<SweepOptions, "output" | "onProgress">,
  compute: ComputeChunks,
): Promise<SweepResult> {
  const sweep: OpenSweep = openSweep(definition);
  const { columns } = new RowMaker(sweep);
  const { count } = sweep.sampling;
  const fingerprint = fingerprintOf(definition);
  const output = new SweepOutput(file, fingerprint);
  const resumed = output.rows;
  let finished = false;
  try {
    onProgress?.(resumed, count);
    const missing = Array.from({ length: sweep.chunks }, (_, chunk) => chunk).filter((chunk) => !output.has(chunk));
    let rows = resumed;
    await compute(missing, (chunk, encoded) => {
      if (output.has(chunk)) return;
      output.append(chunk, encoded);
      rows += encoded.rows;
      onProgress?.(rows, count);
    });
    const facts = { "tierwise.sweep": JSON.stringify(definition.sweep), "tierwise.fingerprint": fingerprint };
    output.finish(columns, facts, `tierwise ${definition.version}`);
    finished = true;
    return { scenarios: count, resumed, file };
  } finally {
    if (!finished) output.close();
  }
}
