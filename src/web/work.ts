import type { Crossover } from "../costmodel/index.ts";
import type { Variant } from "./catalogue.ts";
import {
  type Choice,
  crossingOf,
  type Front,
  frontOf,
  type LoadStudy,
  loadStudy,
  type Standing,
} from "./engine/index.ts";
import type { Scene } from "./scene.ts";

/** A scene without its variants: these are large, and sent once. */
type Bare = Omit<Scene, "variants">;

/** What takes longer than a frame. */
export interface Job {
  readonly scene: Bare;
  readonly standings: readonly Standing[];
  readonly shown: Choice;
  /** Requests to simulate at each rate. */
  readonly requests: number;
  /** Whether only the simulation is to be done, more thoroughly. */
  readonly refine: boolean;
}

/** What comes of it, piece by piece. */
export type Piece =
  | { readonly crossing: Crossover | null }
  | { readonly front: Front }
  | { readonly load: LoadStudy }
  | { readonly problem: string };

type Message = { readonly variants: readonly Variant[] } | { readonly job: Job };
type Reply = Piece | { readonly done: true };

function perform(variants: readonly Variant[], job: Job, tell: (piece: Piece) => void): void {
  const scene: Scene = { ...job.scene, variants };
  try {
    if (!job.refine) {
      tell({ crossing: crossingOf(scene, job.shown.operator) });
      tell({ front: frontOf(scene, job.standings) });
    }
    tell({ load: loadStudy(scene, job.shown, job.requests) });
  } catch (error) {
    tell({ problem: (error as Error).message });
  }
}

/** The worker's side: the same script as the page's, started without a document. */
export function serveJobs(): void {
  let variants: readonly Variant[] = [];
  addEventListener("message", ({ data }: MessageEvent<Message>) => {
    if ("variants" in data) {
      variants = data.variants;
      return;
    }
    perform(variants, data.job, (piece) => postMessage(piece satisfies Reply));
    postMessage({ done: true } satisfies Reply);
  });
}

/** How many times as long as it worked the worker rests. */
const RESTS = 2;
const QUICK = 400;
const THOROUGH = 8000;

/**
 * The page's side. Jobs are done one at a time; of those that come meanwhile only the last is kept. When no more come,
 * the simulation is done again, more thoroughly.
 */
export class Workshop {
  readonly #tell: (piece: Piece) => void;
  #worker: Worker | null;
  #variants: readonly Variant[] = [];
  #busy = false;
  #began_ms = 0;
  #current: Job | null = null;
  #next: Job | null = null;

  /** @param script source of the page's script, to start a worker from; null does the work here, between events */
  constructor(script: string | null, tell: (piece: Piece) => void) {
    this.#tell = tell;
    this.#worker = script === null ? null : startWorker(script);
    this.#worker?.addEventListener("message", ({ data }: MessageEvent<Reply>) => {
      if ("done" in data) this.#finished();
      else this.#tell(data);
    });
    this.#worker?.addEventListener("error", () => {
      // What a worker cannot do is done here.
      this.#worker?.terminate();
      this.#worker = null;
      this.#next = this.#next?.refine === false ? this.#next : this.#current;
      this.#finished();
    });
  }

  ask({ variants, ...scene }: Scene, standings: readonly Standing[], shown: Choice): void {
    if (variants.length !== this.#variants.length || variants.some((variant, i) => variant !== this.#variants[i])) {
      this.#variants = variants;
      this.#worker?.postMessage({ variants } satisfies Message);
    }
    this.#next = { scene, standings, shown, requests: QUICK, refine: false };
    this.#start();
  }

  #start(): void {
    if (this.#busy || !this.#next) return;
    const job = this.#next;
    this.#busy = true;
    this.#began_ms = performance.now();
    this.#current = job;
    this.#next = job.refine ? null : { ...job, requests: THOROUGH, refine: true };
    if (this.#worker) this.#worker.postMessage({ job } satisfies Message);
    else {
      const variants = this.#variants;
      setTimeout(() => {
        perform(variants, job, this.#tell);
        this.#finished();
      });
    }
  }

  #finished(): void {
    this.#busy = false;
    // A worker that never rests would take a core from the page, which draws on two threads itself.
    setTimeout(() => this.#start(), RESTS * (performance.now() - this.#began_ms));
  }
}

/** Null where the browser starts none, as some do not for a page opened from disk. */
function startWorker(script: string): Worker | null {
  try {
    // Not as a module: of a page from disk, a module that has no origin may not be loaded.
    return new Worker(URL.createObjectURL(new Blob([script], { type: "text/javascript" })));
  } catch {
    return null;
  }
}
