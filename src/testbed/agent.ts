import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import os from "node:os";
import path from "node:path";
import { Problem } from "../formats/problem.ts";
import { describeHost, freeBuffer, RUNTIME } from "../profiler/index.ts";
import { checkAccess, checkOpenness } from "./access.ts";
import { answerJson, answerRefusal, readBody } from "./answers.ts";
import { Peers } from "./client.ts";
import { Engine } from "./engine.ts";
import { ModelFolder } from "./models.ts";
import { processorTime } from "./processors.ts";
import {
  headerJson,
  headerReport,
  type PartRequest,
  PLAN_HEADER,
  type Plan,
  parseAs,
  partSchema,
  planSchema,
  REPORT_HEADER,
} from "./protocol.ts";
import { Places } from "./queue.ts";
import { Refusal, refusalOf } from "./refusal.ts";
import { type House, serveRun } from "./serving.ts";
import { now } from "./waiting.ts";

/** Plans with a few long host names and tokens pass; Node's own limit is 16 KiB. */
const MAX_HEADER_BYTES = 64 << 10;
/** Larger than any pause between two requests of one measurement; a client closes first. */
const KEEP_ALIVE_MS = 15 * 60_000;
/** Connections that may wait to be taken. */
const BACKLOG = 2048;
/** Of JSON documents. */
const MAX_DOCUMENT_BYTES = 1 << 20;

export interface AgentOptions {
  /** Folder whose ONNX files may be loaded. */
  readonly models: string;
  readonly token?: string | undefined;
  /** Largest body that is taken, bytes. */
  readonly maxBodyBytes: number;
  /** Intra-op threads of parts that ask for no other number. */
  readonly threads: number;
  /** Requests that may be in the house at once; more are told that it is busy. */
  readonly queue: number;
  /** Warm sessions that stay loaded. */
  readonly sessions: number;
  /** Folder for cut parts; left out: a temporary one of its own, removed at the end. */
  readonly cache?: string | undefined;
}

export const defaultAgentOptions = {
  maxBodyBytes: 512 * 2 ** 20,
  threads: 1,
  queue: 256,
  sessions: 8,
} as const;

/** Where an agent listens: an address of this machine, and beside it, if given, a socket of the file system. */
export interface Address {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  readonly socket?: string | undefined;
}

/** One tier, serving. */
export interface Agent {
  readonly host: string;
  readonly port: number;
  /** `http://host:port`. */
  readonly url: string;
  /** Breaks off what is under way and frees everything. */
  close(): Promise<void>;
}

/**
 * Serves one tier.
 * @throws Problem when it would be open to a network without a token, the folder is missing or the address is taken
 */
export async function startAgent(options: AgentOptions, address: Address): Promise<Agent> {
  checkOpenness(address.host, options.token);
  // Said here, before there is an engine to say it.
  new ModelFolder(options.models);
  const cache = options.cache ?? mkdtempSync(path.join(os.tmpdir(), "tierwise-agent-"));
  const { models, threads, sessions } = options;
  const engine = new Engine({ models, cache, threads, sessions });
  const peers = new Peers();
  const house: Household = { options, places: new Places(options.queue), engine, peers };
  const handle = (request: IncomingMessage, response: ServerResponse) => {
    response.on("error", () => {});
    void answer(house, request, response).catch((error: unknown) => answerRefusal(response, refusalOf(error)));
  };
  const servers = [await listen(handle, { host: address.host, port: address.port })];
  if (address.socket !== undefined) servers.push(await listen(handle, { path: address.socket }));
  const { port } = servers[0]!.address() as AddressInfo;
  // Whoever is told that the agent is ready need not wait for its engine.
  await engine.ask({ kind: "names" });
  return {
    host: address.host,
    port,
    url: `http://${address.host.includes(":") ? `[${address.host}]` : address.host}:${port}`,
    async close() {
      for (const server of servers) server.closeAllConnections();
      await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
      await peers.close();
      await engine.close();
      if (options.cache === undefined) rmSync(cache, { recursive: true, force: true });
    },
  };
}

interface Household extends House {
  readonly options: AgentOptions;
  readonly places: Places;
}

function listen(
  handle: (request: IncomingMessage, response: ServerResponse) => void,
  where: { host: string; port: number } | { path: string },
): Promise<Server> {
  const server = createServer(
    // A slow link takes as long over a body as it must.
    { requestTimeout: 0, headersTimeout: 60_000, keepAliveTimeout: KEEP_ALIVE_MS, maxHeaderSize: MAX_HEADER_BYTES },
    handle,
  );
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => reject(cannotListen(where, error)));
    server.listen({ ...where, backlog: BACKLOG }, () => resolve(server));
  });
}

function cannotListen(
  where: { host?: string; port?: number; path?: string },
  { code, message }: NodeJS.ErrnoException,
) {
  const place = where.path ?? `${where.host} port ${where.port}`;
  const words: Record<string, string> = {
    EADDRINUSE: "another program listens there; choose another --port",
    EACCES: "permission denied",
    EADDRNOTAVAIL: "this machine has no such address",
    ENOTFOUND: "this machine has no such address",
  };
  return new Problem(`cannot listen on ${place}: ${words[code ?? ""] ?? message}.`);
}

type Handler = (house: Household, request: IncomingMessage, response: ServerResponse, rest: string) => Promise<void>;

/** By method and path; a path that ends in a slash has something after it. */
const ROUTES: Readonly<Record<string, Handler>> = {
  "GET /v1/info": info,
  "POST /v1/models": describeModel,
  "PUT /v1/parts": preparePart,
  "PUT /v1/inputs/": putInput,
  "POST /v1/reach": reach,
  "POST /v1/run": run,
};

async function answer(house: Household, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = (request.url ?? "/").split("?")[0]!;
  if (request.method === "GET" && path === "/v1/health") {
    answerJson(response, 200, { ok: true, token_required: house.options.token !== undefined });
    return;
  }
  checkAccess(request, house.options.token);
  const [, folder, rest] = /^(\/v1\/[a-z]+\/?)(.*)$/.exec(path) ?? [];
  const handler = ROUTES[`${request.method} ${folder}`];
  if (!handler || (rest !== "" && !folder!.endsWith("/")))
    throw new Refusal(
      404,
      `there is no ${request.method} ${path}; there are GET /v1/health, ${Object.keys(ROUTES).join(", ")}`,
    );
  await handler(house, request, response, rest!);
}

async function info(house: Household, _: IncomingMessage, response: ServerResponse): Promise<void> {
  const { options, places, engine } = house;
  answerJson(response, 200, {
    host: describeHost(),
    runtime: RUNTIME,
    token_required: options.token !== undefined,
    threads: options.threads,
    max_body_bytes: options.maxBodyBytes,
    in_house: places.taken,
    ...processorTime(),
    models: await engine.ask({ kind: "names" }),
  });
}

async function askedPart(request: IncomingMessage): Promise<PartRequest> {
  return parseAs(partSchema, (await readBody(request, MAX_DOCUMENT_BYTES)).toString("utf8"), "the body");
}

async function describeModel({ engine }: Household, request: IncomingMessage, response: ServerResponse): Promise<void> {
  answerJson(response, 200, await engine.ask({ kind: "describe", asked: await askedPart(request) }));
}

async function preparePart({ engine }: Household, request: IncomingMessage, response: ServerResponse): Promise<void> {
  answerJson(response, 200, await engine.ask({ kind: "prepare", asked: await askedPart(request) }));
}

async function putInput(house: Household, request: IncomingMessage, response: ServerResponse, id: string) {
  if (!/^[\w-]{1,64}$/.test(id)) throw new Refusal(400, "an input's id has 1 to 64 letters, digits, _ and -");
  const message = await readBody(request, house.options.maxBodyBytes);
  answerJson(response, 200, await house.engine.ask({ kind: "input", id, message }));
}

function planOf(request: IncomingMessage): Plan {
  const text = request.headers[PLAN_HEADER];
  if (typeof text !== "string")
    throw new Refusal(400, `the header "${PLAN_HEADER}" is missing: it says which part to run, and where to go on`);
  return parseAs(planSchema, text, `the header "${PLAN_HEADER}"`);
}

/** Makes the connections that a run of this plan will use, and says what runs there. */
async function reach(house: Household, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const plan = planOf(request);
  const [here, next, ...rest] = plan.steps;
  let behind: unknown[] = [];
  if (next?.url !== undefined) {
    const { tier, url, token } = next;
    const onwards = { ...plan, input: undefined, steps: [{ ...next, token: undefined }, ...rest] };
    const answered = await house.peers.send(
      { tier, url, token },
      { method: "POST", path: "/v1/reach", headers: { [PLAN_HEADER]: headerJson(onwards) }, timeout_s: plan.timeout_s },
    );
    behind = (JSON.parse(answered.body.toString("utf8")) as { tiers: unknown[] }).tiers;
  }
  const { id, cpu, cores, runtime } = describeHost();
  answerJson(response, 200, { tiers: [{ tier: here!.tier, host: { id, cpu, cores, runtime } }, ...behind] });
}

async function run(house: Household, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const leave = house.places.take();
  const aborted = new AbortController();
  // An asker who is gone needs no answer, nor the tiers behind.
  response.on("close", () => {
    if (!response.writableFinished) aborted.abort();
  });
  try {
    const plan = planOf(request);
    const body = await readBody(request, house.options.maxBodyBytes);
    const { message, report } = await serveRun(plan, body, now(), house, aborted.signal);
    if (aborted.signal.aborted) return;
    response.writeHead(200, {
      "content-type": "application/octet-stream",
      "content-length": message.length,
      [REPORT_HEADER]: headerReport(report),
    });
    response.end(message, () => freeBuffer(message));
  } finally {
    leave();
  }
}
