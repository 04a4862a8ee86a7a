import { once } from "node:events";
import net from "node:net";
import { expect, onTestFinished, test } from "vitest";
import type { Tensor } from "../../src/codecs/index.ts";
import { startChild } from "../../src/testbed/children.ts";
import type { RelayShape, RelayStart } from "../../src/testbed/relayprocess.ts";
import { OPEN, type Shape } from "../../src/testbed/shaper.ts";
import { agent, client } from "./agents.ts";

async function relayTo(port: number) {
  const start: RelayStart = { target: { host: "127.0.0.1", port } };
  const child = await startChild("relayprocess", start);
  onTestFinished(() => child.kill());
  return {
    url: `http://127.0.0.1:${child.ready.port}`,
    port: child.ready.port,
    shape: (there: Partial<Shape>, back: Partial<Shape> = {}) => {
      const told: RelayShape = { there: { ...OPEN, ...there }, back: { ...OPEN, ...back } };
      return child.tell(told);
    },
    kill: () => child.kill(),
  };
}

const RESNET = { model: "fmnist_resnet.onnx", shapes: { image: [1, 1, 28, 28] } };
const INPUT: Tensor[] = [
  { name: "image", dtype: "float32", shape: [1, 1, 28, 28], data: new Float32Array(784).fill(0.5) },
];

test("a measured transfer takes at least what the shaper must take, in both directions and with the delay", async () => {
  const [mobile, edge] = [await agent(), await agent()];
  const link = await relayTo(edge.port);
  const { part, input, run } = client();
  await input(mobile, "x", INPUT);
  const cut = "/f/f.2/a/a.2/Relu";
  const [head, tail] = [await part(mobile, { ...RESNET, to: cut }), await part(edge, { ...RESNET, from: cut })];
  const plan = {
    codec: "raw" as const,
    input: "x",
    steps: [
      { tier: "mobile", segment: head },
      { tier: "edge", url: link.url, segment: tail },
    ],
  };
  const transferAt = async (there: Partial<Shape>, back: Partial<Shape> = {}) => {
    await link.shape(there, back);
    const { report } = await run(mobile, plan);
    return {
      seconds: report.stages.mobile_edge_transfer!,
      sent: report.bytes["mobile>edge"]!,
      back: report.bytes["edge>mobile"]!,
    };
  };
  await transferAt({});
  const open = await transferAt({});
  const slow = await transferAt({ bandwidth_bps: 2e6 });
  const slower = await transferAt({ bandwidth_bps: 1e6 });
  expect(slow.seconds).toBeGreaterThanOrEqual((slow.sent * 8) / 2e6);
  expect(slower.seconds).toBeGreaterThanOrEqual((slower.sent * 8) / 1e6);
  expect(slower.seconds).toBeGreaterThan(slow.seconds);
  expect(slow.seconds).toBeGreaterThan(open.seconds);
  const burst = await transferAt({ bandwidth_bps: 1e6, burst_bytes: 60_000 });
  expect(burst.seconds).toBeGreaterThanOrEqual(((burst.sent - 60_000) * 8) / 1e6);
  expect(burst.seconds).toBeLessThan(slower.seconds);
  const delayed = await transferAt({ delay_s: 0.15 }, { delay_s: 0.1 });
  expect(delayed.seconds).toBeGreaterThanOrEqual(0.25);
  const narrowBack = await transferAt({}, { bandwidth_bps: 1e4 });
  expect(narrowBack.seconds).toBeGreaterThanOrEqual((narrowBack.back * 8) / 1e4);
});

test("bytes arrive as they were sent, however they were cut up, and an end is an end", async () => {
  const server = net.createServer({ allowHalfOpen: true }, (socket) => socket.pipe(socket));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const link = await relayTo((server.address() as net.AddressInfo).port);
  await link.shape({ bandwidth_bps: 400e6, delay_s: 0.002 }, { bandwidth_bps: 400e6 });
  const sent = Buffer.from(Uint8Array.from({ length: 3_000_000 }, (_, i) => (i * 7919) >> 5));
  const socket = net.connect(link.port, "127.0.0.1");
  socket.end(sent);
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  expect(Buffer.concat(chunks).equals(sent)).toBe(true);
});

test("a link that is cut is a failure of the tier behind it", async () => {
  const [mobile, edge] = [await agent(), await agent()];
  const link = await relayTo(edge.port);
  const { part, input, run } = client();
  await input(mobile, "x", INPUT);
  const whole = await part(edge, RESNET);
  const plan = {
    codec: "raw" as const,
    input: "x",
    steps: [{ tier: "mobile" }, { tier: "edge", url: link.url, segment: whole }],
  };
  await run(mobile, plan);
  await link.shape({ bandwidth_bps: 1e4 });
  const cut = run(mobile, plan);
  link.kill();
  await expect(cut).rejects.toMatchObject({ status: 502, tier: "edge" });
});
