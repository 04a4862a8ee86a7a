import { Problem } from "../formats/problem.ts";
import type { Profile, ProfileSegment } from "../formats/profile.ts";
import { travelling } from "./messages.ts";

/** Which of a kernel's three figures to add up. Added up, bounds mean that all kernels drift together. */
export const STATISTICS = ["median_s", "low_s", "high_s"] as const;
export type Statistic = 0 | 1 | 2;
export const MEDIAN = 0;
export const LOW = 1;
export const HIGH = 2;

/** What predictions ask of a model between two of its boundaries a < b, on the profiled host. */
export interface Segments {
  kernels(a: number, b: number): number;
  /** Seconds of one run, as the caller of the runtime sees it: kernels and what is around them. */
  inferSeconds(a: number, b: number, statistic: Statistic): number;
  /** Seconds in which the segment's inference session is created, file cache warm. */
  loadSeconds(a: number, b: number): number;
  /** Bytes of memory that the segment occupies. */
  memoryBytes(a: number, b: number): number;
  /** Parts that inference (median) and loading are never below, where there are some: tight but where fusions bite. */
  readonly inferParts?: SegmentParts;
  readonly loadParts?: SegmentParts;
}

/** What a segment between a and b takes is at least start[a] + end[b]. */
export interface SegmentParts {
  readonly start: Float64Array;
  readonly end: Float64Array;
}

/** Figures of everything before and everything after each boundary; index 0 is the model's start, the last its end. */
interface Sides {
  readonly before: Float64Array;
  readonly after: Float64Array;
}

/**
 * The sums that every prediction needs, taken once per profile. Boundaries are numbered: 0 is the model's inputs, 1 to n
 * are the cuts by position, n + 1 is the model's outputs. A segment lies between two boundaries a < b.
 *
 * The figure of a segment between two cuts is before(b) + after(a) − whole: kernels before a and kernels after b are in
 * the whole and in one of the sides and fall out; the segment's own are in all three and count once; the boundary
 * kernels of each cut are in one side only and count once, as they should, because the segment has both boundaries.
 * Where fusions make the difference negative it is 0.
 */
export class SegmentTable implements Segments {
  readonly boundaries: number;
  readonly #kernelSeconds: readonly Sides[];
  readonly #kernels: Sides;
  readonly #weightBytes: Sides;
  readonly #activationBytes: Sides;
  readonly #outputBytes: Float64Array;
  readonly #residentFactor: number;
  readonly #run: Profile["run"];
  readonly #session: Profile["session"];
  readonly inferParts: SegmentParts;
  readonly loadParts: SegmentParts;

  /**
   * @param cuts ids of the profile's cuts to tabulate, by position
   * @throws Problem when a segment lists kernels that the profile has not
   */
  constructor(profile: Profile, cuts: readonly Profile["cuts"][number][]) {
    this.boundaries = cuts.length + 2;
    this.#run = profile.run;
    this.#session = profile.session;

    const sides = (whole: number, of: (segment: ProfileSegment) => number): Sides => ({
      before: Float64Array.of(0, ...cuts.map((cut) => of(cut.head)), whole),
      after: Float64Array.of(whole, ...cuts.map((cut) => of(cut.tail)), 0),
    });
    const ranges = new Map<ProfileSegment, readonly Range[]>();
    for (const { id, head, tail } of cuts) {
      for (const segment of [head, tail]) ranges.set(segment, parseRanges(segment.kernels, profile, id));
    }
    this.#kernelSeconds = STATISTICS.map((statistic) => {
      const sums = prefixSums(profile.kernels.map((kernel) => kernel[statistic] * profile.run.skew));
      const sum = (segment: ProfileSegment) =>
        ranges.get(segment)!.reduce((total, [first, last]) => total + (sums[last + 1]! - sums[first]!), 0);
      return sides(sums[profile.whole_kernels]!, sum);
    });
    this.#kernels = sides(profile.whole_kernels, (segment) =>
      ranges.get(segment)!.reduce((total, [first, last]) => total + last + 1 - first, 0),
    );

    const { weight_bytes: weights, outputs } = profile.model;
    const { peak_bytes, factor } = memoryOf(profile);
    this.#weightBytes = sides(weights, (segment) => segment.weight_bytes);
    this.#activationBytes = sides(peak_bytes, (segment) => segment.peak_activation_bytes);
    this.#residentFactor = factor;

    const made = (tensors: readonly number[]) => bytesMade(profile, tensors);
    this.#outputBytes = Float64Array.of(0, ...cuts.map(({ tensors }) => made(tensors)), made(outputs));

    for (const side of ["head", "tail"] as const) this.#correct(profile, side);
    const { request_base_s, request_per_kernel_s, request_per_byte_s } = profile.run;
    this.inferParts = partsOf(
      request_base_s,
      [
        [1, this.#kernelSeconds[MEDIAN]!],
        [request_per_kernel_s, this.#kernels],
      ],
      this.#outputBytes.map((bytes) => request_per_byte_s * bytes),
    );
    const { base_s, per_kernel_s, per_weight_byte_s } = profile.session;
    this.loadParts = partsOf(base_s, [
      [per_kernel_s, this.#kernels],
      [per_weight_byte_s, this.#weightBytes],
    ]);
  }

  /**
   * Adds to each side of each cut what the anchors' sides took beyond the sum of their kernels, or, where their runs were timed as
   * JavaScript sees them, beyond that and what a run adds; interpolated over the sum of kernels. (It is mostly below zero: in a
   * short segment caches keep what the rest of the model would drive out.) The whole model, and a segment of nothing, need
   * no correction.
   */
  #correct(profile: Profile, side: "head" | "tail"): void {
    const anchors = profile.anchors ?? [];
    if (anchors.length === 0) return;
    const which = side === "head" ? "before" : "after";
    const cuts = travelling(profile);
    const sums = prefixSums(profile.kernels.map(({ median_s }) => median_s * profile.run.skew));
    const whole = sums[profile.whole_kernels]!;
    const { request_base_s, request_per_kernel_s, request_per_byte_s } = profile.run;
    const points = anchors.flatMap((anchor) => {
      const cut = cuts.find(({ id }) => id === anchor.cut);
      if (!cut) return [];
      const kernels = parseRanges(cut[side].kernels, profile, cut.id);
      const summed = kernels.reduce((total, [first, last]) => total + (sums[last + 1]! - sums[first]!), 0);
      const request_s = anchor[`${side}_request_s`];
      if (request_s === undefined) return [{ summed, excess: anchor[`${side}_s`] - summed }];
      const count = kernels.reduce((total, [first, last]) => total + last + 1 - first, 0);
      const bytes = side === "head" ? bytesMade(profile, cut.tensors) : bytesMade(profile, profile.model.outputs);
      const added = request_base_s + request_per_kernel_s * count + request_per_byte_s * bytes;
      return [{ summed, excess: request_s - added - summed }];
    });
    const curve = [{ summed: 0, excess: 0 }, ...points, { summed: whole, excess: 0 }].sort(
      (a, b) => a.summed - b.summed,
    );
    const corrections = this.#kernelSeconds[MEDIAN]![which].map((value) => interpolate(curve, value));
    for (const table of this.#kernelSeconds) {
      const values = table[which];
      for (let i = 0; i < values.length; i++) {
        // A correction that leaves less than a quarter would be no correction.
        values[i] = Math.max(values[i]! / 4, values[i]! + corrections[i]!);
      }
    }
  }

  kernels(a: number, b: number): number {
    return this.#between(this.#kernels, a, b);
  }

  inferSeconds(a: number, b: number, statistic: Statistic): number {
    const { request_base_s, request_per_kernel_s, request_per_byte_s } = this.#run;
    return (
      this.#between(this.#kernelSeconds[statistic]!, a, b) +
      request_base_s +
      request_per_kernel_s * this.kernels(a, b) +
      request_per_byte_s * this.#outputBytes[b]!
    );
  }

  loadSeconds(a: number, b: number): number {
    const { base_s, per_kernel_s, per_weight_byte_s } = this.#session;
    return base_s + per_kernel_s * this.kernels(a, b) + per_weight_byte_s * this.#between(this.#weightBytes, a, b);
  }

  /**
   * The segment's weights and its peak activations, times the factor by which the
   * memory measured for the whole model exceeds the whole model's. The runtime's own copies of weights (packed for its
   * kernels) and its allocator's slack are in that factor. Where activations of a segment between two cuts peak is not
   * known; the lower of both sides' peaks bounds it.
   */
  memoryBytes(a: number, b: number): number {
    const { before, after } = this.#activationBytes;
    const activations = Math.min(a === 0 ? Number.POSITIVE_INFINITY : after[a]!, before[b]!);
    return (this.#between(this.#weightBytes, a, b) + activations) * this.#residentFactor;
  }

  #between({ before, after }: Sides, a: number, b: number): number {
    if (a === 0) return before[b]!;
    if (b === this.boundaries - 1) return after[a]!;
    return Math.max(0, before[b]! + after[a]! - after[0]!);
  }
}

/** Bytes of tensors that a head makes: a model input that crosses its cut passes it by. */
function bytesMade({ model, tensors }: Profile, indices: readonly number[]): number {
  return indices.reduce((sum, index) => sum + (model.inputs.includes(index) ? 0 : tensors[index]!.bytes), 0);
}

/** A segment's figure is before(b) + after(a) − whole, or 0 where that is negative: its parts are those of the sum. */
function partsOf(
  base: number,
  sums: readonly (readonly [factor: number, sides: Sides])[],
  atEnd?: Float64Array,
): SegmentParts {
  const [, { after }] = sums[0]!;
  const total = (of: (sides: Sides) => number) => sums.reduce((sum, [factor, sides]) => sum + factor * of(sides), 0);
  return {
    start: Float64Array.from(after, (_, a) => total((sides) => sides.after[a]! - sides.after[0]!)),
    end: Float64Array.from(after, (_, b) => base + (atEnd?.[b] ?? 0) + total(({ before }) => before[b]!)),
  };
}

/** Peak activations of the whole model in bytes, and the memory measured for it over what these and its weights come to. */
export function memoryOf({ cuts, model, session }: Profile): { readonly peak_bytes: number; readonly factor: number } {
  // The whole model's peak is not in the profile; a head's or a tail's peak reaches it, whichever holds the moment.
  const peaks = cuts.flatMap(({ head, tail }) => [head.peak_activation_bytes, tail.peak_activation_bytes]);
  const peak_bytes = Math.max(0, ...peaks);
  const accounted = model.weight_bytes + peak_bytes;
  return { peak_bytes, factor: accounted > 0 ? Math.max(1, session.resident_bytes / accounted) : 1 };
}

/** The excess at a sum, linear between the points; that of the nearest end beyond them. */
function interpolate(points: readonly { readonly summed: number; readonly excess: number }[], at: number): number {
  const after = points.findIndex(({ summed }) => summed >= at);
  if (after <= 0) return points[after === 0 ? 0 : points.length - 1]!.excess;
  const [a, b] = [points[after - 1]!, points[after]!];
  const share = b.summed > a.summed ? (at - a.summed) / (b.summed - a.summed) : 1;
  return a.excess + share * (b.excess - a.excess);
}

type Range = readonly [first: number, last: number];

function parseRanges(text: string, profile: Profile, cut: string): readonly Range[] {
  if (text === "") return [];
  return text.split(",").map((range) => {
    const [first = 0, last = first] = range.split("-").map(Number);
    if (last >= first && last < profile.kernels.length) return [first, last];
    throw new Problem(
      `profile of ${profile.model.name}: cut "${cut}" lists the kernels ${range}, but there are ` +
        `${profile.kernels.length}; take the profile again`,
    );
  });
}

/** sums[i] is the sum of the first i values. */
function prefixSums(values: readonly number[]): Float64Array {
  const sums = new Float64Array(values.length + 1);
  for (const [i, value] of values.entries()) sums[i + 1] = sums[i]! + value;
  return sums;
}
