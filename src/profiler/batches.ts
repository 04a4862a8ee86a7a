import { isDeepStrictEqual } from "node:util";
import type { Measurement } from "../formats/common.ts";
import { type Cut, extractSegment } from "../onnx/index.ts";
import type { Journal } from "../store/index.ts";
import { isLarge } from "./anchors.ts";
import type { CutPlans, Window } from "./cutplans.ts";
import type { LoadPoint, RequestPoint } from "./fits.ts";
import {
  boundarySamples,
  kernelMeasurement,
  type MeasuredSegment,
  measureSegments,
  peakActivation,
  weightBytes,
  weightsOf,
} from "./measuring.ts";
import type { Subject } from "./planning.ts";
import type { Feeds } from "./runtime.ts";
import type { Runner } from "./sampling.ts";
import { medianInterval } from "./statistics.ts";

/** What the sessions of the windows that are measured together may hold, bytes: a quarter of what a small edge box has. */
const BATCH_BYTES = 1 << 29;

/** Of the whole's time inside kernels, and of its time as JavaScript sees a run; that is not measured of very large models. */
interface Share {
  readonly kernels: number;
  readonly request?: number;
}

/** A finished batch as the journal keeps it. Times are in seconds. */
export interface BatchEntry {
  readonly kind: "batch";
  readonly index: number;
  /** First step and end of each: a batch of other windows is another measurement. */
  readonly windows: readonly (readonly [from: number, to: number])[];
  readonly whole: {
    readonly kernels: number[][];
    readonly bytes: number[];
    readonly sums: number[];
    readonly requests: number[];
    readonly warmUpRuns: number;
  };
  readonly boundary: readonly { readonly index: number; readonly bytes: number; readonly measured: Measurement }[];
  readonly points: readonly (RequestPoint & LoadPoint)[];
  /** Times of the anchors' heads and tails over those of the whole in this batch. */
  readonly anchors: readonly { readonly id: string; readonly head: Share; readonly tail: Share }[];
}

export interface BatchOptions {
  /** Time for repetitions of all batches together, seconds. */
  readonly budgetSeconds: number;
  /** Cuts whose heads and tails are measured beside the windows. */
  readonly anchors: readonly Cut[];
  /** Segments to compare with predictions; with them, all is one batch, whatever it holds. */
  readonly extras: readonly Window[];
  /** Sessions of other models to sample in the same turns. */
  readonly beside: readonly Runner[];
  readonly onProgress: (done: number, total: number) => void;
}

/**
 * Measures the whole model, the anchors' sides and the windows, as many at a time as memory allows, each batch together with the
 * whole. Finished batches go to the journal, and those that it has are not measured again.
 * @returns the batches, and the whole with the extra segments where there are any
 */
export async function measureBatches(
  subject: Subject,
  feeds: Feeds,
  plans: CutPlans,
  windows: readonly Window[],
  options: BatchOptions,
  journal: Pick<Journal<BatchEntry>, "append"> | undefined,
  known: readonly BatchEntry[],
): Promise<{ batches: BatchEntry[]; measured: MeasuredSegment[] }> {
  const { budgetSeconds, extras, beside, onProgress } = options;
  const end = subject.graph.steps.length;
  const groups =
    extras.length > 0 ? [windows] : groupBySize(windows, (window) => heldBytes(subject, window), BATCH_BYTES);
  const batches: BatchEntry[] = [];
  let measured: MeasuredSegment[] = [];
  for (const [index, group] of groups.entries()) {
    const done = finishedBatch(known, index, group);
    if (done) {
      batches.push(done);
      continue;
    }
    // Once is enough for the anchors; what counts is how they compare with the whole beside them.
    const anchors = index > 0 ? [] : options.anchors;
    const tracedOnly = isLarge(weightsOf(subject));
    const sides = anchors.flatMap(({ position }) => [
      { from: 0, to: position, tracedOnly },
      { from: position, to: end, tracedOnly },
    ]);
    const results = await measureSegments(
      subject,
      feeds,
      [{ from: 0, to: end }, ...sides, ...group, ...extras],
      budgetSeconds / groups.length,
      (share) => onProgress(index + share, groups.length),
      beside,
    );
    const whole = results[0]!;
    const anchored = results.slice(1, 1 + sides.length);
    const own = results.slice(1 + sides.length, 1 + sides.length + group.length);
    measured = [whole, ...results.slice(1 + sides.length + group.length)];
    const share = (segment: MeasuredSegment): Share => ({
      kernels: kernelSeconds(segment) / kernelSeconds(whole),
      ...(segment.requests.length > 0 ? { request: requestSeconds(segment) / requestSeconds(whole) } : {}),
    });
    const boundary = new Map<number, { samples: readonly number[]; bytes: number }>();
    for (const segment of own)
      for (const [kernel, found] of boundarySamples(plans, segment))
        if (!boundary.has(kernel)) boundary.set(kernel, found);
    const entry: BatchEntry = {
      kind: "batch",
      index,
      windows: rangesOf(group),
      whole: {
        kernels: whole.kernels.map(({ samples }) => samples.map((seconds) => Math.round(seconds * 1e6) / 1e6)),
        bytes: whole.kernels.map(({ bytes }) => bytes),
        sums: [...whole.kernelSums],
        requests: [...whole.requests],
        warmUpRuns: whole.warmUpRuns,
      },
      boundary: [...boundary].map(([index, { samples, bytes }]) => ({
        index,
        bytes,
        measured: kernelMeasurement(samples),
      })),
      points: [
        ...[whole, ...anchored.filter(({ requests }) => requests.length > 0)].map((segment) => point(segment, false)),
        ...own.map((segment) => point(segment, true)),
      ],
      anchors: anchors.map(({ id }, i) => ({ id, head: share(anchored[2 * i]!), tail: share(anchored[2 * i + 1]!) })),
    };
    journal?.append(entry);
    batches.push(entry);
  }
  return { batches, measured };
}

/**
 * Boundary kernels of all batches, each as long as it would have taken while the whole took its time in all batches: what made the
 * whole slow in one batch made its windows slow, too.
 * @returns index in the plans → bytes and time
 */
export function boundaryMeasurements(
  batches: readonly BatchEntry[],
): Map<number, { readonly bytes: number; readonly measured: Measurement }> {
  const usual = medianInterval(batches.flatMap(({ whole }) => whole.sums)).median_s;
  return new Map(
    batches.flatMap(({ whole, boundary }) => {
      const drift = usual > 0 ? medianInterval(whole.sums).median_s / usual : 1;
      return boundary.map(({ index, bytes, measured: { median_s, low_s, high_s, samples } }) => {
        const measured = { median_s: median_s / drift, low_s: low_s / drift, high_s: high_s / drift, samples };
        return [index, { bytes, measured }] as const;
      });
    }),
  );
}

/** Values in groups of at most so many bytes, in order, at least one in each; one empty group where there are none. */
export function groupBySize<T>(values: readonly T[], bytes: (value: T) => number, most: number): T[][] {
  const groups: T[][] = [[]];
  let held = 0;
  for (const value of values) {
    const size = bytes(value);
    if (held + size > most && groups.at(-1)!.length > 0) {
      groups.push([]);
      held = 0;
    }
    groups.at(-1)!.push(value);
    held += size;
  }
  return groups;
}

/** The batch of that index, if it was of the same windows: how they are grouped may have changed since a journal was begun. */
export function finishedBatch(
  known: readonly BatchEntry[],
  index: number,
  windows: readonly Window[],
): BatchEntry | undefined {
  return known.find((entry) => entry.index === index && isDeepStrictEqual(entry.windows, rangesOf(windows)));
}

function rangesOf(windows: readonly Window[]): [from: number, to: number][] {
  return windows.map(({ from, to }) => [from, to]);
}

/** Roughly what a window's two sessions hold while they live: weights, as they are and as kernels want them, and activations. */
function heldBytes(subject: Subject, { from, to }: Window): number {
  const { initializers, nodes } = extractSegment(subject.graph, from, to, subject.types);
  return 2 * (2 * weightBytes(subject, initializers, nodes) + peakActivation(subject, from, to));
}

function kernelSeconds(segment: MeasuredSegment): number {
  return medianInterval(segment.kernelSums).median_s;
}

function requestSeconds(segment: MeasuredSegment): number {
  return medianInterval(segment.requests).median_s;
}

function point(segment: MeasuredSegment, window: boolean): RequestPoint & LoadPoint {
  return {
    window,
    request_s: requestSeconds(segment),
    kernels_s: kernelSeconds(segment),
    kernels: segment.kernels.length,
    outputBytes: segment.outputBytes,
    load_s: segment.load_s,
    weightBytes: segment.weightBytes,
  };
}
