import { setImmediate, setTimeout as sleep } from "node:timers/promises";
import { MessageChannel } from "node:worker_threads";
import { expect, test } from "vitest";
import { Places, Turns } from "../../src/testbed/queue.ts";
import { now, pause } from "../../src/testbed/waiting.ts";

test("work is done one piece at a time, in order, and failures hold nobody up", async () => {
  const turns = new Turns();
  const seen: string[] = [];
  const piece = (name: string, fails = false) =>
    turns.take(async () => {
      seen.push(`${name} begins`);
      await sleep(5);
      seen.push(`${name} ends`);
      if (fails) throw new Error(name);
      return name;
    });
  const results = await Promise.allSettled([piece("a"), piece("b", true), piece("c")]);
  expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  expect(seen).toEqual(["a", "b", "c"].flatMap((name) => [`${name} begins`, `${name} ends`]));
  const waited = results.map((result) => (result.status === "fulfilled" ? result.value.waited_s : 0));
  expect(waited[2]!).toBeGreaterThanOrEqual(0.007);
});

test("what goes ahead waits for the piece under way, and for others that do", async () => {
  const turns = new Turns();
  const seen: string[] = [];
  const piece = (name: string, ahead: boolean) => turns.take(async () => void seen.push(name), { ahead });
  const first = turns.take(async () => {
    seen.push("first");
    await sleep(5);
  });
  await Promise.all([first, piece("a", false), piece("b", false), piece("answer", true), piece("another", true)]);
  expect(seen).toEqual(["first", "answer", "another", "a", "b"]);
});

test("what a piece gives is out, and what came meanwhile is in, before the next begins", async () => {
  const turns = new Turns();
  const seen: string[] = [];
  const { port1, port2 } = new MessageChannel();
  // As inferences end: messages are looked at before the next immediate.
  await setImmediate();
  port2.on("message", (name: string) => turns.take(async () => void seen.push(name), { ahead: true }));
  const holdsUp = turns.take(async () => {
    port1.postMessage("came meanwhile");
    for (const end = now() + 0.005; now() < end; );
  });
  const next = turns.take(async () => void seen.push("next"));
  await holdsUp;
  seen.push("out");
  await next;
  port2.close();
  expect(seen).toEqual(["out", "came meanwhile", "next"]);
});

test("work that nobody wants any more is not done", async () => {
  const turns = new Turns();
  let wanted = true;
  const first = turns.take(() => sleep(10));
  let done = false;
  const second = turns.take(
    async () => {
      done = true;
    },
    { wanted: () => wanted },
  );
  wanted = false;
  await first;
  await expect(second).rejects.toMatchObject({ status: 499 });
  expect(done).toBe(false);
});

test("a house has so many places, and a place is given back once", () => {
  const places = new Places(2);
  const [leave] = [places.take(), places.take()];
  expect(() => places.take()).toThrow(/2 requests/);
  leave();
  leave();
  expect(places.taken).toBe(1);
  places.take();
  expect(() => places.take()).toThrow(/busy/);
});

test.each([0, 0.0004, 0.0031, 0.02])("a pause of %f s is never shorter", async (seconds) => {
  for (let i = 0; i < 20; i++) {
    const began = now();
    await pause(seconds);
    expect(now() - began).toBeGreaterThanOrEqual(seconds);
  }
});
