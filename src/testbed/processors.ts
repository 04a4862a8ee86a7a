import fs from "node:fs";
import { z } from "zod";

/** What a tier has had of its host's processors, and its host has not, so far. */
export const processorTimeSchema = z.object({
  /** Seconds of the tier's process, all its threads. */
  processor_s: z.number().nonnegative(),
  /** Seconds for which the hypervisor ran others though this host had work, on all its processors; null where that is not told. */
  stolen_s: z.number().nonnegative().nullable().default(null),
});
export type ProcessorTime = z.infer<typeof processorTimeSchema>;

/** Of `/proc/stat`: Linux tells times to programs in USER_HZ, the same on all machines (proc(5)). */
const TICKS_PER_SECOND = 100;
/** Word of the line of all processors, from 0. */
const STEAL = 8;

/** Of this process, and of the host it runs on. */
export function processorTime(): ProcessorTime {
  const { user, system } = process.cpuUsage();
  return { processor_s: (user + system) / 1e6, stolen_s: stolenSeconds() };
}

function stolenSeconds(): number | null {
  let text: string;
  try {
    text = fs.readFileSync("/proc/stat", "utf8");
  } catch {
    return null;
  }
  const ticks = Number(/^cpu .*$/m.exec(text)?.[0].split(/\s+/)[STEAL]);
  return Number.isFinite(ticks) ? ticks / TICKS_PER_SECOND : null;
}
