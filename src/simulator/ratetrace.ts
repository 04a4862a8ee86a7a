import type { RateTrace } from "./network.ts";

/** A rate over time, constant between steps. */
export class Rate {
  readonly #times: readonly number[];
  readonly #rates: readonly number[];
  readonly #repeat: number;

  constructor(rate: number | RateTrace) {
    const trace = typeof rate === "number" ? { steps: [{ at_s: 0, rate }] } : rate;
    this.#times = trace.steps.map(({ at_s }) => at_s);
    this.#rates = trace.steps.map((step) => step.rate);
    this.#repeat = trace.repeat_s ?? Number.POSITIVE_INFINITY;
  }

  get constant(): boolean {
    return this.#rates.length === 1;
  }

  /** The rate at a moment. */
  at(time: number): number {
    return this.#rates[this.#step(time)]!;
  }

  /** The next moment after this one at which the rate may change. */
  changesAfter(time: number): number {
    if (this.constant) return Number.POSITIVE_INFINITY;
    const cycle = this.#cycle(time);
    const next = this.#times[this.#step(time) + 1];
    const change = next === undefined ? cycle + this.#repeat : cycle + next;
    // A moment so late that the change would round to it.
    return change > time ? change : time * (1 + 2 ** -50);
  }

  /** Work done between two moments. */
  between(from: number, to: number): number {
    let work = 0;
    let at = from;
    while (at < to) {
      const until = Math.min(to, this.changesAfter(at));
      work += this.at(at) * (until - at);
      at = until;
    }
    return work;
  }

  #cycle(time: number): number {
    return this.#repeat === Number.POSITIVE_INFINITY ? 0 : Math.floor(time / this.#repeat) * this.#repeat;
  }

  #step(time: number): number {
    if (this.constant) return 0;
    const since = time - this.#cycle(time);
    let low = 0;
    let high = this.#times.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#times[middle]! <= since) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}
