import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { Problem } from "../formats/problem.ts";

/** How long a process may take to be ready; under a small processor quota, starting Node takes its time. */
const READY_MS = 60_000;

/**
 * V8 counts messages, which lie outside of its heap, as growth of it: with a young generation of its usual size it thinks a small heap nearly
 * full and collects all of it every 50 to 150 requests, 15 to 30 ms at a time on the tier's processor. With a small one it collects that, 1 ms
 * at a time. Memory is not reduced between requests either.
 */
const COLLECTION = ["--max-semi-space-size=4", "--no-memory-reducer"];

/**
 * glibc gives what a session leaves behind back to the system or keeps it, by what happens to lie above it, and a load that has to fault its
 * pages in again takes two to three times as long. Kept, loads agree: one arena, from which nothing is given back, and only what is
 * larger than the most that may be set (32 MiB) outside of it. Other C libraries do not read these.
 */
const ALLOCATION = {
  MALLOC_ARENA_MAX: "1",
  MALLOC_MMAP_THRESHOLD_: String(32 << 20),
  MALLOC_TRIM_THRESHOLD_: String(2 ** 40),
};

/** A process of the testbed, talked to by messages. It ends when this process does, however that ends. */
export interface Child {
  readonly pid: number;
  readonly alive: boolean;
  /** What it said when it was ready. */
  readonly ready: { readonly port: number };
  /** Tells it something and waits until it has done it. */
  tell(message: object): Promise<void>;
  kill(): void;
}

/**
 * Starts a script of this room and waits until it is ready.
 * @param script its name without ending, beside this file
 * @param launcher command line to start it with, such as `ip netns exec NAME`
 * @param onStart told the process's id as soon as there is one
 * @throws Problem when it could not do what it was told
 */
export async function startChild(
  script: "agentprocess" | "relayprocess",
  first: object,
  { launcher = [], onStart }: { launcher?: readonly string[]; onStart?: (pid: number) => void } = {},
): Promise<Child> {
  // Run from the sources, the child needs the loader that this process was started with.
  const file = fileURLToPath(import.meta.url).replace(/children\.(ts|js)$/, `${script}.$1`);
  const loader = file.endsWith(".ts") ? ["--import", "tsx"] : [];
  const [command, ...before] = [...launcher, process.execPath];
  const child = fork(file, [], {
    execPath: command!,
    execArgv: [...before, ...COLLECTION, ...loader],
    env: { ...ALLOCATION, ...process.env },
    serialization: "advanced",
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  let alive = true;
  child.on("exit", () => {
    alive = false;
  });
  // A channel that breaks is noticed by the exit.
  child.on("error", () => {});
  const waiting = answerOf<{ port: number }>(child, "ready");
  if (child.pid === undefined) {
    await waiting.catch(() => {});
    throw new Problem(`cannot start ${command}`);
  }
  onStart?.(child.pid);
  child.send(first, () => {});
  const ready = await waiting.catch((error: unknown) => {
    child.kill("SIGKILL");
    throw error;
  });
  return {
    pid: child.pid,
    get alive() {
      return alive;
    },
    ready,
    async tell(message) {
      const done = answerOf<boolean>(child, "done");
      child.send(message, () => {});
      await done;
    },
    kill: () => void child.kill("SIGKILL"),
  };
}

function answerOf<T>(child: ChildProcess, field: "ready" | "done"): Promise<T> {
  return new Promise((resolve, reject) => {
    const finish = (settle: () => void) => {
      clearTimeout(timer);
      child.off("message", onMessage);
      child.off("exit", onExit);
      child.off("error", onError);
      settle();
    };
    const onMessage = (message: unknown) => {
      const said = message as { ready?: T; done?: T; failed?: string; problem?: boolean };
      const value = said[field];
      if (value !== undefined) finish(() => resolve(value));
      else if (said.failed !== undefined)
        finish(() => reject(said.problem ? new Problem(said.failed!) : new Error(said.failed)));
    };
    const onExit = (code: number | null, signal: string | null) =>
      finish(() => reject(new Error(`a process of the testbed ended with ${signal ?? `status ${code}`}`)));
    const onError = (error: Error) => finish(() => reject(error));
    const timer = setTimeout(
      () => finish(() => reject(new Error("a process of the testbed did not become ready in time"))),
      READY_MS,
    );
    child.on("message", onMessage);
    child.once("exit", onExit);
    child.once("error", onError);
  });
}
