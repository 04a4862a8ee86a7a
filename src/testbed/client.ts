import { Pool } from "undici";
import { refusalMessage } from "./answers.ts";
import { Refusal } from "./refusal.ts";

/** Idle connections stay, so that no request pays for making one. */
const KEEP_ALIVE_MS = 10 * 60_000;
const CONNECT_MS = 10_000;

/** Where an agent is, and how to be let in. */
export interface Peer {
  /** Its tier's name, for messages. */
  readonly tier: string;
  /** `http://host:port`, or `unix:/path` for an agent on this machine. */
  readonly url: string;
  readonly token?: string | undefined;
}

export interface PeerRequest {
  readonly method: "GET" | "PUT" | "POST";
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
  readonly timeout_s: number;
  readonly signal?: AbortSignal | undefined;
}

export interface PeerAnswer {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

/** Agents as their clients see them, over connections that are kept. */
export class Peers {
  readonly #pools = new Map<string, Pool>();

  /**
   * Sends a request and takes the whole answer.
   * @throws Refusal 502 where the agent cannot be reached, breaks off or refuses, 503 where it is busy, 504 where it takes
   *   too long; each names its tier
   */
  async send({ tier, url, token }: Peer, request: PeerRequest): Promise<PeerAnswer> {
    const { method, path, headers, body, timeout_s, signal } = request;
    const timeout = AbortSignal.timeout(Math.ceil(timeout_s * 1000));
    try {
      const answer = await this.#pool(url).request({
        method,
        path,
        headers: { ...headers, ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) },
        body: body ?? null,
        signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
      });
      const bytes = Buffer.from(await answer.body.arrayBuffer());
      if (answer.statusCode === 200) return { headers: answer.headers, body: bytes };
      throw refused(tier, answer.statusCode, bytes);
    } catch (error) {
      if (error instanceof Refusal || signal?.aborted) throw error;
      if (timeout.aborted) throw new Refusal(504, `tier "${tier}" did not answer within ${timeout_s} s`, tier);
      throw new Refusal(502, `tier "${tier}" cannot be reached or broke off: ${reasonOf(error)}`, tier);
    }
  }

  /** Breaks off what is under way. */
  async close(): Promise<void> {
    await Promise.all([...this.#pools.values()].map((pool) => pool.destroy()));
    this.#pools.clear();
  }

  /** Forgets connections to an agent that was started anew. */
  async forget(url: string): Promise<void> {
    const pool = this.#pools.get(url);
    this.#pools.delete(url);
    await pool?.destroy();
  }

  #pool(url: string): Pool {
    let pool = this.#pools.get(url);
    if (!pool) {
      const socketPath = url.startsWith("unix:") ? url.slice("unix:".length) : undefined;
      pool = new Pool(socketPath === undefined ? new URL(url).origin : "http://localhost", {
        pipelining: 1,
        connect: { timeout: CONNECT_MS, ...(socketPath === undefined ? {} : { socketPath }) },
        keepAliveTimeout: KEEP_ALIVE_MS,
        keepAliveMaxTimeout: KEEP_ALIVE_MS,
        // A slow link may need longer than any default; each request has a time limit of its own.
        headersTimeout: 0,
        bodyTimeout: 0,
      });
      this.#pools.set(url, pool);
    }
    return pool;
  }
}

/** A refusal of the next tier, or of one behind it that it names, as this side passes it on. */
function refused(tier: string, status: number, body: Buffer): Refusal {
  const { error, tier: behind } = refusalMessage(body);
  const who = behind ?? tier;
  if (behind !== undefined && (status === 502 || status === 503 || status === 504))
    return new Refusal(status, error, behind);
  return new Refusal(status === 503 ? 503 : 502, `tier "${who}" refused (${status}): ${error}`, who);
}

function reasonOf(error: unknown): string {
  const { code, message } = error as { code?: string; message?: string };
  const words: Record<string, string> = {
    ECONNREFUSED: "nothing listens there",
    ECONNRESET: "the connection was reset",
    EPIPE: "the connection was closed",
    UND_ERR_SOCKET: "the connection was closed",
    UND_ERR_CONNECT_TIMEOUT: "no connection came about in time",
    ENOENT: "nothing listens there",
    ENOTFOUND: "the name of its host is not known",
    EHOSTUNREACH: "there is no way to its host",
  };
  return (code && words[code]) || code || message || "unknown";
}
