import type { RandomStream } from "../random/index.ts";
import { Draws } from "./distributions.ts";
import type { Host } from "./host.ts";
import type { EventHandle, Kernel } from "./kernel.ts";
import { Heap, type Line, Ring, TwoLines } from "./lines.ts";
import type { StationSpec } from "./network.ts";
import { Rate } from "./ratetrace.ts";
import { RequestState, type Requests } from "./requests.ts";

/** Completions come before anything else that happens at the same time, so that a leaver makes room for a comer. */
const COMPLETION = -1;

/** What a station asks of the network around it. */
export interface Surroundings {
  readonly kernel: Kernel;
  readonly requests: Requests;
  priorityOf(request: number): number;
  /** Whether the request's visit goes before those that wait. */
  goesAhead(request: number): boolean;
  coresOf(request: number): number;
  /** The session that the request's visit needs, if any, and the work of loading it. */
  sessionOf(request: number): string | undefined;
  loadWork(request: number): number;
  /** The host of this name. */
  hostOf(name: string): Host;
  /** A service is complete; the request may move on. */
  served(request: number): void;
}

/** What happened at a station, or at all replicas of one together. */
export interface StationTotals {
  arrivals: number;
  rejected: number;
  /** Sessions that had to be loaded. */
  loads: number;
  /** Integrals over time of the requests that wait, that are served, and of the servers that are busy. */
  waiting_s: number;
  serving_s: number;
  busy_s: number;
  down_s: number;
  throttled_s: number;
}

/**
 * One station with everything that a station can have: a line, servers or sharing, batches, sessions, a rate that
 * changes, a token bucket, a processor quota, failures.
 *
 * Where the rate of work never changes, a service's end is an event. Elsewhere there is a virtual clock that runs at the
 * rate at which each job progresses (Parekh and Gallager, A generalized processor sharing approach, 1993; here all
 * shares are equal): a job is complete when that clock has moved on by the job's work, however the rate changed
 * meanwhile, and the only event is the next completion or the next change of rate.
 */
export class Station {
  readonly totals: StationTotals = {
    arrivals: 0,
    rejected: 0,
    loads: 0,
    waiting_s: 0,
    serving_s: 0,
    busy_s: 0,
    down_s: 0,
    throttled_s: 0,
  };
  readonly #spec: StationSpec;
  readonly #around: Surroundings;
  readonly #kernel: Kernel;
  readonly #requests: Requests;
  readonly #servers: number;
  readonly #sharing: boolean;
  readonly #limit: number;
  readonly #line: Line;
  /** Requests in the line that have not been given up. */
  #waiting = 0;
  /** Jobs being served, and the requests in them, which are more where there are batches. */
  #jobs = 0;
  #inService = 0;
  #accounted = 0;
  readonly #complete = (job: number) => this.#completed(job);

  // Batches.
  #batchTimer: EventHandle = -1;

  // The virtual clock, where the rate changes.
  readonly #steady: boolean;
  readonly #rate: Rate;
  readonly #finish: number[] = [];
  readonly #running: Heap;
  #virtual = 0;
  #virtualAt = 0;
  #progress = 0;
  #next: EventHandle = -1;
  #nextCompletes = false;
  readonly #tick = () => this.#changed();
  #burning = 0;
  /** Of each core that its jobs would burn, while the present plan holds. */
  #hostShare = 1;

  // Token bucket.
  #tokens: number;
  #idleSince = 0;

  // Quota.
  #allowance = Number.POSITIVE_INFINITY;
  readonly #phase: number;
  #periodEnd = Number.NEGATIVE_INFINITY;

  // Failures.
  #down = false;

  readonly #host: Host | undefined;
  /** As a host's tenant. */
  readonly #tenant = {
    demandOf: (): number => (this.#running.length === 0 || this.#stopped ? 0 : this.#burnRate()),
    get demand(): number {
      return this.demandOf();
    },
    settle: (): void => this.#settle(),
    plan: (): void => this.#plan(),
  };

  // Sessions, the least recently used first.
  readonly #loaded = new Map<string, number>();
  readonly #losses: RandomStream;

  constructor(spec: StationSpec, around: Surroundings, random: RandomStream) {
    this.#spec = spec;
    this.#around = around;
    this.#kernel = around.kernel;
    this.#requests = around.requests;
    this.#servers = spec.servers ?? 1;
    this.#sharing = spec.discipline === "sharing";
    this.#limit = spec.queue_limit ?? Number.POSITIVE_INFINITY;
    const line =
      spec.discipline === "priority"
        ? new Heap((request) => around.priorityOf(request))
        : new Ring(spec.discipline === "lifo");
    this.#line = new TwoLines(line, around.goesAhead);
    this.#rate = new Rate(spec.rate ?? 1);
    this.#running = new Heap((job) => this.#finish[job]!);
    this.#steady = !this.#sharing && this.#rate.constant && !spec.quota && !spec.failures && !spec.host;
    this.#host = spec.host === undefined ? undefined : around.hostOf(spec.host);
    this.#host?.add(this.#tenant);
    this.#tokens = spec.burst ?? 0;
    this.#losses = random.split("losses");
    this.#phase = spec.quota ? random.split("phase").uniform() * spec.quota.period_s : 0;
    if (spec.failures) {
      const up = new Draws(spec.failures.up, random.split("up"));
      const down = new Draws(spec.failures.down, random.split("down"));
      const turn = (isDown: boolean): void => {
        this.#account();
        this.#settle();
        this.#down = isDown;
        this.#replan();
        this.#kernel.schedule(this.#kernel.now + (isDown ? down : up).next(), turn, !isDown);
      };
      this.#kernel.schedule(this.#kernel.now + up.next(), turn, true);
    }
  }

  /** Requests here, waiting or served. */
  get present(): number {
    return this.#waiting + this.#inService;
  }

  /** Takes a request whose work is known. @returns false where no place is left for it */
  enter(request: number): boolean {
    this.#account();
    this.totals.arrivals++;
    const requests = this.#requests;
    requests.entered[request] = this.#kernel.now;
    if (this.#sharing) {
      if (this.#jobs >= this.#servers + this.#limit && !this.#around.goesAhead(request)) return this.#reject();
      this.#start(request, 1);
      return true;
    }
    if (this.#jobs < this.#servers && !this.#spec.batch) {
      this.#start(request, 1);
      return true;
    }
    if (this.#waiting >= this.#limit && !this.#around.goesAhead(request)) return this.#reject();
    requests.state[request] = RequestState.Waiting;
    this.#line.push(request);
    this.#waiting++;
    if (this.#spec.batch) this.#startBatches();
    return true;
  }

  /** A waiting request is given up; its place in the line stays until it comes up. */
  withdraw(request: number): void {
    this.#account();
    this.#requests.state[request] = RequestState.Abandoned;
    this.#waiting--;
  }

  /** Brings the totals up to the present. */
  #account(): void {
    const now = this.#kernel.now;
    const elapsed = now - this.#accounted;
    if (elapsed === 0) return;
    this.#accounted = now;
    const totals = this.totals;
    totals.waiting_s += elapsed * this.#waiting;
    totals.serving_s += elapsed * this.#inService;
    totals.busy_s += elapsed * (this.#jobs < this.#servers ? this.#jobs : this.#servers);
    if (this.#down) totals.down_s += elapsed;
    else if (this.#jobs > 0 && this.#allowance <= 0) totals.throttled_s += elapsed;
  }

  /** The totals of the whole time so far. */
  finalTotals(): StationTotals {
    this.#account();
    return this.totals;
  }

  #reject(): false {
    this.totals.rejected++;
    return false;
  }

  /** The next in the line who has not given up; −1 if there is none. */
  #takeNext(): number {
    while (this.#line.length > 0) {
      const request = this.#line.pop();
      if (this.#requests.state[request] === RequestState.Waiting) {
        this.#waiting--;
        return request;
      }
      this.#requests.free(request);
    }
    return -1;
  }

  #startBatches(): void {
    const { size, wait_s } = this.#spec.batch!;
    while (this.#jobs < this.#servers && this.#waiting > 0) {
      let first = this.#line.peek();
      while (this.#requests.state[first] !== RequestState.Waiting) {
        this.#requests.free(this.#line.pop());
        first = this.#line.peek();
      }
      if (this.#around.goesAhead(first)) {
        // It is served alone: it has no part in what batches share.
        this.#start(this.#takeNext(), 1);
        continue;
      }
      const due = this.#requests.entered[first]! + wait_s;
      if (this.#waiting < size && due > this.#kernel.now) {
        if (this.#batchTimer < 0) this.#batchTimer = this.#kernel.schedule(due, this.#batchDue, undefined);
        return;
      }
      if (this.#batchTimer >= 0) {
        this.#kernel.cancel(this.#batchTimer);
        this.#batchTimer = -1;
      }
      const leader = this.#takeNext();
      let last = leader;
      let members = 1;
      for (; members < size && this.#waiting > 0; members++) {
        const member = this.#takeNext();
        this.#requests.companion[last] = member;
        last = member;
      }
      this.#start(leader, members);
    }
  }

  readonly #batchDue = () => {
    this.#batchTimer = -1;
    this.#account();
    this.#startBatches();
  };

  #start(leader: number, members: number): void {
    const requests = this.#requests;
    const now = this.#kernel.now;
    let work = requests.work[leader]!;
    if (members > 1) work *= 1 + this.#spec.batch!.marginal * (members - 1);
    if (this.#spec.sessions) work += this.#loadSession(leader);
    if (this.#spec.loss) work += this.#resent(work, this.#spec.loss);
    if (this.#spec.burst) work = this.#spendTokens(work, this.#spec.burst);
    for (let member = leader; member >= 0; member = requests.companion[member]!) {
      requests.state[member] = RequestState.Underway;
      requests.started[member] = now;
    }
    this.#jobs++;
    this.#inService += members;
    if (this.#steady) {
      this.#kernel.schedule(now + work / this.#rate.at(now), this.#complete, leader, COMPLETION);
      return;
    }
    this.#settle();
    this.#burning += this.#around.coresOf(leader);
    this.#finish[leader] = this.#virtual + work;
    this.#running.push(leader);
    this.#replan();
  }

  #completed(job: number): void {
    this.#account();
    this.#jobs--;
    this.#idleSince = this.#kernel.now;
    if (!this.#steady) this.#burning -= this.#around.coresOf(job);
    const requests = this.#requests;
    for (let member = job; member >= 0; member = requests.companion[member]!) this.#inService--;
    // The server takes the next before the leaver may come back.
    if (this.#spec.batch) this.#startBatches();
    else if (!this.#sharing) {
      const next = this.#takeNext();
      if (next >= 0) this.#start(next, 1);
    }
    let member = job;
    while (member >= 0) {
      const following = requests.companion[member]!;
      requests.companion[member] = -1;
      this.#around.served(member);
      member = following;
    }
  }

  /** Work of loading the session that the request needs, 0 where it is loaded. */
  #loadSession(request: number): number {
    const name = this.#around.sessionOf(request);
    if (name === undefined) return 0;
    const { places, keep_s = Number.POSITIVE_INFINITY } = this.#spec.sessions!;
    const now = this.#kernel.now;
    const used = this.#loaded.get(name);
    this.#loaded.delete(name);
    const warm = used !== undefined && now - used <= keep_s;
    if (places > 0) this.#loaded.set(name, now);
    for (const oldest of this.#loaded.keys()) {
      if (this.#loaded.size <= places) break;
      this.#loaded.delete(oldest);
    }
    if (warm) return 0;
    this.totals.loads++;
    return this.#around.loadWork(request);
  }

  /** Work of the packets that are sent again. Each round's losses go out together, after a pause that is work, too. */
  #resent(work: number, { probability, packet, round_s }: NonNullable<StationSpec["loss"]>): number {
    let packets = Math.ceil(work / packet);
    let again = 0;
    let rounds = 0;
    while (packets > 0) {
      packets = losses(packets, probability, this.#losses);
      again += packets;
      if (packets > 0) rounds++;
    }
    return again * packet + rounds * round_s * this.#rate.at(this.#kernel.now);
  }

  /** What is left of the work after the bucket has let some pass. While something is sent the bucket does not fill. */
  #spendTokens(work: number, burst: number): number {
    const now = this.#kernel.now;
    if (this.#jobs === 0) {
      this.#tokens = Math.min(burst, this.#tokens + this.#rate.between(this.#idleSince, now));
      this.#idleSince = now;
    }
    const passed = Math.min(this.#tokens, work);
    this.#tokens -= passed;
    return work - passed;
  }

  /** Moves the virtual clock, and what the quota has left, to the present. */
  #settle(): void {
    const now = this.#kernel.now;
    const elapsed = now - this.#virtualAt;
    this.#virtualAt = now;
    if (this.#jobs > 0 && this.#running.length > 0) {
      this.#virtual += elapsed * this.#progress;
      if (this.#spec.quota && this.#progress > 0) this.#allowance -= elapsed * this.#burnRate() * this.#hostShare;
    } else this.#virtual = 0;
    if (this.#spec.quota) {
      const { cores, period_s } = this.#spec.quota;
      if (now >= this.#periodEnd) {
        const period = Math.floor((now + this.#phase) / period_s);
        this.#periodEnd = (period + 1) * period_s - this.#phase;
        // The division may round to the period that is over.
        if (this.#periodEnd <= now) this.#periodEnd = (period + 2) * period_s - this.#phase;
        this.#allowance = cores * period_s;
      }
      // What would last for less than the clock can tell is nothing.
      if (this.#allowance <= this.#burning * now * 2 ** -50) this.#allowance = 0;
    }
  }

  #burnRate(): number {
    return this.#sharing && this.#running.length > this.#servers
      ? (this.#burning * this.#servers) / this.#running.length
      : this.#burning;
  }

  get #stopped(): boolean {
    return this.#down || this.#allowance <= 0;
  }

  /** Plans anew after a change of what is being served: where there is a host, with the others on it. */
  #replan(): void {
    if (this.#host) this.#host.changed(this.#tenant);
    else this.#plan();
  }

  /** Sets the rate of progress from the present on, and schedules the next completion or change. */
  #plan(): void {
    if (this.#next >= 0) {
      this.#kernel.cancel(this.#next);
      this.#next = -1;
    }
    if (this.#running.length === 0) return;
    const now = this.#kernel.now;
    const stopped = this.#stopped;
    const share = this.#sharing ? Math.min(1, this.#servers / this.#running.length) : 1;
    this.#hostShare = this.#host?.share ?? 1;
    this.#progress = stopped ? 0 : share * this.#hostShare * this.#rate.at(now);
    const left = Math.max(0, this.#running.least - this.#virtual);
    const completion = this.#progress > 0 ? now + left / this.#progress : Number.POSITIVE_INFINITY;
    let change = this.#rate.changesAfter(now);
    if (this.#spec.quota) {
      change = Math.min(change, this.#periodEnd);
      if (!stopped) change = Math.min(change, now + this.#allowance / (this.#burnRate() * this.#hostShare));
    }
    // Work that ends together with the allowance is complete: rounding must not cost it a period.
    this.#nextCompletes = completion - change <= 1e-9 * (this.#spec.quota?.period_s ?? 0);
    const at = this.#nextCompletes ? Math.min(completion, change) : change;
    if (at < Number.POSITIVE_INFINITY) {
      this.#next = this.#kernel.schedule(at, this.#tick, undefined, this.#nextCompletes ? COMPLETION : 0);
    }
  }

  #changed(): void {
    this.#next = -1;
    this.#account();
    this.#settle();
    if (!this.#nextCompletes) {
      this.#replan();
      return;
    }
    const job = this.#running.pop();
    // What rounding has left of the way is no way.
    this.#virtual = this.#finish[job]!;
    if (this.#running.length === 0) this.#virtual = 0;
    this.#completed(job);
    if (this.#next < 0) this.#replan();
  }
}

/** How many of n independent trials succeed, by the geometric gaps between successes. */
function losses(n: number, probability: number, stream: RandomStream): number {
  if (probability <= 0) return 0;
  const scale = 1 / Math.log1p(-probability);
  let count = 0;
  for (let at = Math.floor(Math.log(stream.uniform()) * scale); at < n; count++) {
    at += 1 + Math.floor(Math.log(stream.uniform()) * scale);
  }
  return count;
}
