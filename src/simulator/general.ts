import { BLOCK, type RandomStream } from "../random/index.ts";
import { gapsOf } from "./arrivals.ts";
import { Draws } from "./distributions.ts";
import { Group } from "./groups.ts";
import { Host } from "./host.ts";
import { Kernel } from "./kernel.ts";
import type { ClassSpec, Network } from "./network.ts";
import type { CompletionSink, Engine, VisitTotals } from "./plan.ts";
import { RequestState, Requests } from "./requests.ts";
import type { Station, StationTotals } from "./station.ts";

/** Completions that are handed on together. */
const BUFFER = 1024;

/** One request's stay at one station, for looking at. */
export interface Stay {
  readonly request: number;
  readonly class: string;
  /** Index in the class's route. */
  readonly visit: number;
  readonly station: string;
  readonly entered_s: number;
  readonly started_s: number;
  readonly left_s: number;
}

/** What became of a class's requests. */
export interface ClassTotals {
  arrived: number;
  completed: number;
  /** Given up for good, by reason; attempts that were repeated are in `retries` instead. */
  rejected: number;
  timed_out: number;
  retries: number;
}

interface Visit {
  readonly group: number;
  readonly work: Draws;
  readonly load: Draws | undefined;
  readonly totals: { visits: number; wait_s: number; service_s: number };
}

interface Kind {
  readonly name: string;
  readonly spec: ClassSpec;
  readonly visits: readonly Visit[];
  readonly totals: ClassTotals;
  readonly gaps: () => number;
  /** An arrival, of a closed class's user or (−1) from outside. */
  readonly comesIn: (user: number) => void;
}

/**
 * The engine for everything that the two fast ones do not know: disciplines, limits, time-outs and retries, batches,
 * sessions, quotas, failures, links that share, lose and change, users that wait for answers. For a network that they do
 * know it simulates the same requests with the same random numbers.
 */
export class GeneralEngine implements Engine {
  readonly #kernel = new Kernel();
  readonly #requests = new Requests();
  readonly #groups: readonly Group[];
  readonly #kinds: readonly Kind[];
  /** The replica that a request is at. */
  readonly #at: Station[] = [];
  readonly #sink: CompletionSink;
  readonly #record: ((stay: Stay) => void) | undefined;
  readonly #numbers: number[] = [];
  readonly #latencies = new Float64Array(BUFFER);
  readonly #sources = new Int32Array(BUFFER);
  #buffered = 0;
  #arrived = 0;
  #present = 0;
  #target = 0;
  #draining = false;
  /** Arrivals that are scheduled. */
  #coming = 0;

  /** @param record is told each stay at a station when it is over */
  constructor(network: Network, random: RandomStream, sink: CompletionSink, record?: (stay: Stay) => void) {
    this.#sink = sink;
    this.#record = record;
    const names = Object.keys(network.stations).sort();
    const kinds: Kind[] = [];
    const visitOf = (request: number) => kinds[this.#requests.kind[request]!]!.visits[this.#requests.visit[request]!]!;
    const specOf = (request: number) =>
      kinds[this.#requests.kind[request]!]!.spec.route[this.#requests.visit[request]!]!;
    const hosts = new Map(Object.entries(network.hosts ?? {}).map(([name, spec]) => [name, new Host(spec)]));
    const around = {
      kernel: this.#kernel,
      requests: this.#requests,
      priorityOf: (request: number) => kinds[this.#requests.kind[request]!]!.spec.priority ?? 0,
      goesAhead: (request: number) => specOf(request).ahead ?? false,
      coresOf: (request: number) => specOf(request).cores ?? 1,
      sessionOf: (request: number) => specOf(request).session?.name,
      loadWork: (request: number) => visitOf(request).load!.next(),
      hostOf: (name: string) => hosts.get(name)!,
      served: (request: number) => this.#served(request),
    };
    this.#groups = names.map(
      (name) => new Group(name, network.stations[name]!, around, random.split("station").split(name)),
    );
    // In the order of their names, so that the order in which they are written changes nothing.
    for (const name of Object.keys(network.classes).sort()) {
      const spec = network.classes[name]!;
      const index = kinds.length;
      const own = random.split("class").split(name);
      const arrivals = own.split("arrivals");
      kinds.push({
        name,
        spec,
        visits: spec.route.map((visit, i) => ({
          group: names.indexOf(visit.station),
          work: new Draws(visit.work, own.split(i)),
          load: visit.session && new Draws(visit.session.load, own.split(i).split("load")),
          totals: { visits: 0, wait_s: 0, service_s: 0 },
        })),
        totals: { arrived: 0, completed: 0, rejected: 0, timed_out: 0, retries: 0 },
        gaps: spec.arrivals.kind === "closed" ? drawFrom(spec, arrivals) : openGaps(spec, arrivals),
        comesIn: (user) => this.#comesIn(index, user),
      });
    }
    this.#kinds = kinds;
    for (const [index, { spec }] of kinds.entries()) {
      const users = spec.arrivals.kind === "closed" ? spec.arrivals.population : 1;
      for (let user = 0; user < users; user++)
        this.#scheduleArrival(index, spec.arrivals.kind === "closed" ? user : -1);
    }
  }

  get now(): number {
    return this.#kernel.now;
  }
  get arrived(): number {
    return this.#arrived;
  }
  get events(): number {
    return this.#kernel.events;
  }
  /** Requests that are under way. */
  get present(): number {
    return this.#present;
  }

  advance(requests: number): void {
    this.#target = this.#arrived + requests;
    if (requests > 0) this.#kernel.run();
    this.#flush();
  }

  finish(): void {
    this.#draining = true;
    if (this.#present > 0) this.#kernel.run();
    this.#flush();
  }

  /** @param visit counted over the classes in the order of their names, and their routes */
  totals(visit: number): VisitTotals {
    return this.#kinds.flatMap(({ visits }) => visits)[visit]!.totals;
  }

  classTotals(name: string): ClassTotals {
    return this.#kinds.find((kind) => kind.name === name)!.totals;
  }

  stationTotals(name: string): StationTotals {
    return this.#groups.find((group) => group.name === name)!.totals();
  }

  #scheduleArrival(kind: number, user: number): void {
    const gap = this.#kinds[kind]!.gaps();
    if (gap < Number.POSITIVE_INFINITY) {
      this.#coming++;
      this.#kernel.schedule(this.#kernel.now + gap, this.#kinds[kind]!.comesIn, user);
    }
  }

  #comesIn(kind: number, user: number): void {
    this.#coming--;
    if (this.#draining) return;
    if (user < 0) this.#scheduleArrival(kind, -1);
    this.#arrived++;
    this.#present++;
    this.#kinds[kind]!.totals.arrived++;
    const request = this.#requests.create(kind, this.#kernel.now, 0, user);
    if (this.#record) this.#numbers[request] = this.#arrived - 1;
    this.#begin(request);
    if (this.#arrived >= this.#target) this.#kernel.stop();
  }

  #begin(request: number): void {
    const { timeout_s } = this.#kinds[this.#requests.kind[request]!]!.spec;
    if (timeout_s !== undefined) {
      this.#requests.timeout[request] = this.#kernel.schedule(this.#kernel.now + timeout_s, this.#expire, request);
    }
    this.#goTo(request, 0);
  }

  #goTo(request: number, visit: number): void {
    const requests = this.#requests;
    requests.visit[request] = visit;
    const { group, work } = this.#kinds[requests.kind[request]!]!.visits[visit]!;
    requests.work[request] = work.next();
    const station = this.#groups[group]!.choose();
    this.#at[request] = station;
    if (station.enter(request)) return;
    this.#cancelTimeout(request);
    this.#fail(request, "rejected");
    requests.free(request);
  }

  /** A station has served the request: it moves on, perhaps after a delay. */
  #served(request: number): void {
    const requests = this.#requests;
    const kind = this.#kinds[requests.kind[request]!]!;
    const index = requests.visit[request]!;
    const { totals, group } = kind.visits[index]!;
    const now = this.#kernel.now;
    const [entered, started] = [requests.entered[request]!, requests.started[request]!];
    totals.visits++;
    totals.wait_s += started - entered;
    totals.service_s += now - started;
    const { name: station } = this.#groups[group]!;
    const { delay_s = 0 } = kind.spec.route[index]!;
    if (this.#record) {
      this.#record({
        request: this.#numbers[request]!,
        class: kind.name,
        visit: index,
        station,
        entered_s: entered,
        started_s: started,
        left_s: now + delay_s,
      });
    }
    if (delay_s > 0) {
      totals.service_s += delay_s;
      this.#kernel.schedule(now + delay_s, this.#moveOn, request);
    } else this.#moveOn(request);
  }

  readonly #moveOn = (request: number): void => {
    const requests = this.#requests;
    if (requests.state[request] === RequestState.Abandoned) {
      requests.free(request);
      return;
    }
    const kind = this.#kinds[requests.kind[request]!]!;
    const next = requests.visit[request]! + 1;
    if (next < kind.visits.length) {
      this.#goTo(request, next);
      return;
    }
    this.#cancelTimeout(request);
    kind.totals.completed++;
    const [index, user] = [requests.kind[request]!, requests.user[request]!];
    this.#latencies[this.#buffered] = this.#kernel.now - requests.born[request]!;
    this.#sources[this.#buffered++] = index;
    if (this.#buffered === BUFFER) this.#flush();
    requests.free(request);
    this.#leaves(index, user);
  };

  readonly #expire = (request: number): void => {
    const requests = this.#requests;
    requests.timeout[request] = -1;
    if (requests.state[request] === RequestState.Waiting) this.#at[request]!.withdraw(request);
    else requests.state[request] = RequestState.Abandoned;
    this.#fail(request, "timed_out");
  };

  #cancelTimeout(request: number): void {
    const handle = this.#requests.timeout[request]!;
    if (handle >= 0) this.#kernel.cancel(handle);
    this.#requests.timeout[request] = -1;
  }

  /** The request's attempt has failed. Its row stays the caller's, or the station's. */
  #fail(request: number, why: "rejected" | "timed_out"): void {
    const requests = this.#requests;
    const index = requests.kind[request]!;
    const { spec, totals } = this.#kinds[index]!;
    const [born, attempt, user] = [requests.born[request]!, requests.attempt[request]!, requests.user[request]!];
    if (spec.retries && attempt < spec.retries.most) {
      totals.retries++;
      const again = requests.create(index, born, attempt + 1, user);
      if (this.#record) this.#numbers[again] = this.#numbers[request]!;
      this.#kernel.schedule(this.#kernel.now + spec.retries.wait_s, this.#tryAgain, again);
      return;
    }
    totals[why]++;
    this.#leaves(index, user);
  }

  readonly #tryAgain = (request: number): void => this.#begin(request);

  /** A request has left for good; the user, if there is one, thinks anew. */
  #leaves(kind: number, user: number): void {
    this.#present--;
    if (user >= 0 && !this.#draining) this.#scheduleArrival(kind, user);
    // Failures would go on for ever.
    if (this.#present === 0 && (this.#draining || this.#coming === 0)) this.#kernel.stop();
  }

  #flush(): void {
    if (this.#buffered > 0) this.#sink(this.#latencies, this.#sources, this.#buffered);
    this.#buffered = 0;
  }
}

function drawFrom(spec: ClassSpec, stream: RandomStream): () => number {
  if (spec.arrivals.kind !== "closed") throw new TypeError("an open class has no users");
  const thoughts = new Draws(spec.arrivals.think, stream);
  return () => thoughts.next();
}

function openGaps(spec: ClassSpec, stream: RandomStream): () => number {
  if (spec.arrivals.kind === "closed") throw new TypeError("a closed class has no arrivals from outside");
  const sampler = gapsOf(spec.arrivals, stream);
  const block = new Float64Array(BLOCK);
  let next = BLOCK;
  return () => {
    if (next === BLOCK) {
      sampler.fill(block);
      next = 0;
    }
    return block[next++]!;
  };
}
