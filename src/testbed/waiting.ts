import { setTimeout as sleep, setImmediate as turn } from "node:timers/promises";

/** Timers are due at whole milliseconds and a little late; the rest is waited for turn by turn. */
const TIMER_MS = 1;

/** Seconds on a clock that only goes forward, and is one for all threads of this process. */
export function now(): number {
  return Number(process.hrtime.bigint()) / 1e9;
}

/** Waits, to a fraction of a millisecond. @param seconds at least 0 */
export async function pause(seconds: number, signal?: AbortSignal): Promise<void> {
  if (seconds <= 0) return;
  const due = now() + seconds;
  const coarse = Math.floor(seconds * 1000 - TIMER_MS);
  if (coarse > 0) await sleep(coarse, undefined, signal ? { signal } : {});
  while (now() < due) await turn();
}
