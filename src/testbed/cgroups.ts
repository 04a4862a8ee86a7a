import fs from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { isLeftover } from "./owner.ts";

const CONTROLLERS = ["cpu", "cpuset", "memory"] as const;
type Controller = (typeof CONTROLLERS)[number];

/** Limits of one tier; what is undefined stays as it is for everybody. */
export interface Limits {
  /** Cores. */
  readonly cpus?: number | undefined;
  readonly period_s: number;
  /** Processors, such as `0-1`. */
  readonly cores?: string | undefined;
  readonly memory_bytes?: number | undefined;
}

interface Hierarchy {
  readonly version: 1 | 2;
  /** Folder below which this process may make groups. */
  readonly folder: string;
}

/**
 * Where each controller can be had: its own hierarchy of cgroup v1, below the group of this process, or the one of v2.
 * See cgroups(7).
 */
function findHierarchies(): Map<Controller, Hierarchy> {
  const found = new Map<Controller, Hierarchy>();
  const own = new Map(
    fs
      .readFileSync("/proc/self/cgroup", "utf8")
      .split("\n")
      .flatMap((line) => {
        const [, controllers, group] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
        return (controllers ?? "").split(",").map((controller) => [controller, group ?? "/"] as const);
      }),
  );
  for (const line of fs.readFileSync("/proc/self/mounts", "utf8").split("\n")) {
    const [, mount, type, options = ""] = line.split(" ");
    if (mount === undefined) continue;
    for (const controller of CONTROLLERS) {
      if (type === "cgroup" && options.split(",").includes(controller)) {
        const below = path.join(mount, own.get(controller) ?? "/");
        found.set(controller, { version: 1, folder: fs.existsSync(below) ? below : mount });
      } else if (type === "cgroup2" && !found.has(controller)) {
        const offered = fs.readFileSync(path.join(mount, "cgroup.controllers"), "utf8").trim().split(" ");
        // Groups of v2 that hold processes pass no controllers on, but for the topmost.
        if (offered.includes(controller)) found.set(controller, { version: 2, folder: mount });
      }
    }
  }
  return found;
}

/** Groups that limit the tiers' processes. */
export class Groups {
  readonly #owner: string;
  readonly #hierarchies: Map<Controller, Hierarchy>;
  readonly #made = new Set<string>();

  private constructor(owner: string, hierarchies: Map<Controller, Hierarchy>) {
    this.#owner = owner;
    this.#hierarchies = hierarchies;
  }

  /**
   * Makes a group for each tier, for the controllers that are needed.
   * @throws Error saying what this machine does not allow; nothing is left behind
   */
  static create(owner: string, tiers: readonly string[], needed: ReadonlySet<Controller>): Groups {
    const hierarchies = findHierarchies();
    const groups = new Groups(owner, hierarchies);
    try {
      for (const controller of needed) {
        const hierarchy = hierarchies.get(controller);
        if (!hierarchy) throw new Error(`no cgroup controller "${controller}" is mounted`);
        for (const [index] of tiers.entries()) groups.#make(controller, hierarchy, index);
      }
    } catch (error) {
      groups.closeSync();
      throw error;
    }
    return groups;
  }

  #make(controller: Controller, { version, folder }: Hierarchy, tier: number): void {
    if (version === 2) {
      const enabled = fs.readFileSync(path.join(folder, "cgroup.subtree_control"), "utf8").trim().split(" ");
      if (!enabled.includes(controller))
        fs.writeFileSync(path.join(folder, "cgroup.subtree_control"), `+${controller}`);
    }
    const group = this.#group(folder, tier);
    if (!fs.existsSync(group)) fs.mkdirSync(group);
    this.#made.add(group);
    if (version === 1 && controller === "cpuset")
      for (const file of ["cpuset.cpus", "cpuset.mems"])
        fs.writeFileSync(path.join(group, file), fs.readFileSync(path.join(folder, file), "utf8").trim());
  }

  /** Puts a process, with all its threads, under the limits of a tier. */
  join(tier: number, pid: number): void {
    for (const { folder } of this.#hierarchies.values()) {
      const group = this.#group(folder, tier);
      if (this.#made.has(group)) fs.writeFileSync(path.join(group, "cgroup.procs"), String(pid));
    }
  }

  /** Sets what of a tier's limits there are groups for. @throws Error when the machine refuses */
  limit(tier: number, { cpus, period_s, cores, memory_bytes }: Limits): void {
    const period = Math.round(period_s * 1e6);
    const quota = cpus === undefined ? undefined : Math.max(1000, Math.round(cpus * period));
    this.#set("cpu", tier, ({ version, put }) => {
      if (version === 2) put("cpu.max", `${quota ?? "max"} ${period}`);
      else {
        // The quota first off, as the two are checked together.
        put("cpu.cfs_quota_us", "-1");
        put("cpu.cfs_period_us", String(period));
        if (quota !== undefined) put("cpu.cfs_quota_us", String(quota));
      }
    });
    if (cores !== undefined) this.#set("cpuset", tier, ({ put }) => put("cpuset.cpus", cores));
    if (memory_bytes !== undefined)
      this.#set("memory", tier, ({ version, put }) =>
        put(version === 2 ? "memory.max" : "memory.limit_in_bytes", String(Math.round(memory_bytes))),
      );
  }

  #set(
    controller: Controller,
    tier: number,
    how: (group: { version: 1 | 2; put: (file: string, value: string) => void }) => void,
  ): void {
    const hierarchy = this.#hierarchies.get(controller);
    const group = hierarchy && this.#group(hierarchy.folder, tier);
    if (!hierarchy || !this.#made.has(group!)) return;
    how({ version: hierarchy.version, put: (file, value) => fs.writeFileSync(path.join(group!, file), value) });
  }

  #group(folder: string, tier: number): string {
    return path.join(folder, `${this.#owner}-${tier}`);
  }

  /** Removes the groups; processes in them are ended. */
  closeSync(): void {
    for (const group of this.#made) removeGroup(group);
    this.#made.clear();
  }
}

/** Removes groups that testbeds left whose processes were killed. */
export async function removeLeftGroups(): Promise<void> {
  for (const { folder } of new Set(findHierarchies().values())) {
    for (const name of fs.readdirSync(folder).filter(isLeftover)) {
      const group = path.join(folder, name);
      // Killed processes leave their group a moment later.
      for (let attempt = 0; attempt < 20 && !removeGroup(group); attempt++) await sleep(50);
    }
  }
}

function removeGroup(group: string): boolean {
  try {
    for (const pid of fs.readFileSync(path.join(group, "cgroup.procs"), "utf8").split("\n"))
      if (pid !== "") process.kill(Number(pid), "SIGKILL");
  } catch {
    // A process that ended in between, or the whole group.
  }
  for (const end = Date.now() + 500; ; ) {
    try {
      fs.rmdirSync(group);
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return true;
      if (Date.now() > end) return false;
      // At the end of a process nothing but waiting in place is left.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
}
