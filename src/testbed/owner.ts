import fs from "node:fs";

/** What every namespace, group and folder of a testbed is called at the beginning. */
export const PREFIX = "tierwise-bed-";

/**
 * Names what this process owns: by its id and the moment of its start, in the kernel's ticks, so that another process
 * that is given the id later is not taken for it.
 */
export function ownerName(pid = process.pid): string {
  return `${PREFIX}${pid}-${startOf(pid) ?? 0}`;
}

/** Whether something of this name belongs to a testbed whose process is gone. */
export function isLeftover(name: string): boolean {
  const [, pid, start] = /^tierwise-bed-(\d+)-(\d+)/.exec(name) ?? [];
  return pid !== undefined && String(startOf(Number(pid)) ?? "gone") !== start;
}

/** Field 22 of /proc/PID/stat, see proc(5); undefined where there is no such process. */
function startOf(pid: number): number | undefined {
  try {
    const text = fs.readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name, in brackets, may hold anything; the state follows it as field 3.
    return Number(text.slice(text.lastIndexOf(")") + 2).split(" ")[19]);
  } catch {
    return aliveWithoutProc(pid) ? 0 : undefined;
  }
}

function aliveWithoutProc(pid: number): boolean {
  if (fs.existsSync("/proc/self/stat")) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
