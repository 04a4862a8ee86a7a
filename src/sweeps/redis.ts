import { Queue, Worker } from "bullmq";
import { Redis } from "ioredis";
import { Problem } from "../formats/problem.ts";
import { fingerprintOf, type SweepDefinition } from "./definition.ts";
import type { EncodedChunk } from "./parquet.ts";
import { ChunkPool } from "./pool.ts";
import { collectChunks, type SweepOptions, type SweepResult } from "./run.ts";

const QUEUE = "tierwise-sweeps";
/** Chunks in the queue or waiting in Redis to be fetched, so that its memory stays small however large the sweep. */
const WINDOW = 64;
/** After a worker is gone its chunk is given to another within some ten seconds. */
const LOCK_MS = 6000;
const STALLED_MS = 3000;
/** A chunk that takes so many workers down with it is given up. */
const MOST_STALLS = 5;
/** How long Redis keeps a sweep that was abandoned. */
const KEEP_S = 24 * 3600;
/** How long workers are told that a sweep has ended. */
const DONE_S = 600;

interface ChunkJob {
  readonly fingerprint: string;
  readonly chunk: number;
}

/** Names of what a sweep keeps in Redis beside its jobs. */
const keysOf = (fingerprint: string) => {
  const key = (name: string) => `tierwise:sweep:${fingerprint}:${name}`;
  return {
    definition: key("definition"),
    /** "done" once the file is written. */
    state: key("state"),
    /** Messages of workers: numbers of chunks whose results are there, or problems. */
    news: key("news"),
    result: (chunk: number) => key(`result:${chunk}`),
  };
};

/**
 * @param url such as redis://host:6379
 * @throws Problem when nothing answers there
 */
async function connect(url: string): Promise<Redis> {
  if (!/^rediss?:\/\//.test(url)) throw new Problem(`--redis ${url}: write an address such as redis://localhost:6379`);
  const redis = new Redis(url, { lazyConnect: true, maxRetriesPerRequest: null, retryStrategy: () => null });
  // Without a listener an error would end the process; connect itself does not say the reason.
  let reason = "";
  redis.on("error", (error: NodeJS.ErrnoException) => {
    reason = error.code ?? error.message;
  });
  try {
    await redis.connect();
  } catch (error) {
    redis.disconnect();
    const { host, port } = redis.options;
    if (/NOAUTH|WRONGPASS/.test(reason))
      throw new Problem(`the Redis at ${host}:${port} wants the right password: redis://:PASSWORD@${host}:${port}`);
    throw new Problem(`no Redis answers at ${host}:${port}: ${reason || (error as Error).message}`);
  }
  // From now on a lost connection is made again.
  redis.options.retryStrategy = (times) => Math.min(times * 200, 5000);
  return redis;
}

/**
 * Runs a sweep by way of a queue in Redis, from which workers anywhere take chunks: {@link serveSweeps}, and this process
 * itself with as many threads as it is given. Results come back through Redis and are written here; one that comes twice,
 * because a worker was thought dead, is written once. An interrupted run is gone on with, here or elsewhere.
 *
 * @throws Problem as runSweep does, and when Redis cannot be reached
 */
export async function runSweepOnQueue(
  definition: SweepDefinition,
  url: string,
  options: SweepOptions,
): Promise<SweepResult> {
  const redis = await connect(url);
  const fingerprint = fingerprintOf(definition);
  const keys = keysOf(fingerprint);
  const queue = new Queue<ChunkJob>(QUEUE, { connection: redis });
  let own: { close(): Promise<void> } | undefined;
  try {
    if (options.threads > 0) own = await startWorker(url, options.threads);
    const result = await collectChunks(definition, options, async (chunks, done) => {
      await redis.set(keys.definition, JSON.stringify(definition), "EX", KEEP_S);
      // What an earlier run left; results that are there are found when their chunks are queued.
      await redis.del(keys.state, keys.news);
      for (const job of await failedJobs(queue, fingerprint)) await job.remove();
      const waiting = new Set<number>();
      const queued = chunks.values();
      const enqueue = async () => {
        while (waiting.size < WINDOW) {
          const next = queued.next();
          if (next.done) return;
          const chunk = next.value;
          waiting.add(chunk);
          // An earlier run's worker may have left it.
          if (await redis.exists(keys.result(chunk))) await redis.rpush(keys.news, String(chunk));
          else await queue.add("chunk", { fingerprint, chunk }, jobOptions(fingerprint, chunk));
        }
      };
      try {
        await enqueue();
        while (waiting.size > 0) {
          const news = await redis.blpop(keys.news, 1);
          if (!news) {
            await throwFailure(queue, fingerprint);
            continue;
          }
          const chunk = Number(news[1]);
          if (Number.isNaN(chunk)) throw new Problem(news[1]);
          const encoded = await fetchResult(redis, keys.result(chunk));
          // News that came twice: the result was taken the first time.
          if (!encoded || !waiting.has(chunk)) continue;
          done(chunk, encoded);
          await redis.del(keys.result(chunk));
          waiting.delete(chunk);
          await enqueue();
        }
      } catch (error) {
        for (const chunk of waiting) await queue.remove(jobId(fingerprint, chunk)).catch(() => 0);
        throw error;
      }
    });
    await redis.set(keys.state, "done", "EX", DONE_S);
    await redis.del(keys.definition, keys.news);
    return result;
  } finally {
    await own?.close();
    await queue.close();
    redis.disconnect();
  }
}

const jobId = (fingerprint: string, chunk: number) => `${fingerprint}-${chunk}`;

/** The id makes a chunk that is queued already stay there once. */
const jobOptions = (fingerprint: string, chunk: number) => ({
  jobId: jobId(fingerprint, chunk),
  attempts: 3,
  removeOnComplete: true,
  removeOnFail: { age: KEEP_S },
});

async function failedJobs(queue: Queue<ChunkJob>, fingerprint: string) {
  return (await queue.getFailed()).filter(({ data }) => data.fingerprint === fingerprint);
}

/** @throws Error of a chunk that was given up */
async function throwFailure(queue: Queue<ChunkJob>, fingerprint: string): Promise<void> {
  const [failed] = await failedJobs(queue, fingerprint);
  if (failed) throw new Error(`chunk ${failed.data.chunk} of the sweep failed on a worker: ${failed.failedReason}`);
}

async function fetchResult(redis: Redis, key: string): Promise<EncodedChunk | undefined> {
  const [bytes, rowGroup, rows] = await redis.hmgetBuffer(key, "bytes", "rowGroup", "rows");
  if (!bytes || !rowGroup || !rows) return undefined;
  return { bytes: new Uint8Array(bytes), rowGroup: rowGroup.toString(), rows: Number(rows.toString()) };
}

export interface ServeOptions {
  readonly threads: number;
  /** Fingerprint of the sweep after whose end to stop; left out: serve every sweep until aborted. */
  readonly until?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Told how many scenarios this worker has computed. */
  readonly onProgress?: ((scenarios: number) => void) | undefined;
}

/**
 * Takes chunks of any sweep from the queue and computes them. It needs no files: a sweep's definition is in Redis.
 *
 * @returns how many scenarios were computed
 * @throws Problem when Redis cannot be reached
 */
export async function serveSweeps(url: string, options: ServeOptions): Promise<number> {
  const { until, signal, threads, onProgress } = options;
  const redis = await connect(url);
  let scenarios = 0;
  const worker = await startWorker(url, threads, (rows) => {
    scenarios += rows;
    onProgress?.(scenarios);
  });
  try {
    while (!signal?.aborted) {
      if (until !== undefined && (await redis.get(keysOf(until).state)) === "done") break;
      await pause(500, signal);
    }
    return scenarios;
  } finally {
    await worker.close();
    redis.disconnect();
  }
}

/** A worker of the queue, whose jobs run on threads of this process. */
async function startWorker(url: string, threads: number, onRows?: (rows: number) => void) {
  const redis = await connect(url);
  const pools = new Map<string, ChunkPool>();
  const poolFor = async (fingerprint: string): Promise<ChunkPool> => {
    const known = pools.get(fingerprint);
    if (known) return known;
    const definition = await redis.get(keysOf(fingerprint).definition);
    if (definition === null) throw new Error("the sweep has ended meanwhile");
    for (const [old, pool] of pools) {
      if (await redis.exists(keysOf(old).definition)) continue;
      pools.delete(old);
      await pool.close();
    }
    // Another job may have opened it meanwhile.
    const pool = pools.get(fingerprint) ?? new ChunkPool(JSON.parse(definition) as SweepDefinition, threads);
    pools.set(fingerprint, pool);
    return pool;
  };
  const worker = new Worker<ChunkJob>(
    QUEUE,
    async ({ data: { fingerprint, chunk } }) => {
      const keys = keysOf(fingerprint);
      const pool = await poolFor(fingerprint);
      try {
        const { bytes, rowGroup, rows } = await pool.run(chunk);
        const result = keys.result(chunk);
        // All or nothing, so that news of a result is never without it.
        await redis
          .multi()
          .hset(result, { bytes: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length), rowGroup, rows })
          .expire(result, KEEP_S)
          .rpush(keys.news, String(chunk))
          .exec();
        onRows?.(rows);
      } catch (error) {
        if (!(error instanceof Problem)) throw error;
        await redis.rpush(keys.news, error.message);
      }
    },
    {
      connection: redis,
      concurrency: threads,
      lockDuration: LOCK_MS,
      stalledInterval: STALLED_MS,
      maxStalledCount: MOST_STALLS,
    },
  );
  // What fails is told by the queue; without a listener it would also end the process.
  worker.on("error", () => {});
  return {
    async close() {
      await worker.close();
      await Promise.all([...pools.values()].map((pool) => pool.close()));
      redis.disconnect();
    },
  };
}

function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(end, milliseconds);
    function end() {
      clearTimeout(timer);
      signal?.removeEventListener("abort", end);
      resolve();
    }
    signal?.addEventListener("abort", end);
  });
}
