import type { RandomStream } from "../random/index.ts";
import { type Sampler, samplerOf } from "./distributions.ts";
import type { Arrivals } from "./network.ts";

/** Times between the arrivals of an open process; `Infinity` once there are no more. */
export function gapsOf(arrivals: Exclude<Arrivals, { kind: "closed" }>, stream: RandomStream): Sampler {
  switch (arrivals.kind) {
    case "renewal":
      return samplerOf(arrivals.gap, stream);
    case "mmpp":
      return new Bursts(arrivals.states, stream);
    case "trace":
      return new Replay(arrivals.times_s);
  }
}

/** Mean arrivals per second in the long run; 0 where there is no long run. */
export function arrivalRate(arrivals: Arrivals, meanOf: (gap: Parameters<typeof samplerOf>[0]) => number): number {
  switch (arrivals.kind) {
    case "renewal":
      return 1 / meanOf(arrivals.gap);
    case "mmpp": {
      const total = arrivals.states.reduce((sum, { mean_s }) => sum + mean_s, 0);
      return arrivals.states.reduce((sum, { rate, mean_s }) => sum + rate * mean_s, 0) / total;
    }
    default:
      return 0;
  }
}

/** A Markov-modulated Poisson process: in each state the time to the next arrival competes with the state's end. */
class Bursts implements Sampler {
  #state = 0;
  readonly #states: readonly { readonly rate: number; readonly mean_s: number }[];
  readonly #stream: RandomStream;

  constructor(states: readonly { readonly rate: number; readonly mean_s: number }[], stream: RandomStream) {
    this.#states = states;
    this.#stream = stream;
  }

  fill(values: Float64Array): void {
    for (let i = 0; i < values.length; i++) {
      let gap = 0;
      for (;;) {
        const { rate, mean_s } = this.#states[this.#state]!;
        const total = rate + 1 / mean_s;
        gap += this.#stream.exponential() / total;
        if (this.#stream.uniform() * total < rate) break;
        this.#state = (this.#state + 1) % this.#states.length;
      }
      values[i] = gap;
    }
  }
}

class Replay implements Sampler {
  #next = 0;
  readonly #times: readonly number[];

  constructor(times: readonly number[]) {
    this.#times = times;
  }

  fill(values: Float64Array): void {
    for (let i = 0; i < values.length; i++) {
      const at = this.#times[this.#next];
      values[i] = at === undefined ? Number.POSITIVE_INFINITY : at - (this.#times[this.#next - 1] ?? 0);
      this.#next++;
    }
  }
}
