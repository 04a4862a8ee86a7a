import { setTimeout } from "node:timers/promises";
import { free } from "./allocator.ts";
import { type Feeds, type Session, SPIN_S } from "./runtime.ts";
import { medianInterval, relativeInterval, warmUpLength } from "./statistics.ts";
import { readTrace, type TraceCost } from "./trace.ts";

/** The relative half width of the median's interval at which a runner needs no more repetitions. */
export const PRECISION = 0.02;
/** A turn lasts at least this long, so that short models run often enough between two changes of session. */
const TURN_S = 0.03;
const LEAST_RUNS_PER_TURN = 2;
const MOST_RUNS_PER_TURN = 60;
const LEAST_SAMPLES = 12;
const MOST_SAMPLES = 1500;
/** A turn that got less than this share of the processor time that it could use was shared with other processes. */
const UNDISTURBED = 0.9;
/** After a turn of several threads: until they have gone to sleep. */
const SETTLING_S = 2 * SPIN_S;
/** So often is a turn taken that other processes disturb. */
const MOST_ATTEMPTS = 3;

/** Samples of one session, in seconds, runs in order: without warm-up, each turn's first run, and disturbed turns. */
export interface Samples {
  readonly kernels: ReadonlyMap<string, readonly number[]>;
  /** Empty for sessions that are not traced. */
  readonly executor: readonly number[];
  readonly request: readonly number[];
  readonly bytes: ReadonlyMap<string, number>;
  readonly ops: ReadonlyMap<string, string>;
  readonly warmUpRuns: number;
}

/** A session being sampled. */
export class Runner {
  readonly #session: Session;
  readonly #feeds: Feeds;
  readonly #plan: { readonly kernels: readonly { readonly name: string }[]; readonly traceCost: TraceCost } | undefined;
  readonly #request: number[] = [];
  /** Whether a run was the first of its turn: its caches are cold from the sessions run before it. */
  readonly #first: boolean[] = [];
  /** Processors that this process had during the run's turn: 1 when one was its own all the time. */
  readonly #processors: number[] = [];
  /** Of the best turn. */
  #mostProcessors = 0;
  readonly #threads: number;

  /**
   * @param plan what a traced session executes, and what tracing adds to each kernel; left out when not traced
   * @param threads that the session computes with
   */
  constructor(
    session: Session,
    feeds: Feeds,
    plan?: { kernels: readonly { readonly name: string }[]; traceCost: TraceCost },
    threads = 1,
  ) {
    this.#session = session;
    this.#feeds = feeds;
    this.#plan = plan;
    this.#threads = threads;
  }

  /** Runs a few times in a row; again, when other processes took the processors meanwhile. */
  async turn(): Promise<void> {
    for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
      const processors = await this.#runs();
      if (processors >= this.#undisturbed()) break;
    }
    if (this.#threads > 1) await setTimeout(SETTLING_S * 1000);
  }

  async #runs(): Promise<number> {
    const before = process.cpuUsage();
    const began = performance.now();
    const until = began + TURN_S * 1000;
    let run = 0;
    for (; run < LEAST_RUNS_PER_TURN || (run < MOST_RUNS_PER_TURN && performance.now() < until); run++) {
      const start = performance.now();
      const outputs = await this.#session.run(this.#feeds);
      this.#request.push((performance.now() - start) / 1000);
      free(outputs);
      this.#first.push(run === 0);
    }
    const { user, system } = process.cpuUsage(before);
    const processors = (user + system) / 1000 / (performance.now() - began);
    for (let made = 0; made < run; made++) this.#processors.push(processors);
    this.#mostProcessors = Math.max(this.#mostProcessors, processors);
    return processors;
  }

  /** How many processors an undisturbed turn has: nearly all threads', or nearly what the best turn had if that is less. */
  #undisturbed(): number {
    return UNDISTURBED * Math.min(this.#threads, this.#mostProcessors);
  }

  /** The runs that count, warm-up included. */
  #kept(): number[] {
    const least = this.#undisturbed();
    return this.#request.flatMap((_, run) => (this.#first[run] || this.#processors[run]! < least ? [] : [run]));
  }

  /** Whether the median is known to ±2 %, or so many runs were made that more would not help. */
  get converged(): boolean {
    const kept = this.#kept().map((run) => this.#request[run]!);
    const warm = kept.slice(warmUpLength(kept));
    if (warm.length >= MOST_SAMPLES) return true;
    return warm.length >= LEAST_SAMPLES && relativeInterval(medianInterval(warm)) <= PRECISION;
  }

  /** Ends the session. */
  async finish(): Promise<Samples> {
    const kept = this.#kept();
    const warmUp = warmUpLength(kept.map((run) => this.#request[run]!));
    const runs = kept.slice(warmUp);
    const pick = (values: readonly number[]) => runs.map((run) => values[run]!);
    const names = this.#plan?.kernels.map((kernel) => kernel.name);
    const traced = names && readTrace(this.#session.endTrace(), names, this.#plan!.traceCost);
    await this.#session.release();
    return {
      kernels: new Map([...(traced?.kernels ?? [])].map(([name, values]) => [name, pick(values)])),
      executor: traced ? pick(traced.executor) : [],
      request: pick(this.#request),
      bytes: traced?.bytes ?? new Map(),
      ops: traced?.ops ?? new Map(),
      warmUpRuns: kept[warmUp] ?? 0,
    };
  }
}

/**
 * Samples sessions turn by turn, so that a drift of the machine hits all alike, until every median is known to ±2 % or
 * the budget is spent. None drops out earlier: samples of different minutes would not compare. Every session gets at
 * least three turns.
 * @param runners in the order of their turns; one that is named several times has as many turns in each round
 * @param budgetSeconds for all runners together
 * @param onProgress called after each round with the share of the budget spent, 0 to 1
 */
export async function sampleInterleaved(
  runners: readonly Runner[],
  budgetSeconds: number,
  onProgress: (share: number) => void = () => {},
): Promise<void> {
  const start = performance.now();
  for (let round = 0; ; round++) {
    if (round >= 3 && runners.every((runner) => runner.converged)) break;
    for (const runner of runners) await runner.turn();
    const spent = (performance.now() - start) / 1000;
    onProgress(Math.min(1, spent / budgetSeconds));
    if (round >= 2 && spent >= budgetSeconds) break;
  }
  onProgress(1);
}
