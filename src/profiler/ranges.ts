import { rmSync } from "node:fs";
import { Problem } from "../formats/problem.ts";
import { type Graph, type TensorType, tensorBytes, withOutputs } from "../onnx/index.ts";
import { writeAtomically } from "../store/index.ts";
import type { Workspace } from "./planning.ts";
import { loadSession, type Session } from "./runtime.ts";
import type { Samples } from "./samples.ts";
import { isResolved } from "./types.ts";

/** Smallest and largest value of a tensor. */
export interface MeasuredRange {
  readonly min: number;
  readonly max: number;
}

/**
 * How a tensor's range is chosen from the values that calibration sees: all of them; without the share `1 − percentile`
 * at each end; or so that the quantised distribution loses the least information.
 */
export type RangeMethod =
  | { readonly name: "min-max" }
  | { readonly name: "percentile"; readonly percentile: number }
  | { readonly name: "entropy" };

const BINS = 2048;

/** Bytes of values that one run hands over; a model with more of them is run several times, with some of them each. */
const HANDED_OVER = 256 << 20;

/**
 * Finds the ranges of a model's tensors: writes it to the workspace with them among its outputs, and runs it from there.
 * Neither the model's weights nor all its values are in memory at once.
 * @param types types of the model's inputs and, as far as they are known, of the tensors
 */
export async function calibrate(
  graph: Graph,
  types: ReadonlyMap<string, TensorType>,
  tensors: readonly string[],
  samples: Samples,
  method: RangeMethod,
  workspace: Workspace,
  onProgress: (done: number, total: number) => void,
): Promise<Map<string, MeasuredRange>> {
  const inputs = new Map(graph.inputs.map(({ name }) => [name, types.get(name)!] as const));
  const groups = grouped(tensors, types, HANDED_OVER);
  const ranges = new Map<string, MeasuredRange>();
  for (const [index, group] of groups.entries()) {
    const file = workspace.path("calibrated");
    const made = group.filter((name) => !inputs.has(name));
    writeAtomically(file, withOutputs(graph, made, inputs));
    try {
      const found = await measureRanges(file, group, samples, method, 1, (done, total) =>
        onProgress(index * total + done, groups.length * total),
      );
      for (const [name, range] of found) ranges.set(name, range);
    } finally {
      rmSync(file);
    }
  }
  return ranges;
}

/** The tensors in order, in groups of at most so many bytes; one that is larger makes a group alone. */
export function grouped(tensors: readonly string[], types: ReadonlyMap<string, TensorType>, most: number): string[][] {
  const groups: string[][] = [];
  let bytes = 0;
  for (const name of tensors) {
    const type = types.get(name);
    const size = isResolved(type) ? tensorBytes(type.dtype, type.shape) : 0;
    if (groups.length === 0 || (size > 0 && bytes + size > most)) {
      groups.push([]);
      bytes = 0;
    }
    groups.at(-1)!.push(name);
    bytes += size;
  }
  return groups;
}

/**
 * Runs a model on samples and finds the ranges of some of its tensors, in memory that does not grow with the samples:
 * one pass for the extremes and, for the methods that cut tails off, a second one for histograms of 2048 bins.
 * @param model path of a model that has the tensors among its outputs
 * @throws Problem when the model does not run on the samples, or makes a value that is not finite
 */
export async function measureRanges(
  model: string,
  tensors: readonly string[],
  samples: Samples,
  method: RangeMethod,
  threads: number,
  onProgress: (done: number, total: number) => void,
): Promise<Map<string, MeasuredRange>> {
  const session = await loadSession(model, { threads, optimisation: "all" });
  try {
    const passes = method.name === "min-max" ? 1 : 2;
    const total = samples.count * passes;
    let done = 0;
    const eachValue = async (look: (tensor: string, values: Float32Array) => void) => {
      for (let index = 0; index < samples.count; index++) {
        const feeds = await samples.feeds(index);
        const results = await run(
          session,
          feeds,
          tensors.filter((name) => !(name in feeds)),
        );
        for (const name of tensors) look(name, (feeds[name] ?? results[name]!).data as Float32Array);
        onProgress(++done, total);
      }
    };
    const ranges = new Map<string, MeasuredRange>();
    await eachValue((name, values) => ranges.set(name, widen(ranges.get(name), values, name)));
    if (method.name === "min-max") return ranges;
    const histograms = new Map([...ranges].map(([name, range]) => [name, new Histogram(range)]));
    await eachValue((name, values) => histograms.get(name)!.add(values));
    return new Map(
      [...histograms].map(([name, histogram]) => [
        name,
        method.name === "percentile" ? histogram.percentile(method.percentile) : histogram.leastInformationLost(),
      ]),
    );
  } finally {
    await session.release();
  }
}

async function run(session: Session, feeds: Parameters<Session["run"]>[0], fetches: readonly string[]) {
  if (fetches.length === 0) return {};
  try {
    return await session.run(feeds, fetches);
  } catch (error) {
    throw new Problem(
      `the model does not run on the calibration data: ${error instanceof Error ? error.message : error}`,
    );
  }
}

function widen(range: MeasuredRange | undefined, values: Float32Array, name: string): MeasuredRange {
  let min = range?.min ?? Number.POSITIVE_INFINITY;
  let max = range?.max ?? Number.NEGATIVE_INFINITY;
  for (let index = 0; index < values.length; index++) {
    const value = values[index]!;
    if (value < min) min = value;
    if (value > max) max = value;
    // A NaN is neither smaller nor larger than anything.
    if (!(value - value === 0))
      throw new Problem(`tensor '${name}' takes the value ${value} on the calibration data; it has no range.`);
  }
  return values.length > 0 || range ? { min, max } : { min: 0, max: 0 };
}

/** Counts of values in equal bins over a range. */
export class Histogram {
  readonly #counts = new Float64Array(BINS);
  #zeros = 0;
  readonly #range: MeasuredRange;
  readonly #width: number;

  constructor(range: MeasuredRange) {
    this.#range = range;
    this.#width = Math.max((range.max - range.min) / BINS, Number.MIN_VALUE);
  }

  add(values: Float32Array): void {
    const { min } = this.#range;
    const perBin = 1 / this.#width;
    for (let index = 0; index < values.length; index++) {
      if (values[index] === 0) this.#zeros++;
      const bin = Math.floor((values[index]! - min) * perBin);
      this.#counts[bin < BINS ? bin : BINS - 1]!++;
    }
  }

  /** The range without the share `1 − share` of the values at each end, to the width of a bin. */
  percentile(share: number): MeasuredRange {
    const total = this.#counts.reduce((sum, count) => sum + count, 0);
    const dropped = total * (1 - share);
    let low = 0;
    for (let sum = 0; low < BINS - 1 && sum + this.#counts[low]! <= dropped; low++) sum += this.#counts[low]!;
    let high = BINS - 1;
    for (let sum = 0; high > low && sum + this.#counts[high]! <= dropped; high--) sum += this.#counts[high]!;
    return { min: this.#edge(low), max: this.#edge(high + 1) };
  }

  /**
   * The range cut at ± the threshold at which the distribution of magnitudes, once quantised, has the least
   * Kullback–Leibler divergence from the one saturated there. Migacz, 8-bit Inference with TensorRT (GTC 2017). Exact
   * zeros, which rectifiers make in masses and quantisation keeps exactly, are left out of the distributions.
   */
  leastInformationLost(): MeasuredRange {
    const { min, max } = this.#range;
    const limit = Math.max(Math.abs(min), Math.abs(max));
    if (!(limit > 0)) return this.#range;
    const magnitudes = new Float64Array(BINS);
    this.#counts.forEach((count, bin) => {
      const middle = Math.abs(min + (bin + 0.5) * this.#width);
      magnitudes[Math.min(BINS - 1, Math.floor((middle / limit) * BINS))]! += count;
    });
    magnitudes[0] = Math.max(0, magnitudes[0]! - this.#zeros);
    // Both signs share the 256 levels where both occur.
    const levels = min < 0 && max > 0 ? 128 : 256;
    let best = BINS;
    let least = Number.POSITIVE_INFINITY;
    for (let kept = levels; kept <= BINS; kept += 8) {
      const lost = divergence(magnitudes, kept, levels);
      if (lost < least) {
        least = lost;
        best = kept;
      }
    }
    const threshold = (best / BINS) * limit;
    return { min: Math.max(min, -threshold), max: Math.min(max, threshold) };
  }

  #edge(bin: number): number {
    return bin === BINS ? this.#range.max : this.#range.min + bin * this.#width;
  }
}

/** Divergence between the first `kept` bins, outliers added to the last, and the same in so many levels. */
function divergence(counts: Float64Array, kept: number, levels: number): number {
  const reference = counts.slice(0, kept);
  for (let bin = kept; bin < counts.length; bin++) reference[kept - 1]! += counts[bin]!;
  const quantised = new Float64Array(kept);
  for (let level = 0; level < levels; level++) {
    const start = Math.floor((level * kept) / levels);
    const end = Math.floor(((level + 1) * kept) / levels);
    let sum = 0;
    let filled = 0;
    for (let bin = start; bin < end; bin++) {
      // The quantised distribution does not know of the outliers.
      sum += counts[bin]!;
      if (reference[bin]! > 0) filled++;
    }
    for (let bin = start; bin < end; bin++) if (reference[bin]! > 0) quantised[bin] = sum / filled;
  }
  const total = reference.reduce((sum, count) => sum + count, 0);
  if (total === 0) return 0;
  const mass = quantised.reduce((sum, count) => sum + count, 0);
  let lost = 0;
  for (let bin = 0; bin < kept; bin++) {
    const p = reference[bin]! / total;
    if (p === 0) continue;
    const q = Math.max(quantised[bin]! / mass, 1e-12);
    lost += p * Math.log(p / q);
  }
  return lost;
}
