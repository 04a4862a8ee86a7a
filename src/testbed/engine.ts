import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import type { PartRequest } from "./protocol.ts";
import { Refusal } from "./refusal.ts";
import type { Stop, StopOutcome } from "./stops.ts";
import { now } from "./waiting.ts";

export interface EngineOptions {
  readonly models: string;
  /** Folder for parts. */
  readonly cache: string;
  readonly threads: number;
  readonly sessions: number;
}

export type EngineRequest =
  | { readonly kind: "names" | "close" }
  | { readonly kind: "describe" | "prepare"; readonly asked: PartRequest }
  | { readonly kind: "input"; readonly id: string; readonly message: Uint8Array }
  | { readonly kind: "stop"; readonly stop: Stop };
export type EngineMessage =
  | { readonly id: number; readonly sent: number; readonly request: EngineRequest }
  | { readonly cancel: number };
export interface EngineAnswer {
  readonly id: number;
  readonly value?: unknown;
  readonly refused?: { readonly status: number; readonly text: string; readonly tier: string | undefined };
}

interface Asked {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/**
 * A tier's computing, in a thread of its own: the runtime's binding holds its thread up while it infers, as codecs do,
 * and messages must come and go meanwhile, or a busy tier would hold up the links beside it.
 */
export class Engine {
  readonly #worker: Worker;
  readonly #asked = new Map<number, Asked>();
  #count = 0;

  constructor(options: EngineOptions) {
    this.#worker = new Worker(threadFile(), { workerData: options });
    // The agent's sockets keep the process going, not its engine.
    this.#worker.unref();
    this.#worker.on("message", ({ id, value, refused }: EngineAnswer) => {
      const asked = this.#asked.get(id);
      this.#asked.delete(id);
      if (refused) asked?.reject(new Refusal(refused.status, refused.text, refused.tier));
      else asked?.resolve(value);
    });
    this.#worker.on("error", (error) => this.#fail(`the agent's engine failed: ${error.message}`));
    this.#worker.on("exit", () => this.#fail("the agent's engine has ended"));
  }

  /** @throws Refusal */
  async ask<T>(request: EngineRequest, signal?: AbortSignal): Promise<T> {
    signal?.throwIfAborted();
    const id = this.#count++;
    const cancel = () => this.#worker.postMessage({ cancel: id } satisfies EngineMessage);
    signal?.addEventListener("abort", cancel, { once: true });
    try {
      return await new Promise<T>((resolve, reject) => {
        this.#asked.set(id, { resolve: (value) => resolve(value as T), reject });
        this.#worker.ref();
        this.#worker.postMessage({ id, sent: now(), request } satisfies EngineMessage, bytesOf(request));
      });
    } finally {
      signal?.removeEventListener("abort", cancel);
      if (this.#asked.size === 0) this.#worker.unref();
    }
  }

  /** The bytes of the stop's message go over to the engine, and are gone here. */
  stop(stop: Stop, signal: AbortSignal): Promise<StopOutcome> {
    return this.ask<StopOutcome>({ kind: "stop", stop }, signal);
  }

  async close(): Promise<void> {
    await this.ask({ kind: "close" }).catch(() => {});
    await this.#worker.terminate();
  }

  #fail(message: string): void {
    for (const { reject } of this.#asked.values()) reject(new Refusal(500, message));
    this.#asked.clear();
  }
}

/** Memory that is handed over instead of copied. */
function bytesOf(request: EngineRequest): ArrayBuffer[] {
  const bytes =
    request.kind === "input"
      ? request.message
      : request.kind === "stop" && "body" in request.stop.from
        ? request.stop.from.body
        : undefined;
  return bytes && bytes.length > 0 && bytes.byteLength === bytes.buffer.byteLength ? [bytes.buffer as ArrayBuffer] : [];
}

/** The compiled thread; beside the sources, as tests see them, it lies in dist. */
function threadFile(): string {
  const beside = fileURLToPath(new URL("./enginethread.js", import.meta.url));
  return existsSync(beside) ? beside : fileURLToPath(new URL("../../dist/testbed/enginethread.js", import.meta.url));
}
