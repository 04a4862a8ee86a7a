import { loadSession, type Session } from "../profiler/index.ts";
import type { Part } from "./parts.ts";

/** Sessions that stay loaded, the least recently used given up for others. Used by one piece of work at a time. */
export class Sessions {
  readonly #most: number;
  readonly #warm = new Map<string, Session>();

  constructor(most: number) {
    this.#most = most;
  }

  /** The part's session, created when it is not there. */
  async warm(part: Part): Promise<Session> {
    let session = this.#warm.get(part.id);
    if (!session) {
      while (this.#warm.size >= this.#most) {
        const [oldest, idle] = this.#warm.entries().next().value!;
        this.#warm.delete(oldest);
        await idle.release();
      }
      session = await create(part);
    }
    this.#warm.delete(part.id);
    this.#warm.set(part.id, session);
    return session;
  }

  /** A session of its own for one request; whoever asked for it releases it. */
  async cold(part: Part): Promise<Session> {
    return create(part);
  }

  /** Gives up the sessions of all other parts. */
  async keepOnly(part: Part | undefined): Promise<void> {
    for (const [id, session] of [...this.#warm]) {
      if (id === part?.id) continue;
      this.#warm.delete(id);
      await session.release();
    }
  }

  close(): Promise<void> {
    return this.keepOnly(undefined);
  }
}

function create({ content, threads, externalFolder }: Part): Promise<Session> {
  return loadSession(content, { threads, optimisation: "all", externalFolder });
}
