import { onTestFinished } from "vitest";
import { encode, type Tensor } from "../../src/codecs/index.ts";
import type { CodecName } from "../../src/formats/profile.ts";
import { type Agent, type AgentOptions, startAgent } from "../../src/testbed/agent.ts";
import { type Peer, Peers } from "../../src/testbed/client.ts";
import { defaultAgentOptions } from "../../src/testbed/index.ts";
import { headerJson, PLAN_HEADER, REPORT_HEADER, type Report } from "../../src/testbed/protocol.ts";

export const MODELS = new URL("../fixtures/models", import.meta.url).pathname;

/** Starts an agent on a free port that is closed when the test is over, or, with `afterAll`, all tests of the file. */
export async function agent(
  options: Partial<AgentOptions> = {},
  whenOver: (close: () => Promise<void>) => void = onTestFinished,
): Promise<Agent> {
  const running = await startAgent(
    { ...defaultAgentOptions, models: MODELS, ...options },
    { host: "127.0.0.1", port: 0 },
  );
  whenOver(() => running.close());
  return running;
}

/** A client whose connections are closed when the test is over. */
export function client() {
  const peers = new Peers();
  onTestFinished(() => peers.close());
  const send = (peer: Omit<Peer, "tier">, method: "GET" | "PUT" | "POST", path: string, body?: Uint8Array | object) =>
    peers.send(
      { tier: "agent", ...peer },
      {
        ...{ method, path, timeout_s: 30 },
        body: body instanceof Uint8Array ? body : body === undefined ? "" : JSON.stringify(body),
      },
    );
  return {
    peers,
    send,
    /** Has a part cut. */
    async part(peer: Omit<Peer, "tier">, request: object): Promise<string> {
      return JSON.parse((await send(peer, "PUT", "/v1/parts", request)).body.toString("utf8")).segment;
    },
    async input(peer: Omit<Peer, "tier">, id: string, tensors: readonly Tensor[]): Promise<void> {
      await send(peer, "PUT", `/v1/inputs/${id}`, encode("raw", tensors));
    },
    /** Runs a plan at its first agent. */
    async run(
      peer: Omit<Peer, "tier">,
      plan: { codec: CodecName; input?: string; answer?: boolean; timeout_s?: number; steps: readonly object[] },
      body: Uint8Array = new Uint8Array(0),
      signal?: AbortSignal,
    ): Promise<{ message: Buffer; report: Report }> {
      const headers = { [PLAN_HEADER]: headerJson(plan) };
      const answer = await peers.send(
        { tier: "agent", ...peer },
        { method: "POST", path: "/v1/run", headers, body, timeout_s: 30, signal },
      );
      return { message: answer.body, report: JSON.parse(String(answer.headers[REPORT_HEADER])) };
    },
  };
}
