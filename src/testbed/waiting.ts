import { performance } from "node:perf_hooks";
import { setTimeout as sleep, setImmediate as turn } from "node:timers/promises";

/** Timers are due at whole milliseconds and a little late; the rest is waited for turn by turn. */
const TIMER_MS = 1;

/** Seconds on this process's own clock. */
export function now(): number {
  return performance.now() / 1000;
}

/** Waits, to a fraction of a millisecond. @param seconds at least 0 */
export async function pause(seconds: number, signal?: AbortSignal): Promise<void> {
  if (seconds <= 0) return;
  const due = performance.now() + seconds * 1000;
  const coarse = Math.floor(seconds * 1000 - TIMER_MS);
  if (coarse > 0) await sleep(coarse, undefined, signal ? { signal } : {});
  while (performance.now() < due) await turn();
}
