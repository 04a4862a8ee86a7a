import jStat from "jstat";
import { BINS, countInto, quantileOf } from "./histogram.ts";

/** A figure with its confidence interval. */
export interface Estimate {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** What a run says of a quantity that each request has one value of. */
export interface Summary {
  /** Requests that count, and those before them that were taken for warm-up. */
  readonly counted: number;
  readonly warmup: number;
  /** Whether a warm-up was found that ends in the run's first half: else the run never settled. */
  readonly settled: boolean;
  readonly min: number;
  readonly max: number;
  readonly mean: Estimate;
  readonly quantile: (p: number) => Estimate;
}

/** Observations in the smallest batch: MSER-5 has its name from this. */
const BATCH = 5;
const BATCHES = 1024;
const BATCHES_A_SECTION = 16;
const SECTIONS = BATCHES / BATCHES_A_SECTION;

/**
 * Statistics of a stream of any length in constant memory. The stream is divided into at most 1,024 batches of equal
 * size, which double whenever they run out, and into sections of 16 batches. A batch has its mean, a section its
 * histogram.
 *
 * - Warm-up: the truncation that minimises the standard error of what is left, over batch means (MSER-5; White, An
 *   effective truncation heuristic for bias reduction in simulation output, 1997), rounded up to a whole section.
 * - Intervals: Student's t over sections after the warm-up, around the estimate from all of them together (sectioning;
 *   Asmussen and Glynn, Stochastic Simulation, 2007, III.5). Neighbouring sections are joined until there are at most
 *   32, and until each is long enough for the quantile.
 */
export class Tally {
  #batchSize = BATCH;
  readonly #batchMeans = new Float64Array(BATCHES);
  #batches = 0;
  /** Of the batch that is being filled. */
  #inBatch = 0;
  #batchSum = 0;
  /** Of the batches before. */
  #sum = 0;
  #count = 0;
  #min = Number.POSITIVE_INFINITY;
  #max = Number.NEGATIVE_INFINITY;
  /** Section by section; the last may be unfinished. */
  #counts = new Uint32Array(BINS * 8);

  get count(): number {
    return this.#count;
  }

  /** Mean of everything, warm-up included. */
  get overallMean(): number {
    return this.#count === 0 ? 0 : (this.#sum + this.#batchSum) / this.#count;
  }

  /** @param values in the order of completion; the first `n` count */
  add(values: Float64Array, n: number): void {
    let from = 0;
    while (from < n) {
      const to = Math.min(n, from + this.#batchSize - this.#inBatch);
      // One after the other, so that it does not matter in which portions they come.
      let sum = this.#batchSum;
      let min = this.#min;
      let max = this.#max;
      for (let i = from; i < to; i++) {
        const value = values[i]!;
        sum += value;
        if (value < min) min = value;
        if (value > max) max = value;
      }
      this.#min = min;
      this.#max = max;
      countInto(this.#counts, this.#section() * BINS, values, from, to);
      this.#batchSum = sum;
      this.#inBatch += to - from;
      this.#count += to - from;
      from = to;
      if (this.#inBatch === this.#batchSize) this.#closeBatch();
    }
  }

  /** The section that the open batch lies in; makes room for it. */
  #section(): number {
    const section = (this.#batches / BATCHES_A_SECTION) | 0;
    if ((section + 1) * BINS > this.#counts.length) {
      const larger = new Uint32Array(Math.min(SECTIONS, 2 * (section + 1)) * BINS);
      larger.set(this.#counts);
      this.#counts = larger;
    }
    return section;
  }

  #closeBatch(): void {
    this.#batchMeans[this.#batches++] = this.#batchSum / this.#batchSize;
    this.#sum += this.#batchSum;
    this.#batchSum = 0;
    this.#inBatch = 0;
    if (this.#batches < BATCHES) return;
    const means = this.#batchMeans;
    for (let i = 0; i < BATCHES / 2; i++) means[i] = (means[2 * i]! + means[2 * i + 1]!) / 2;
    this.#batches = BATCHES / 2;
    this.#batchSize *= 2;
    const counts = this.#counts;
    for (let section = 0; section < SECTIONS / 2; section++) {
      const [into, first, second] = [section * BINS, 2 * section * BINS, (2 * section + 1) * BINS];
      for (let bin = 0; bin < BINS; bin++) counts[into + bin] = counts[first + bin]! + counts[second + bin]!;
    }
    counts.fill(0, (SECTIONS / 2) * BINS);
  }

  /** @param confidence of the intervals, between 0 and 1 */
  summary(confidence = 0.95): Summary {
    const means = this.#batchMeans;
    const truncation = mser(means, this.#batches);
    const first = Math.ceil(truncation / BATCHES_A_SECTION);
    const whole = Math.floor(this.#batches / BATCHES_A_SECTION);
    // A run of less than a few sections has no warm-up that could be told from it.
    const skipped = whole - first >= 4 ? first : 0;
    const settled = this.#batches < 8 || truncation < Math.floor(this.#batches / 2);
    const size = this.#batchSize * BATCHES_A_SECTION;
    const warmup = skipped * size;
    const counted = this.#count - warmup;

    const pooled = this.#joined(skipped, this.#counts.length / BINS);
    let skippedSum = 0;
    for (let i = 0; i < skipped * BATCHES_A_SECTION; i++) skippedSum += means[i]! * this.#batchSize;
    const { min, max } = { min: this.#min, max: this.#max };

    const estimate = (value: number, observationsNeeded: number, ofGroup: (from: number, to: number) => number) => {
      const sections = whole - skipped;
      const join = Math.max(1, Math.ceil(sections / 32), Math.ceil(observationsNeeded / size));
      const groups = Math.floor(sections / join);
      if (max === min) return { value, low: value, high: value };
      // Too short to say more than what was seen.
      if (groups < 5) return { value, low: min, high: max };
      let squares = 0;
      for (let group = 0; group < groups; group++) {
        const from = whole - (groups - group) * join;
        squares += (ofGroup(from, from + join) - value) ** 2;
      }
      const t = jStat.studentt.inv((1 + confidence) / 2, groups - 1);
      const half = t * Math.sqrt(squares / (groups - 1) / groups);
      return { value, low: value - half, high: value + half };
    };

    return {
      counted,
      warmup,
      settled,
      min,
      max,
      mean: estimate(counted > 0 ? (this.#sum + this.#batchSum - skippedSum) / counted : 0, 0, (from, to) => {
        let sum = 0;
        for (let i = from * BATCHES_A_SECTION; i < to * BATCHES_A_SECTION; i++) sum += means[i]!;
        return sum / ((to - from) * BATCHES_A_SECTION);
      }),
      quantile: (p) =>
        estimate(quantileOf(pooled, p, min, max), 20 / Math.min(p, 1 - p), (from, to) =>
          quantileOf(this.#joined(from, to), p, min, max),
        ),
    };
  }

  /** The histogram of some sections together. */
  #joined(from: number, to: number): Float64Array {
    const counts = this.#counts;
    const joined = new Float64Array(BINS);
    for (let at = from * BINS; at < to * BINS; at += BINS) {
      for (let bin = 0; bin < BINS; bin++) joined[bin]! += counts[at + bin]!;
    }
    return joined;
  }
}

/** How many batches to drop so that the standard error of the others' mean is least; at most half of them. */
function mser(means: Float64Array, n: number): number {
  if (n < 8) return 0;
  let best = 0;
  let least = Number.POSITIVE_INFINITY;
  let sum = 0;
  let squares = 0;
  // Around the last value, so that squares of nearly equal numbers do not cancel.
  const origin = means[n - 1]!;
  for (let d = n - 1; d >= 0; d--) {
    const value = means[d]! - origin;
    sum += value;
    squares += value * value;
    const left = n - d;
    if (d > n / 2) continue;
    const error = Math.max(0, squares - (sum * sum) / left) / (left * left);
    if (error <= least) {
      least = error;
      best = d;
    }
  }
  return best;
}
