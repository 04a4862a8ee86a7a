import { Refusal } from "./refusal.ts";
import { now } from "./waiting.ts";

/** Places for requests in an agent's house, so that neither memory nor waiting grows without end. */
export class Places {
  readonly #most: number;
  #taken = 0;

  /** @param most requests that may be in the house at once, those that wait for other tiers included */
  constructor(most: number) {
    this.#most = most;
  }

  get taken(): number {
    return this.#taken;
  }

  /** Takes a place. @returns gives it back @throws Refusal (503) when all are taken */
  take(): () => void {
    if (this.#taken >= this.#most)
      throw new Refusal(503, `the agent is busy: ${this.#most} requests are in its house already`);
    this.#taken++;
    let left = false;
    return () => {
      if (!left) this.#taken--;
      left = true;
    };
  }
}

/** The work of one tier: one piece at a time, first come, first served. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  /**
   * Does a piece of work when its turn comes.
   * @param came when it was handed in
   * @param wanted whether it is still wanted then
   * @returns what it gave, and how long it waited, seconds
   */
  async take<T>(
    work: () => Promise<T>,
    came: number = now(),
    wanted: () => boolean = () => true,
  ): Promise<{ value: T; waited_s: number }> {
    const turn = this.#last.then(async () => {
      if (!wanted()) throw new Refusal(499, "the asker is gone");
      const waited_s = now() - came;
      return { value: await work(), waited_s };
    });
    this.#last = turn.catch(() => {});
    return turn;
  }
}
