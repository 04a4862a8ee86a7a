import fs from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { median } from "simple-statistics";
import type { Measure } from "../formats/measure.ts";
import { Problem } from "../formats/problem.ts";
import { recordOf } from "../formats/runs.ts";
import type { Topology } from "../formats/topology.ts";
import { medianInterval, relativeInterval } from "../profiler/index.ts";
import { RandomStream } from "../random/index.ts";
import { RunLog } from "../store/index.ts";
import type { Testbed } from "./bed.ts";
import { type Cell, columnsOf, keyOf, type RunOfCell, roundOf, rowOf } from "./cells.ts";
import { leastDisturbed } from "./disturbed.ts";
import { Driver, type TierHost } from "./driver.ts";
import { isLeftover, ownerName } from "./owner.ts";
import { poissonTimes } from "./poisson.ts";
import type { ProcessorTime } from "./processors.ts";
import type { Plan } from "./protocol.ts";
import { Refusal } from "./refusal.ts";
import { now, pause } from "./waiting.ts";

export interface MeasureOptions {
  /** The table. What it holds already is not measured again. */
  readonly file: string;
  readonly cells: readonly Cell[];
  readonly measure: Measure;
  readonly topology: Topology;
  readonly bed: Testbed;
  /** Measure again what failed before. */
  readonly retryFailed: boolean;
  readonly onProgress: (done: number, total: number) => void;
}

/** Rows of the table. */
export interface Measured {
  /** Measured now, failed ones included. */
  readonly runs: number;
  readonly failed: number;
  /** Found there. */
  readonly skipped: number;
  /** Repeats that any cell has; more than each has where some were gone on with. */
  readonly most_repeats: number;
  /** What the tiers run on, as far as they were reached now. */
  readonly hosts: Readonly<Record<string, TierHost>>;
}

type Row = Readonly<Record<string, string>>;

/**
 * Runs every cell once for each repeat, in an order of its own for each repeat, so that a drift of the machine hits all
 * cells alike; then those again whose medians are not known well enough, where that is asked for. Each run is on the disk before the next begins. A request that fails is a row, too.
 *
 * @throws Problem when the table cannot be written or is another one, or a tier cannot be reached or lacks a model
 */
export async function measure(options: MeasureOptions): Promise<Measured> {
  const { file, cells, topology, bed, onProgress } = options;
  const { repeats, until, requests, seed, timeout } = options.measure;
  const unlock = lock(file);
  const driver = new Driver(bed, timeout);
  try {
    const expected = (cell: Cell) => (cell.rate === undefined ? 1 : requests);
    const wanted = new Map(cells.map((cell) => [cell.key, expected(cell)]));
    const done = new Set<string>();
    const keep = (rows: readonly Row[]) => finished(rows, wanted, options.retryFailed, done);
    const { log, rows } = RunLog.open(file, columnsOf(cells, topology), keep);
    const counts = { runs: 0, failed: 0, skipped: rows.length, most_repeats: repeats, hosts: driver.hosts };
    try {
      await checkTiers(driver, cells);
      let total = cells.length * repeats;
      const latencies = new Latencies(rows);
      let progress = 0;
      for (let repeat = 0; repeat < Math.max(repeats, until?.repeats ?? 0); repeat++) {
        const round = roundOf(cells, seed, repeat).filter(
          ({ key }) => repeat < repeats || !latencies.areKnownTo(until!.precision, key),
        );
        if (round.length === 0) break;
        counts.most_repeats = Math.max(repeats, repeat + 1);
        if (repeat >= repeats) total += round.length;
        for (const cell of round) {
          onProgress(progress++, total);
          if (done.has(runKey(cell.key, repeat))) continue;
          const measured = await runCell(cell, repeat, driver, options);
          const records = measured.map((run) => recordOf(rowOf(cell, run)));
          log.append(records);
          latencies.add(records);
          counts.runs += measured.length;
          counts.failed += measured.filter(({ error }) => error !== undefined).length;
        }
      }
      onProgress(total, total);
      return counts;
    } finally {
      log.close();
    }
  } finally {
    await driver.close();
    unlock();
  }
}

/** What the runs of each cell took. */
class Latencies {
  readonly #runs = new Map<string, Map<string, number[]>>();

  constructor(rows: readonly Row[]) {
    this.add(rows);
  }

  /** @param rows failed ones do not count */
  add(rows: readonly Row[]): void {
    for (const row of rows) {
      if (!row.latency_s) continue;
      const key = keyOf(row);
      const runs = this.#runs.get(key) ?? new Map<string, number[]>();
      this.#runs.set(key, runs);
      const repeat = row.repeat ?? "";
      runs.set(repeat, [...(runs.get(repeat) ?? []), Number(row.latency_s)]);
    }
  }

  /** Whether the median of a cell's runs, of a stream's runs their medians, is known to this share of it. */
  areKnownTo(precision: number, cell: string): boolean {
    const runs = [...(this.#runs.get(cell)?.values() ?? [])].map((latencies) => median(latencies));
    return runs.length > 0 && relativeInterval(medianInterval(runs)) <= precision;
  }
}

function runKey(cell: string, repeat: number | string): string {
  return `${repeat} ${cell}`;
}

/** The rows of runs that are whole, and whose cells and repeats go into `done`. */
function finished(
  rows: readonly Row[],
  wanted: ReadonlyMap<string, number>,
  retryFailed: boolean,
  done: Set<string>,
): readonly Row[] {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const key = runKey(keyOf(row), row.repeat ?? "");
    const group = groups.get(key);
    if (group) group.push(row);
    else groups.set(key, [row]);
  }
  const dropped = new Set<Row>();
  for (const [key, group] of groups) {
    const count = wanted.get(key.slice(key.indexOf(" ") + 1));
    // Rows of cells that are not asked for stay as they are.
    if (count === undefined) continue;
    const broken = group.length < count || (retryFailed && group.some(({ error }) => error));
    if (broken) for (const row of group) dropped.add(row);
    else done.add(key);
  }
  return rows.filter((row) => !dropped.has(row));
}

/** Every tier has every model that it will need: said before the first run, not after the last. */
async function checkTiers(driver: Driver, cells: readonly Cell[]): Promise<void> {
  const checked = new Set<string>();
  for (const { model, visits } of cells)
    for (const { tier, part } of visits) {
      const key = `${tier} ${model.path} ${JSON.stringify(model.shapes)}`;
      if (!part || checked.has(key)) continue;
      checked.add(key);
      try {
        await driver.check(tier, model);
      } catch (error) {
        throw error instanceof Refusal ? new Problem(error.message) : error;
      }
    }
}

/** Multiples of it, modulo 1, fill the unit interval more evenly than those of any other number (Weyl; Kronecker sequences). */
const GOLDEN = (Math.sqrt(5) - 1) / 2;

async function runCell(
  cell: Cell,
  repeat: number,
  driver: Driver,
  { bed, measure, topology }: MeasureOptions,
): Promise<readonly RunOfCell[]> {
  const ofCell = new RandomStream(measure.seed).split(cell.key);
  const count = cell.rate === undefined ? 1 : measure.requests;
  try {
    await driver.heal();
    await bed.open();
    const plan = await driver.prepare(cell);
    for (let left = warmupsOf(cell, measure, driver); left > 0; left--) await driver.request(plan);
    bed.limit(cell);
    await bed.shape(cell);
    // A quota's periods begin when it is set; a cell's repeats come at moments that are spread over one.
    const periods = topology.tiers.filter(({ name }) => cell.tiers[name]?.cpus).map((tier) => tier.cpu_period_s);
    await pause(((ofCell.uniform() + repeat * GOLDEN) % 1) * Math.max(0, ...periods));
    if (cell.rate === undefined) return [await closedRun(driver, plan, repeat)];
    const stream = () => openRun(driver, plan, repeat, poissonTimes(count, cell.rate!, ofCell.split(repeat)));
    return await leastDisturbed(() => timed(driver, cell, stream), measure.stolen_at_most);
  } catch (error) {
    // Whatever kept the cell from being measured is what there is to say about it.
    return Array.from({ length: count }, (_, request) => failure(request, repeat, error));
  }
}

/** A stream's rows with the processor time that its tiers had meanwhile, a request. */
async function timed(driver: Driver, cell: Cell, stream: () => Promise<RunOfCell[]>): Promise<RunOfCell[]> {
  const tiers = cell.visits.map(({ tier }) => tier);
  const before = await driver.processorTimes(tiers);
  const runs = await stream();
  const after = await driver.processorTimes(tiers);
  const perRequest = (kind: keyof ProcessorTime) =>
    Object.fromEntries(
      tiers.flatMap((tier) => {
        const [from, to] = [before[tier]![kind], after[tier]![kind]];
        return from === null || to === null ? [] : [[tier, (to - from) / runs.length]];
      }),
    );
  const times = { processor_s: perRequest("processor_s"), stolen_s: perRequest("stolen_s") };
  return runs.map((run) => ({ ...run, ...times }));
}

/** Requests before a code path of an agent is compiled as it stays. */
const PRACTICE = 3;

/**
 * Requests that are not recorded. Where each request loads its sessions there is nothing to warm, but for the agents'
 * own code, which a codec's first messages find uncompiled.
 */
function warmupsOf({ session, codec }: Cell, { warmups }: Measure, driver: Driver): number {
  return session === "warm" ? warmups : warmups > 0 ? Math.max(0, PRACTICE - driver.practised(codec)) : 0;
}

/** One request at a time: its latency is what the entering tier took from having the input to having the answer. */
async function closedRun(driver: Driver, plan: Plan, repeat: number): Promise<RunOfCell> {
  try {
    const { residence_s, stages, bytes } = await driver.request(plan);
    return { request: 0, repeat, latency_s: residence_s, stages, bytes };
  } catch (error) {
    return failure(0, repeat, error);
  }
}

/**
 * Requests at these moments, whatever became of earlier ones. Timers are a millisecond late, and waiting for the very
 * moment would keep a processor from the tiers: a request's latency counts from when it was sent, and that is its row's `sent_s`.
 */
async function openRun(driver: Driver, plan: Plan, repeat: number, times: readonly number[]): Promise<RunOfCell[]> {
  const began = now();
  const runs = times.map(async (at, request): Promise<RunOfCell> => {
    await sleep((began + at - now()) * 1000);
    const sent = now();
    const row = { request, repeat, sent_s: sent - began };
    try {
      const { stages, bytes } = await driver.request(plan);
      return { ...row, latency_s: now() - sent, stages, bytes };
    } catch (error) {
      return { ...row, ...failure(request, repeat, error) };
    }
  });
  return Promise.all(runs);
}

function failure(request: number, repeat: number, error: unknown): RunOfCell {
  const text = error instanceof Refusal ? `${error.status} ${error.message}` : (error as Error).message;
  return { request, repeat, latency_s: null, error: text.replace(/\s+/g, " ") || "failed" };
}

/** One measurement writes a table at a time. @returns gives it free @throws Problem when another one is at it */
function lock(file: string): () => void {
  const name = path.join(path.dirname(path.resolve(file)), `.${path.basename(file)}.lock`);
  fs.mkdirSync(path.dirname(name), { recursive: true });
  for (;;) {
    try {
      fs.writeFileSync(name, ownerName(), { flag: "wx" });
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST")
        throw new Problem(`cannot write beside ${file}: ${(error as NodeJS.ErrnoException).code}.`);
      if (!isLeftover(fs.readFileSync(name, "utf8")))
        throw new Problem(
          `${file} is being written by another \`tierwise measure\`: wait for it, or choose another file.`,
        );
      fs.rmSync(name, { force: true });
    }
  }
  const release = () => fs.rmSync(name, { force: true });
  process.once("exit", release);
  return () => {
    process.off("exit", release);
    release();
  };
}
