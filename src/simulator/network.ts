import type { Distribution } from "./distributions.ts";

/**
 * A network of queues as data. Work is in the station's own unit, and its rate in that unit per second: a tier does
 * seconds of work at rate 1, a link passes bits at its bandwidth.
 */
export interface Network {
  readonly stations: Readonly<Record<string, StationSpec>>;
  readonly classes: Readonly<Record<string, ClassSpec>>;
  /** Machines that several stations run on. */
  readonly hosts?: Readonly<Record<string, HostSpec>>;
}

/**
 * Where the jobs of a host's stations need more cores than it has, all of them progress at the share that there is for each
 * (egalitarian processor sharing).
 */
export interface HostSpec {
  readonly cores: number;
}

export interface StationSpec {
  /**
   * How many are served at once; `Infinity` where nobody ever waits.
   * @default 1
   */
  readonly servers?: number;
  /**
   * Stations of this kind side by side, each with its own queue and its own failures.
   * @default 1
   */
  readonly replicas?: number;
  /** @default "shortest-queue" */
  readonly balancer?: "random" | "round-robin" | "shortest-queue" | "two-choices";
  /**
   * Who is served next. "sharing": all are served at once, and share the servers evenly (egalitarian processor sharing;
   * on a link, max-min fair flows).
   * @default "fifo"
   */
  readonly discipline?: "fifo" | "lifo" | "priority" | "sharing";
  /** Places in a replica's queue; who finds none is rejected. Left out: no limit. */
  readonly queue_limit?: number;
  /**
   * Units of work per second of one server, or its steps over time.
   * @default 1
   */
  readonly rate?: number | RateTrace;
  /** Work that passes at once after a pause (the depth of a token bucket that fills at `rate`). */
  readonly burst?: number;
  /** Of packets of this much work, a share is lost, and sent again in a further round. */
  readonly loss?: { readonly probability: number; readonly packet: number; readonly round_s: number };
  /**
   * Requests are served together: as soon as `size` wait, or the first has waited `wait_s`. A batch of n takes its first
   * request's service times 1 + marginal · (n − 1).
   */
  readonly batch?: { readonly size: number; readonly wait_s: number; readonly marginal: number };
  /** Processor seconds per second that all jobs together may burn, given anew each period (CFS bandwidth control). */
  readonly quota?: { readonly cores: number; readonly period_s: number };
  /** How many sessions stay loaded, the least recently used making room; and for how long after their last use. */
  readonly sessions?: { readonly places: number; readonly keep_s?: number };
  /** One of the network's hosts. Left out: cores of its own. */
  readonly host?: string;
  /** Up and down times in turn; what is being served when the station goes down goes on after the repair. */
  readonly failures?: { readonly up: Distribution; readonly down: Distribution };
}

/** A rate that changes in steps, the first at 0. */
export interface RateTrace {
  readonly steps: readonly { readonly at_s: number; readonly rate: number }[];
  /** After so many seconds the trace begins again. Left out: the last rate stays. */
  readonly repeat_s?: number;
}

export interface ClassSpec {
  readonly arrivals: Arrivals;
  /** Stops in their order; at least one. */
  readonly route: readonly VisitSpec[];
  /**
   * At stations whose discipline is "priority": lower is served first.
   * @default 0
   */
  readonly priority?: number;
  /** Seconds after which a request is given up. One that is being served then occupies its server to the end. */
  readonly timeout_s?: number;
  /** A request that was rejected or given up starts again, at most so often, after a wait. */
  readonly retries?: { readonly most: number; readonly wait_s: number };
}

export type Arrivals =
  /** Independent times between arrivals; exponential ones make a Poisson process. */
  | { readonly kind: "renewal"; readonly gap: Distribution }
  /** Poisson arrivals whose rate changes between states in turn, each lasting exponentially (MMPP). */
  | { readonly kind: "mmpp"; readonly states: readonly { readonly rate: number; readonly mean_s: number }[] }
  /** These moments, ascending. */
  | { readonly kind: "trace"; readonly times_s: readonly number[] }
  /** So many users, each of whom thinks, sends a request, and awaits its answer. */
  | { readonly kind: "closed"; readonly population: number; readonly think: Distribution };

export interface VisitSpec {
  readonly station: string;
  readonly work: Distribution;
  /**
   * Cores that the work burns while it is served, for quotas.
   * @default 1
   */
  readonly cores?: number;
  /** Seconds after the service during which the request is under way and the server is free, such as propagation. */
  readonly delay_s?: number;
  /**
   * Goes before all that wait at the station, behind other visits that do; what is being served goes on. It is served alone where
   * there are batches, and never rejected for want of a place.
   * @default false
   */
  readonly ahead?: boolean;
  /** The session that the work needs, and the work of loading it where it is not loaded. */
  readonly session?: { readonly name: string; readonly load: Distribution };
}
