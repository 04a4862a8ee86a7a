import type { CompletionSink, Engine, Plan, PlannedVisit, VisitTotals } from "./plan.ts";

/** Requests that pass a station together. */
const CHUNK = 4096;
/** More servers than this are better left to the event core. */
const MOST_SERVERS = 256;

/** All are the only source's. */
const FIRST = new Int32Array(CHUNK);

/** A chunk of requests: when each comes to the station, and when it came to the network. In order of `time`. */
interface Chunk {
  readonly time: Float64Array;
  readonly born: Float64Array;
}

/**
 * A station that takes a whole chunk at once and turns it, in place, into the chunk of those that have left it, which may
 * be fewer: who leaves last cannot be told before the next comes.
 */
interface Column extends VisitTotals {
  pass(chunk: Chunk, n: number): number;
  /** Those that are left, in order; at most CHUNK. */
  drain(chunk: Chunk): number;
}

/**
 * Whether recurrences can do the work of events: one source, and a route that comes to each station once. (First come
 * first served and unlimited queues are what every plan has.)
 */
export function isColumnar({ servers, visits, sources }: Plan): boolean {
  return (
    sources.length === 1 &&
    new Set(visits.map(({ station }) => station)).size === visits.length &&
    visits.every(({ station, constant_s }) =>
      servers[station] === Number.POSITIVE_INFINITY ? !Number.isNaN(constant_s) : servers[station]! <= MOST_SERVERS,
    )
  );
}

/**
 * The engine without events: one server's departures follow d = max(a, d') + s (Lindley, The theory of queues with a
 * single server, 1952), several servers' from a heap of the moments when each falls free (Kiefer and Wolfowitz, On the
 * theory of queues with many servers, 1955), whose minima, taken out, are the departures in order.
 */
export class Columnar implements Engine {
  readonly #sink: CompletionSink;
  readonly #plan: Plan;
  readonly #columns: Column[] = [];
  /** Index of a visit among the columns. */
  readonly #column: number[] = [];
  readonly #chunk: Chunk = { time: new Float64Array(CHUNK), born: new Float64Array(CHUNK) };
  #clock = 0;
  #now = 0;
  #arrived = 0;
  #completed = 0;
  #ended = false;

  constructor(plan: Plan, sink: CompletionSink) {
    this.#plan = plan;
    this.#sink = sink;
    for (let at = plan.sources[0]!.first; at >= 0; at = plan.visits[at]!.next) {
      this.#column[at] = this.#columns.length;
      this.#columns.push(columnOf(plan.visits[at]!, plan.servers[plan.visits[at]!.station]!));
    }
  }

  /** When the last of those that are complete was: requests are taken through one station after the other. */
  get now(): number {
    return this.#now;
  }
  get arrived(): number {
    return this.#arrived;
  }
  get events(): number {
    return this.#arrived + this.#columns.reduce((sum, { visits }) => sum + visits, 0);
  }

  totals(visit: number): VisitTotals {
    const { visits, wait_s, service_s } = this.#columns[this.#column[visit]!]!;
    return { visits, wait_s, service_s };
  }

  advance(requests: number): void {
    const { time, born } = this.#chunk;
    let left = requests;
    while (left > 0 && !this.#ended) {
      let n = Math.min(CHUNK, left);
      left -= n;
      const gaps = n === CHUNK ? time : time.subarray(0, n);
      this.#plan.sources[0]!.interarrival.fill(gaps);
      let clock = this.#clock;
      for (let i = 0; i < n; i++) {
        clock += time[i]!;
        time[i] = clock;
        born[i] = clock;
      }
      if (clock === Number.POSITIVE_INFINITY) {
        this.#ended = true;
        n = time.subarray(0, n).indexOf(clock);
      }
      this.#clock = clock;
      this.#arrived += n;
      this.#pass(0, n);
    }
  }

  finish(): void {
    for (let i = 0; i < this.#columns.length; i++) this.#pass(i + 1, this.#columns[i]!.drain(this.#chunk));
  }

  /** Takes the chunk through the columns from this one on, and to the statistics. */
  #pass(from: number, requests: number): void {
    const { time, born } = this.#chunk;
    let n = requests;
    for (let i = from; i < this.#columns.length; i++) n = this.#columns[i]!.pass(this.#chunk, n);
    if (n === 0) return;
    this.#now = time[n - 1]!;
    for (let i = 0; i < n; i++) time[i]! -= born[i]!;
    this.#completed += n;
    this.#sink(time, FIRST, n);
  }
}

function columnOf(visit: PlannedVisit, servers: number): Column {
  if (servers === Number.POSITIVE_INFINITY) return new Delay(visit.constant_s);
  if (servers === 1) return new OneServer(visit);
  return Number.isNaN(visit.constant_s) ? new Servers(visit, servers) : new EqualServices(visit.constant_s, servers);
}

/** Nobody waits, and everybody stays as long. */
class Delay implements Column {
  visits = 0;
  wait_s = 0;
  readonly #seconds: number;

  constructor(seconds: number) {
    this.#seconds = seconds;
  }

  get service_s(): number {
    return this.visits * this.#seconds;
  }

  pass({ time }: Chunk, n: number): number {
    for (let i = 0; i < n; i++) time[i]! += this.#seconds;
    this.visits += n;
    return n;
  }

  drain(): number {
    return 0;
  }
}

class OneServer implements Column {
  visits = 0;
  wait_s = 0;
  service_s = 0;
  #free = 0;
  readonly #visit: PlannedVisit;
  readonly #services = new Float64Array(CHUNK);

  constructor(visit: PlannedVisit) {
    this.#visit = visit;
  }

  pass({ time }: Chunk, n: number): number {
    const { constant_s } = this.#visit;
    let free = this.#free;
    let wait = 0;
    if (Number.isNaN(constant_s)) {
      const services = n === CHUNK ? this.#services : this.#services.subarray(0, n);
      this.#visit.service.fill(services);
      let total = 0;
      for (let i = 0; i < n; i++) {
        const come = time[i]!;
        const start = come > free ? come : free;
        wait += start - come;
        const service = services[i]!;
        total += service;
        free = start + service;
        time[i] = free;
      }
      this.service_s += total;
    } else {
      for (let i = 0; i < n; i++) {
        const come = time[i]!;
        const start = come > free ? come : free;
        wait += start - come;
        free = start + constant_s;
        time[i] = free;
      }
      this.service_s += n * constant_s;
    }
    this.#free = free;
    this.wait_s += wait;
    this.visits += n;
    return n;
  }

  drain(): number {
    return 0;
  }
}

/** Several servers that all take equally long: departures are in the order of arrivals, c behind one another. */
class EqualServices implements Column {
  visits = 0;
  wait_s = 0;
  readonly #seconds: number;
  readonly #free: Float64Array;
  #at = 0;

  constructor(seconds: number, servers: number) {
    this.#seconds = seconds;
    this.#free = new Float64Array(servers);
  }

  get service_s(): number {
    return this.visits * this.#seconds;
  }

  pass({ time }: Chunk, n: number): number {
    const free = this.#free;
    let at = this.#at;
    let wait = 0;
    for (let i = 0; i < n; i++) {
      const come = time[i]!;
      const soonest = free[at]!;
      const start = come > soonest ? come : soonest;
      wait += start - come;
      time[i] = start + this.#seconds;
      free[at] = time[i]!;
      at = at + 1 === free.length ? 0 : at + 1;
    }
    this.#at = at;
    this.wait_s += wait;
    this.visits += n;
    return n;
  }

  drain(): number {
    return 0;
  }
}

class Servers implements Column {
  visits = 0;
  wait_s = 0;
  service_s = 0;
  readonly #visit: PlannedVisit;
  readonly #services = new Float64Array(CHUNK);
  readonly #servers: number;
  /** A heap of servers by the moment when each falls free, and of those by who came first. */
  readonly #free: Float64Array;
  readonly #order: Float64Array;
  readonly #born: Float64Array;

  constructor(visit: PlannedVisit, servers: number) {
    this.#visit = visit;
    this.#servers = servers;
    // A child that is not there falls free never.
    this.#free = new Float64Array(2 * servers + 2)
      .fill(Number.POSITIVE_INFINITY)
      .fill(Number.NEGATIVE_INFINITY, 0, servers);
    this.#order = new Float64Array(2 * servers + 2);
    this.#born = new Float64Array(servers);
  }

  pass({ time, born }: Chunk, n: number): number {
    const free = this.#free;
    const order = this.#order;
    const borns = this.#born;
    const c = this.#servers;
    const services = n === CHUNK ? this.#services : this.#services.subarray(0, n);
    this.#visit.service.fill(services);
    const before = this.visits;
    let wait = 0;
    let total = 0;
    let left = 0;
    for (let i = 0; i < n; i++) {
      const come = time[i]!;
      const its = born[i]!;
      const soonest = free[0]!;
      const start = come > soonest ? come : soonest;
      wait += start - come;
      const service = services[i]!;
      total += service;
      const until = start + service;
      if (soonest !== Number.NEGATIVE_INFINITY) {
        // left ≤ i: what is written here has been read.
        time[left] = soonest;
        born[left] = borns[0]!;
        left++;
      }
      let at = 0;
      for (;;) {
        let child = 2 * at + 1;
        if (child >= c) break;
        let sooner = free[child]!;
        const other = free[child + 1]!;
        if (other < sooner || (other === sooner && order[child + 1]! < order[child]!)) {
          sooner = other;
          child++;
        }
        // Of equals the one that came first leaves first, and this one came last.
        if (until < sooner) break;
        free[at] = sooner;
        order[at] = order[child]!;
        borns[at] = borns[child]!;
        at = child;
      }
      free[at] = until;
      order[at] = before + i;
      borns[at] = its;
    }
    this.wait_s += wait;
    this.service_s += total;
    this.visits += n;
    return left;
  }

  drain({ time, born }: Chunk): number {
    const busy: number[] = [];
    for (let i = 0; i < this.#servers; i++) if (this.#free[i]! > Number.NEGATIVE_INFINITY) busy.push(i);
    busy.sort((a, b) => this.#free[a]! - this.#free[b]! || this.#order[a]! - this.#order[b]!);
    busy.forEach((server, i) => {
      time[i] = this.#free[server]!;
      born[i] = this.#born[server]!;
    });
    this.#free.fill(Number.NEGATIVE_INFINITY, 0, this.#servers);
    return busy.length;
  }
}
