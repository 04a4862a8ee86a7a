import { RandomStream } from "../random/index.ts";
import { type Distribution, Draws } from "./distributions.ts";
import { Kernel } from "./kernel.ts";

/**
 * What a process may yield: seconds to let pass, a resource to seize one unit of, another process whose end to await, a
 * signal to await, or a store to take an item from, which is what the yield then gives.
 */
// biome-ignore lint/suspicious/noExplicitAny: a store may hold items of any type
export type Command = number | Resource | Process | Signal | Store<any>;

/** The body of a process: a generator that yields commands. */
// biome-ignore lint/suspicious/noExplicitAny: what a yield gives depends on what was yielded
export type Body = Generator<Command, void, any>;

/**
 * A simulation written as processes, each a generator function: what it does next stands in the next line.
 *
 * @example
 * const simulation = new Simulation(1);
 * const server = simulation.resource(1);
 * function* customer() {
 *   yield server;
 *   yield service();
 *   server.release();
 * }
 */
export class Simulation {
  readonly kernel = new Kernel();
  readonly #random: RandomStream;

  /** @param seed of all the simulation's randomness */
  constructor(seed = 1) {
    this.#random = new RandomStream(seed);
  }

  /** Simulated seconds. */
  get now(): number {
    return this.kernel.now;
  }

  /** Starts a process now: its first step is taken after the event that is being executed. */
  process(body: Body): Process {
    return new Process(this.kernel, body);
  }

  /** @param units that can be held at the same time */
  resource(units: number): Resource {
    return new Resource(this.kernel, units);
  }

  store<Item>(): Store<Item> {
    return new Store();
  }

  signal(): Signal {
    return new Signal();
  }

  /** A function that draws from a distribution, with a random stream of its own for each label. */
  draw(distribution: Distribution, label: string): () => number {
    const draws = new Draws(distribution, this.#random.split(label));
    return () => draws.next();
  }

  /** Runs until nothing is left to happen, or up to this time. */
  run(until?: number): void {
    this.kernel.run(until);
  }
}

/** A running process; another one that yields it goes on when it has ended. */
export class Process {
  readonly #kernel: Kernel;
  readonly #body: Body;
  readonly #resume: (value: unknown) => void;
  #waiting: Process[] = [];
  #ended = false;

  constructor(kernel: Kernel, body: Body) {
    this.#kernel = kernel;
    this.#body = body;
    this.#resume = (value) => this.resume(value);
    kernel.schedule<unknown>(kernel.now, this.#resume, undefined);
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Goes on now, with this value of the yield, until the process has to wait. */
  resume(value?: unknown): void {
    let given = value;
    for (;;) {
      const { done, value: command } = this.#body.next(given);
      if (done) {
        this.#ended = true;
        for (const process of this.#waiting) process.resumeSoon();
        this.#waiting = [];
        return;
      }
      if (typeof command === "number") {
        if (!(command >= 0)) throw new RangeError(`a process cannot wait for ${command} seconds`);
        this.#kernel.schedule<unknown>(this.#kernel.now + command, this.#resume, undefined);
        return;
      }
      if (command instanceof Process) {
        if (!command.#ended) {
          command.#waiting.push(this);
          return;
        }
        given = undefined;
      } else if (command.admit(this)) given = command.taken;
      else return;
    }
  }

  /** Goes on after the event that is being executed. */
  resumeSoon(value?: unknown): void {
    this.#kernel.schedule<unknown>(this.#kernel.now, this.#resume, value);
  }
}

/** First come, first served; a queue that forgets its beginning as it moves on. */
class Waiting {
  #processes: Process[] = [];
  #first = 0;

  get length(): number {
    return this.#processes.length - this.#first;
  }

  push(process: Process): void {
    this.#processes.push(process);
  }

  shift(): Process | undefined {
    if (this.#first === this.#processes.length) return undefined;
    const process = this.#processes[this.#first++];
    if (this.#first > 1024 && this.#first * 2 > this.#processes.length) {
      this.#processes = this.#processes.slice(this.#first);
      this.#first = 0;
    }
    return process;
  }
}

/** Units that processes hold and give back: `yield resource`, then `resource.release()`. First come, first served. */
export class Resource {
  readonly units: number;
  readonly #kernel: Kernel;
  readonly #queue = new Waiting();
  #held = 0;
  #since = 0;
  #heldArea = 0;
  #queueArea = 0;
  /** What a yield gives. */
  readonly taken = undefined;

  constructor(kernel: Kernel, units: number) {
    if (!(units >= 1)) throw new RangeError(`a resource needs at least one unit, not ${units}`);
    this.#kernel = kernel;
    this.units = units;
  }

  /** Processes that wait for a unit. */
  get queued(): number {
    return this.#queue.length;
  }

  /** Mean share of the units that were held, so far. */
  get utilisation(): number {
    this.#account();
    return this.#kernel.now === 0 ? 0 : this.#heldArea / this.units / this.#kernel.now;
  }

  /** Mean number of processes that waited, so far. */
  get meanQueue(): number {
    this.#account();
    return this.#kernel.now === 0 ? 0 : this.#queueArea / this.#kernel.now;
  }

  /** Gives the process a unit at once, or lets it wait. */
  admit(process: Process): boolean {
    this.#account();
    if (this.#held < this.units) {
      this.#held++;
      return true;
    }
    this.#queue.push(process);
    return false;
  }

  /** Gives a unit back, to the process that has waited longest. */
  release(): void {
    if (this.#held === 0) throw new RangeError("nobody holds a unit that could be released");
    this.#account();
    const next = this.#queue.shift();
    if (next) next.resumeSoon();
    else this.#held--;
  }

  #account(): void {
    const now = this.#kernel.now;
    const elapsed = now - this.#since;
    this.#heldArea += elapsed * this.#held;
    this.#queueArea += elapsed * this.#queue.length;
    this.#since = now;
  }
}

/** Items that some processes put in and others take out: `const item = yield store`. */
export class Store<Item> {
  readonly #queue = new Waiting();
  readonly #items: Item[] = [];
  /** What the last process that was admitted at once has taken. */
  taken: Item | undefined;

  get size(): number {
    return this.#items.length;
  }

  put(item: Item): void {
    const next = this.#queue.shift();
    if (next) next.resumeSoon(item);
    else this.#items.push(item);
  }

  admit(process: Process): boolean {
    if (this.#items.length > 0) {
      this.taken = this.#items.shift();
      return true;
    }
    this.#queue.push(process);
    return false;
  }
}

/** Something that happens once; whoever awaits it goes on then, and at once afterwards. */
export class Signal {
  readonly #queue: Process[] = [];
  #given = false;
  readonly taken = undefined;

  give(): void {
    this.#given = true;
    for (const process of this.#queue.splice(0)) process.resumeSoon();
  }

  admit(process: Process): boolean {
    if (this.#given) return true;
    this.#queue.push(process);
    return false;
  }
}
