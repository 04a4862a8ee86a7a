import { Refusal } from "./refusal.ts";
import { now } from "./waiting.ts";

/**
 * The work of one tier: one piece at a time, first come, first served, and no more requests in the house than there are
 * places, so that neither memory nor waiting grows without end.
 */
export class WorkQueue {
  readonly #places: number;
  #inHouse = 0;
  #last: Promise<unknown> = Promise.resolve();

  /** @param places requests that may be in the house at once, waiting for other tiers included */
  constructor(places: number) {
    this.#places = places;
  }

  get inHouse(): number {
    return this.#inHouse;
  }

  /** Takes a place. @returns gives it back @throws Refusal (503) when all are taken */
  admit(): () => void {
    if (this.#inHouse >= this.#places)
      throw new Refusal(503, `the agent is busy: ${this.#places} requests are in its house already`);
    this.#inHouse++;
    let left = false;
    return () => {
      if (!left) this.#inHouse--;
      left = true;
    };
  }

  /**
   * Does a piece of work when its turn comes; given up before, it is not done.
   * @returns what it gave, and how long it waited, seconds
   */
  async run<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<{ value: T; waited_s: number }> {
    const came = now();
    const turn = this.#last.then(async () => {
      signal?.throwIfAborted();
      const waited_s = now() - came;
      return { value: await work(), waited_s };
    });
    this.#last = turn.catch(() => {});
    return turn;
  }
}
