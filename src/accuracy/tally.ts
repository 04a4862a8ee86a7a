import { Problem } from "../formats/problem.ts";
import type { Accuracy } from "../formats/variants.ts";
import { bootstrap, wilson } from "./intervals.ts";

/**
 * What is measured. accuracy: how often the highest score is the right class's. top: how often the right class is among
 * the `k` highest. f1: harmonic mean of precision and recall of class 1 of two (van Rijsbergen, 1979). f1-macro: mean of
 * every class's F1.
 */
export type Metric =
  | { readonly kind: "accuracy" }
  | { readonly kind: "top"; readonly k: number }
  | { readonly kind: "f1" }
  | { readonly kind: "f1-macro" };

/** How metrics are written. */
export const METRICS = "accuracy, top-K (such as top-5), f1 or f1-macro";

/** @throws Problem when there is no such metric */
export function parseMetric(text: string): Metric {
  const top = /^top-?([1-9]\d*)$/.exec(text);
  if (top) return top[1] === "1" ? { kind: "accuracy" } : { kind: "top", k: Number(top[1]) };
  if (text === "accuracy" || text === "f1" || text === "f1-macro") return { kind: text };
  throw new Problem(`unknown metric "${text}"; known: ${METRICS}.`);
}

/** A classifier's right and wrong guesses. */
export class Tally {
  /** Number of the model's scores. */
  readonly classes: number;
  /** Of each sample: right class × classes + guessed class. */
  readonly #pairs: number[] = [];
  /** How often the right class's score was the k-th highest, k from 0. */
  readonly #ranks: Float64Array;

  constructor(classes: number) {
    this.classes = classes;
    this.#ranks = new Float64Array(classes);
  }

  /** Samples counted so far. */
  get n(): number {
    return this.#pairs.length;
  }

  /**
   * Counts one sample. Of equal scores the earlier class's counts as the higher, as argmax has it.
   * @param scores one per class
   * @param label the right class
   * @throws Problem when a score is not a number or the label is no class of the model
   */
  add(scores: ArrayLike<number>, label: number): void {
    if (label >= this.classes)
      throw new Problem(
        `the label of sample ${this.n} is ${label}, and the model has the classes 0 to ${this.classes - 1}.`,
      );
    let best = 0;
    let rank = 0;
    const right = scores[label]!;
    for (let i = 0; i < this.classes; i++) {
      const score = scores[i]!;
      if (Number.isNaN(score)) throw new Problem(`the model gives no number (NaN) for sample ${this.n}, class ${i}.`);
      if (score > scores[best]!) best = i;
      if (score > right || (score === right && i < label)) rank += 1;
    }
    this.#pairs.push(label * this.classes + best);
    this.#ranks[rank]! += 1;
  }

  /** Samples whose right class is among the `k` highest scores. */
  within(k: number): number {
    return this.#ranks.subarray(0, k).reduce((sum, count) => sum + count, 0);
  }

  /** Of each sample: right class × classes + guessed class. */
  pairs(): Int32Array {
    return Int32Array.from(this.#pairs);
  }
}

/** @throws Problem when a metric means nothing for so many classes */
export function checkMetric(metric: Metric, classes: number): void {
  if (metric.kind === "top" && metric.k >= classes)
    throw new Problem(
      `top-${metric.k} means nothing for a model of ${classes} classes: every guess is right. Ask for less.`,
    );
  if (metric.kind === "f1" && classes !== 2)
    throw new Problem(`f1 is for two classes, and the model has ${classes}. Ask for f1-macro.`);
}

/**
 * A metric with its 95 % confidence interval: Wilson's for shares, the bootstrap's (2000 resamples, a fixed seed) for F1.
 * @throws Problem when the metric does not go with the number of classes
 */
export function measure(tally: Tally, metric: Metric): Accuracy {
  const { n, classes } = tally;
  if (n === 0) throw new Problem("nothing was measured: there are no samples.");
  checkMetric(metric, classes);
  if (metric.kind === "accuracy" || metric.kind === "top") {
    const k = metric.kind === "top" ? metric.k : 1;
    const right = tally.within(k);
    return { metric: k === 1 ? "accuracy" : `top-${k}`, value: right / n, ...wilson(right, n), n };
  }
  const pairs = tally.pairs();
  // Where class 1 neither occurs nor is guessed, there is nothing that it was right about.
  const statistic = (drawn: Int32Array) =>
    metric.kind === "f1" ? f1Of(drawn, classes)[1]! || 0 : macro(drawn, classes);
  const value = statistic(pairs);
  const { low, high } = bootstrap(pairs, statistic);
  // A resample's middle need not be the value, but an interval without it would be an odd one.
  return { metric: metric.kind, value, low: Math.min(low, value), high: Math.max(high, value), n };
}

/** F1 of each class: NaN where it neither occurs nor is guessed. */
function f1Of(pairs: Int32Array, classes: number): Float64Array {
  const right = new Float64Array(classes);
  const seen = new Float64Array(classes);
  for (const pair of pairs) {
    const label = Math.floor(pair / classes);
    const guess = pair % classes;
    seen[label]! += 1;
    seen[guess]! += 1;
    if (label === guess) right[label]! += 1;
  }
  return right.map((count, index) => (2 * count) / seen[index]!);
}

/** Mean F1 of the classes that occur or are guessed, as scikit-learn's f1_score has it. */
function macro(pairs: Int32Array, classes: number): number {
  const known = f1Of(pairs, classes).filter((value) => !Number.isNaN(value));
  return known.reduce((sum, value) => sum + value, 0) / known.length;
}
