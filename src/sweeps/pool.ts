import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Piscina } from "piscina";
import { Problem } from "../formats/problem.ts";
import type { SweepDefinition } from "./definition.ts";
import type { EncodedChunk } from "./parquet.ts";

/**
 * Memory of a thread. Encoding rows makes much garbage that does not live long: left to itself, a thread keeps a hundred
 * megabytes of it. What it needs is the profiles and, for each combination of what is no number, a topology.
 */
function limitsOf({ sweep, profiles }: SweepDefinition) {
  if (sweep.load !== "none") return {};
  const combinations = Object.values(sweep.axes).reduce((n, axis) => n * (Array.isArray(axis) ? axis.length : 1), 1);
  const profileMb = JSON.stringify(profiles).length / 1e6;
  return {
    maxYoungGenerationSizeMb: 4,
    maxOldGenerationSizeMb: Math.ceil(64 + 16 * profileMb + Math.min(combinations, 1e5) / 50),
  };
}

/** Threads that compute the chunks of one sweep. */
export class ChunkPool {
  readonly #pool: Piscina<number, EncodedChunk | { readonly problem: string }>;

  constructor(definition: SweepDefinition, threads: number) {
    this.#pool = new Piscina({
      filename: workerFile(),
      workerData: definition,
      minThreads: threads,
      maxThreads: threads,
      resourceLimits: limitsOf(definition),
    });
  }

  /** @throws Problem when a scenario of the chunk is impossible */
  async run(chunk: number): Promise<EncodedChunk> {
    const result = await this.#pool.run(chunk);
    if ("problem" in result) throw new Problem(result.problem);
    return result;
  }

  async close(): Promise<void> {
    await this.#pool.destroy();
  }
}

/** The compiled worker; beside the sources, as tests see them, it lies in dist. */
function workerFile(): string {
  const beside = fileURLToPath(new URL("./chunkworker.js", import.meta.url));
  return existsSync(beside) ? beside : fileURLToPath(new URL("../../dist/sweeps/chunkworker.js", import.meta.url));
}
