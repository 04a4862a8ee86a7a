import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import net from "node:net";
import path from "node:path";
import { Queue } from "bullmq";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freshFolder, tierwise } from "../e2e/tierwise.ts";
import { census, difference } from "./duckdb.ts";
import { journaled, Tierwise, until, writeSweep } from "./processes.ts";

const installed = spawnSync("redis-server", ["--version"]).status === 0;
if (!installed)
  console.warn("SKIPPED: sweeps on many machines, as redis-server is not installed (apt-get install redis-server)");

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as net.AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

const SCENARIOS = 30 * 16_384 - 100;

describe.skipIf(!installed)("a sweep on a queue in Redis", () => {
  let url: string;
  let stop: () => void;

  beforeAll(async () => {
    const port = await freePort();
    const server = spawn("redis-server", [
      "--port",
      String(port),
      "--bind",
      "127.0.0.1",
      "--save",
      "",
      "--dir",
      freshFolder(),
    ]);
    stop = () => server.kill();
    url = `redis://127.0.0.1:${port}`;
    const redis = new Redis(url, { retryStrategy: () => 50, maxRetriesPerRequest: null });
    redis.on("error", () => {});
    await redis.ping();
    redis.disconnect();
  });
  afterAll(() => stop());

  test("of three workers one is killed, and every scenario's row arrives exactly once", {
    timeout: 240_000,
  }, async () => {
    const folder = freshFolder();
    const sweep = writeSweep(folder, SCENARIOS);
    const [shared, alone] = [path.join(folder, "shared.parquet"), path.join(folder, "alone.parquet")];
    const producer = new Tierwise(["sweep", sweep, "-o", shared, "--redis", url, "--threads", "0", "--json"], folder);
    const args = ["sweep", sweep, "--redis", url, "--worker", "--threads", "1", "--json"];
    const victim = new Tierwise(args, folder);
    const redis = new Redis(url, { maxRetriesPerRequest: null });
    const queue = new Queue("tierwise-sweeps", { connection: redis });
    // It is alone so far, so that the active job is its own; stopped with one, it cannot finish it before it is killed.
    await until(async () => {
      if (journaled(shared) === 0) return false;
      victim.process.kill("SIGSTOP");
      if ((await queue.getActiveCount()) === 1) return true;
      victim.process.kill("SIGCONT");
      return false;
    }, "a chunk that is being computed");
    await victim.kill();
    const orphans = await queue.getActiveCount();
    // Until both others are there, so that they share what is left.
    await queue.pause();
    const others = [
      new Tierwise(args, folder),
      new Tierwise(["sweep", "--redis", url, "--worker", "--threads", "1", "--json"], folder),
    ];
    await until(async () => (await queue.getWorkersCount()) === 2, "two workers");
    await queue.resume();
    expect(await producer.json()).toMatchObject({ scenarios: SCENARIOS, file: shared });
    // The one that was told the sweep ends with it; the other serves whatever comes, until it is asked to end.
    const first = await others[0]!.json();
    others[1]!.process.kill("SIGTERM");
    const second = await others[1]!.json();
    expect(orphans).toBe(1);
    expect(first.scenarios as number).toBeGreaterThan(0);
    expect(second.scenarios as number).toBeGreaterThan(0);
    expect(await census(shared)).toEqual([SCENARIOS, SCENARIOS, 0, SCENARIOS - 1]);
    expect(await queue.getJobCounts()).toMatchObject({ active: 0, waiting: 0, failed: 0, delayed: 0 });
    expect(await redis.keys("tierwise:*")).toEqual([expect.stringMatching(/:state$/)]);
    await queue.close();
    redis.disconnect();
    await new Tierwise(["sweep", sweep, "-o", alone, "--json"], folder).json();
    expect(await difference(shared, alone)).toBe(0);
  });

  test("a killed producer's successor takes what is there, and needs no workers but its own threads", {
    timeout: 240_000,
  }, async () => {
    const folder = freshFolder();
    const sweep = writeSweep(folder, 600_000);
    const file = path.join(folder, "out.parquet");
    const args = ["sweep", sweep, "-o", file, "--redis", url, "--threads", "2", "--json"];
    const producer = new Tierwise(args, folder);
    await until(() => journaled(file) >= 2, "chunks");
    await producer.kill();
    const { resumed } = await new Tierwise(args, folder).json();
    expect(resumed as number).toBeGreaterThanOrEqual(2 * 16_384);
    expect(await census(file)).toEqual([600_000, 600_000, 0, 599_999]);
  });
});

test.each([
  [["-o", "x.parquet", "--redis", "redis://127.0.0.1:1"], "no Redis answers at 127.0.0.1:1: ECONNREFUSED"],
  [["-o", "x.parquet", "--redis", "localhost"], "write an address such as redis://localhost:6379"],
  [["--worker"], "--worker needs --redis"],
  [["--worker", "--redis", "redis://127.0.0.1:1", "-o", "x.parquet"], "a worker writes no file"],
  [["-o", "x.parquet", "--threads", "0"], "give --redis"],
  [[], "tierwise sweep SWEEP -o FILE.parquet"],
])("what cannot work is refused: %j", (args, message) => {
  const { status, stderr } = tierwise(["sweep", "bandwidth-by-speed", ...args]);
  expect(stderr).toContain(message);
  expect(stderr).not.toContain("    at ");
  expect(status).toBe(2);
});
