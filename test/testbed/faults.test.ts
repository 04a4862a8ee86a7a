import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdirSync, openSync } from "node:fs";
import net from "node:net";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { encode, type Tensor } from "../../src/codecs/index.ts";
import type { AgentStart } from "../../src/testbed/agentprocess.ts";
import { startChild } from "../../src/testbed/children.ts";
import { defaultAgentOptions } from "../../src/testbed/index.ts";
import { headerJson, PLAN_HEADER } from "../../src/testbed/protocol.ts";
import { Refusal } from "../../src/testbed/refusal.ts";
import { temporaryFolder } from "../fixtures/folder.ts";
import { agent, client, MODELS } from "./agents.ts";

const RESNET = { model: "fmnist_resnet.onnx", shapes: { image: [1, 1, 28, 28] } };
const CUT = "/f/f.2/a/a.2/Relu";
const INPUT: Tensor[] = [
  { name: "image", dtype: "float32", shape: [1, 1, 28, 28], data: new Float32Array(784).fill(0.5) },
];
const MESSAGE = encode("raw", INPUT);

/** An agent in a process of its own, which can be killed. */
async function childAgent() {
  const start: AgentStart = {
    options: { ...defaultAgentOptions, models: MODELS },
    address: { host: "127.0.0.1", port: 0 },
  };
  const child = await startChild("agentprocess", start);
  onTestFinished(() => child.kill());
  return { ...child, kill: child.kill, url: `http://127.0.0.1:${child.ready.port}` };
}

/** A listener that takes connections and never says a word. */
async function silent(): Promise<{ url: string; connections: net.Socket[] }> {
  const connections: net.Socket[] = [];
  const server = net.createServer((socket) => {
    socket.on("error", () => {});
    connections.push(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    for (const socket of connections) socket.destroy();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as net.AddressInfo).port}`, connections };
}

const refusal = async (run: Promise<unknown>): Promise<Refusal> => {
  const error = await run.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(Refusal);
  return error as Refusal;
};

test("a killed next tier is named with 502, and the agent before it serves on", async () => {
  const [mobile, cloud] = [await agent(), await childAgent()];
  const { part, input, run } = client();
  await input(mobile, "x", INPUT);
  const [head, tail, whole] = [
    await part(mobile, { ...RESNET, to: CUT }),
    await part(cloud, { ...RESNET, from: CUT }),
    await part(mobile, RESNET),
  ];
  const chain = {
    codec: "raw" as const,
    input: "x",
    steps: [
      { tier: "mobile", segment: head },
      { tier: "cloud", url: cloud.url, segment: tail },
    ],
  };
  expect((await run(mobile, chain)).report.stages).toHaveProperty("cloud_infer");
  cloud.kill();
  const { status, tier, message } = await refusal(run(mobile, chain));
  expect(status).toBe(502);
  expect(tier).toBe("cloud");
  expect(message).toMatch(/"cloud"/);
  const alone = { codec: "raw" as const, input: "x", steps: [{ tier: "mobile", segment: whole }] };
  expect((await run(mobile, alone)).report.stages).toHaveProperty("mobile_infer");
});

test("a tier killed with a request in its hands breaks it off with 502", async () => {
  const [mobile, edge, cloud] = [await agent(), await childAgent(), await silent()];
  const { input, run } = client();
  await input(mobile, "x", INPUT);
  const asked = run(mobile, {
    codec: "raw",
    input: "x",
    steps: [{ tier: "mobile" }, { tier: "edge", url: edge.url }, { tier: "cloud", url: cloud.url, segment: "s" }],
  });
  const refused = refusal(asked);
  while (cloud.connections.length === 0) await sleep(5);
  edge.kill();
  expect(await refused).toMatchObject({ status: 502, tier: "edge" });
});

test("a tier that does not answer is named with 504, not the one that waits for it", async () => {
  const [mobile, edge, cloud] = [await agent(), await agent(), await silent()];
  const { input, run } = client();
  await input(mobile, "x", INPUT);
  const asked = run(mobile, {
    codec: "raw",
    input: "x",
    timeout_s: 1,
    steps: [{ tier: "mobile" }, { tier: "edge", url: edge.url }, { tier: "cloud", url: cloud.url, segment: "s" }],
  });
  expect(await refusal(asked)).toMatchObject({ status: 504, tier: "cloud" });
});

test("a refusal behind the next tier says whose it is", async () => {
  const [mobile, edge, cloud] = [await agent(), await agent(), await agent()];
  const { input, run } = client();
  await input(mobile, "x", INPUT);
  const asked = run(mobile, {
    codec: "raw",
    input: "x",
    steps: [{ tier: "mobile" }, { tier: "edge", url: edge.url }, { tier: "cloud", url: cloud.url, segment: "nothing" }],
  });
  const { status, tier, message } = await refusal(asked);
  expect(status).toBe(502);
  expect(tier).toBe("cloud");
  expect(message).toMatch(/no prepared part "nothing"/);
});

test("a client that goes away takes its request with it, down to the last tier", async () => {
  const [edge, cloud] = [await agent(), await silent()];
  const { run, send } = client();
  const leave = new AbortController();
  const plan = { codec: "raw" as const, steps: [{ tier: "edge" }, { tier: "cloud", url: cloud.url, segment: "s" }] };
  const asked = run(edge, plan, MESSAGE, leave.signal).catch(() => "left");
  while (cloud.connections.length === 0) await sleep(5);
  const closed = once(cloud.connections[0]!, "close");
  cloud.connections[0]!.resume();
  leave.abort();
  expect(await asked).toBe("left");
  await closed;
  const inHouse = async () => JSON.parse((await send(edge, "GET", "/v1/info")).body.toString("utf8")).in_house;
  while ((await inHouse()) > 0) await sleep(5);
});

test("a body that breaks off half-way leaves no trace", async () => {
  const edge = await agent();
  const { part, run, send } = client();
  const segment = await part(edge, RESNET);
  const plan = { codec: "raw" as const, steps: [{ tier: "edge", segment }] };
  const socket = net.connect(edge.port, "127.0.0.1");
  await once(socket, "connect");
  socket.write(
    `POST /v1/run HTTP/1.1\r\nhost: localhost\r\n${PLAN_HEADER}: ${headerJson(plan)}\r\ncontent-length: 9999\r\n\r\nhalf`,
  );
  const info = async () => JSON.parse((await send(edge, "GET", "/v1/info")).body.toString("utf8"));
  while ((await info()).in_house === 0) await sleep(5);
  socket.destroy();
  while ((await info()).in_house > 0) await sleep(5);
  expect((await run(edge, plan, MESSAGE)).message.length).toBeGreaterThan(0);
});

test("1,000 requests at once: each is answered or told that the agent is busy, and none stays behind", async () => {
  const edge = await childAgent();
  const { part, run, send } = client();
  const segment = await part(edge, RESNET);
  const plan = { codec: "raw" as const, steps: [{ tier: "edge", segment }] };
  const statuses = await Promise.all(
    Array.from({ length: 1000 }, () =>
      run(edge, plan, MESSAGE).then(
        () => 200,
        (error: unknown) => (error as Refusal).status,
      ),
    ),
  );
  const answered = statuses.filter((status) => status === 200).length;
  expect(answered).toBeGreaterThanOrEqual(1);
  expect(statuses.filter((status) => status !== 200 && status !== 503)).toEqual([]);
  expect(JSON.parse((await send(edge, "GET", "/v1/info")).body.toString("utf8")).in_house).toBe(0);
  expect((await run(edge, plan, MESSAGE)).message.length).toBeGreaterThan(0);
});

test("1,000 requests at once find room where there is some", async () => {
  const edge = await agent({ queue: 1000 });
  const { part, run } = client();
  const segment = await part(edge, RESNET);
  const plan = { codec: "raw" as const, steps: [{ tier: "edge", segment }] };
  const answers = await Promise.all(Array.from({ length: 1000 }, () => run(edge, plan, MESSAGE)));
  expect(new Set(answers.map(({ message }) => message.toString("base64"))).size).toBe(1);
});

test("where parts cannot be written, as on a full disk, they are kept in memory", async () => {
  const cache = path.join(temporaryFolder(), "gone");
  mkdirSync(path.dirname(cache), { recursive: true });
  // A file where the folder should be: no part can be written below it.
  closeSync(openSync(cache, "w"));
  const edge = await agent({ cache });
  const { send, run } = client();
  const { segment, kept } = JSON.parse((await send(edge, "PUT", "/v1/parts", RESNET)).body.toString("utf8"));
  expect(kept).toBe("memory");
  const { report } = await run(edge, { codec: "raw", steps: [{ tier: "edge", segment, session: "cold" }] }, MESSAGE);
  expect(report.stages).toHaveProperty("edge_load");
});

test("a tier ends with the process that started it, however that ended", async () => {
  const script = `
    import { startChild } from ${JSON.stringify(new URL("../../src/testbed/children.ts", import.meta.url).href)};
    const start = { options: { models: ${JSON.stringify(MODELS)}, maxBodyBytes: 1e6, threads: 1, queue: 9, sessions: 1 }, address: { host: "127.0.0.1", port: 0 } };
    const child = await startChild("agentprocess", start);
    console.log(child.pid);
    setInterval(() => {}, 1000);`;
  const owner = spawn(process.execPath, ["--import", "tsx", "--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void owner.kill("SIGKILL"));
  const [line] = (await once(owner.stdout!, "data")) as [Buffer];
  const pid = Number(line.toString());
  const alive = () => {
    try {
      process.kill(pid, 0);
      return true;
    } catch {
      return false;
    }
  };
  expect(alive()).toBe(true);
  owner.kill("SIGKILL");
  while (alive()) await sleep(20);
});
