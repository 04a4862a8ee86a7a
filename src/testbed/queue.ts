import { setImmediate } from "node:timers/promises";
import PQueue from "p-queue";
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

/** How a piece of work is to be taken up. */
export interface Turn {
  /**
   * When it was handed in: seconds, by `now`.
   * @default now()
   */
  readonly came?: number;
  /** Whether it is still wanted when its turn comes. Left out: it is. */
  readonly wanted?: () => boolean;
  /**
   * Goes before what waits in the line, behind other such pieces.
   * @default false
   */
  readonly ahead?: boolean;
}

/** Of what goes ahead; all else has 0. */
const AHEAD = 1;

/** The work of one tier: one piece at a time, first come, first served, but for what goes ahead. */
export class Turns {
  readonly #queue = new PQueue({ concurrency: 1 });

  /**
   * Does a piece of work when its turn comes.
   * @returns what it gave, and how long it waited, seconds
   * @throws Refusal (499) where it is not wanted any more; else what the work throws
   */
  take<T>(
    work: () => Promise<T>,
    { came = now(), wanted = () => true, ahead = false }: Turn = {},
  ): Promise<{ value: T; waited_s: number }> {
    return new Promise((resolve, reject) => {
      const piece = async () => {
        try {
          if (!wanted()) throw new Refusal(499, "the asker is gone");
          const waited_s = now() - came;
          resolve({ value: await work(), waited_s });
        } catch (error) {
          reject(error);
        }
        // Work holds its thread up: what it gave leaves before the next begins, and what came meanwhile may go ahead of it.
        await setImmediate();
      };
      void this.#queue.add(piece, { priority: ahead ? AHEAD : 0 });
    });
  }
}
