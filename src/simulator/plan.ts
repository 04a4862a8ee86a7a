import type { Sampler } from "./distributions.ts";

/**
 * A network of queues compiled to tables, for the two fast engines: first come first served (but for visits that go
 * ahead), unlimited queues, open arrivals, fixed routes. A visit is one stop of one class's route.
 */
export interface Plan {
  /** Servers of each station; `Infinity` where nobody waits. */
  readonly servers: readonly number[];
  readonly visits: readonly PlannedVisit[];
  readonly sources: readonly PlannedSource[];
}

export interface PlannedVisit {
  readonly station: number;
  /** Service times, seconds. */
  readonly service: Sampler;
  /** The service time if it is always the same, else NaN. */
  readonly constant_s: number;
  /** Goes before those that wait, behind others that do. */
  readonly ahead: boolean;
  /** The visit that follows, −1 where the request is complete. */
  readonly next: number;
  readonly source: number;
}

export interface PlannedSource {
  /** Times between arrivals, seconds; `Infinity` ends them. */
  readonly interarrival: Sampler;
  readonly first: number;
}

/** Totals of one visit, over all requests. */
export interface VisitTotals {
  readonly visits: number;
  readonly wait_s: number;
  readonly service_s: number;
}

/** Takes the latencies of n complete requests, seconds, in the order of completion, and the source of each. */
export type CompletionSink = (latencies: Float64Array, sources: Int32Array, n: number) => void;

/**
 * What executes a plan. `advance` may be called as often as one likes: parts of a run add up to the run.
 */
export interface Engine {
  /** Lets so many more requests arrive, over all sources, and stops when the last of them has. */
  advance(requests: number): void;
  /** Lets no more requests arrive, and completes those that are there. */
  finish(): void;
  /** Seconds simulated so far. */
  readonly now: number;
  readonly arrived: number;
  readonly events: number;
  totals(visit: number): VisitTotals;
}
