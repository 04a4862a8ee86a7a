import { existsSync } from "node:fs";
import os from "node:os";
import { fileURLToPath } from "node:url";
import { Piscina } from "piscina";
import { joinOutcomes, type Network, type Outcome, type SimulateOptions } from "../simulator/index.ts";
import type { ReplicationTask } from "./replication.ts";

export interface ReplicateOptions {
  /** Independent runs, with seeds that follow one another. */
  readonly replications: number;
  /** @default the machine's cores */
  readonly threads?: number;
  readonly onProgress?: (done: number) => void;
}

/**
 * Simulates the network several times over with different seeds, on worker threads. Each run's warm-up is left out of
 * it, and the intervals are those of independent replications (Law, Simulation Modeling and Analysis, 9.5.2): they
 * assume nothing of how the requests of one run depend on one another. The result does not depend on the threads.
 *
 * @throws Problem when the network cannot be simulated
 */
export async function replicate(
  network: Network,
  options: Omit<SimulateOptions, "record" | "onProgress" | "precision">,
  { replications, threads = os.availableParallelism(), onProgress }: ReplicateOptions,
): Promise<Outcome> {
  const pool = new Piscina<ReplicationTask, Outcome>({
    filename: workerFile(),
    minThreads: Math.min(threads, replications),
    maxThreads: Math.min(threads, replications),
  });
  let done = 0;
  try {
    const seed = options.seed ?? 1;
    const outcomes = await Promise.all(
      Array.from({ length: replications }, async (_, i) => {
        const outcome = await pool.run({ network, options: { ...options, seed: seed + i } });
        onProgress?.(++done);
        return outcome;
      }),
    );
    return joinOutcomes(outcomes, options.confidence);
  } finally {
    await pool.destroy();
  }
}

/** The compiled worker; beside the sources, as tests see them, it lies in dist. */
function workerFile(): string {
  const beside = fileURLToPath(new URL("./replication.js", import.meta.url));
  return existsSync(beside) ? beside : fileURLToPath(new URL("../../dist/workers/replication.js", import.meta.url));
}
