/** What an event does when its time has come. */
export type Handler = (argument: never) => void;

/** Names a scheduled event, so that it can be cancelled. */
export type EventHandle = number;

const GENERATIONS = 2 ** 21;

/**
 * The kernel of a discrete-event simulation: a clock, and events in the order of time, then priority (lower first), then
 * scheduling. The pending events form a 4-ary heap (Knuth, The Art of Computer Programming 3, 5.2.3, exercise 28) over
 * typed arrays. A cancelled event stays in the heap until its time, unless such events become the majority.
 */
export class Kernel {
  /** Seconds since the simulation's beginning. */
  now = 0;
  /** Executed so far. */
  events = 0;

  #size = 0;
  /** Slots in the heap's order, and their times. */
  #heap = new Int32Array(64);
  #time = new Float64Array(64);
  #priority = new Int32Array(64);
  #sequence = new Float64Array(64);
  #generation = new Int32Array(64);
  #handler: (Handler | null)[] = [];
  #argument: unknown[] = [];
  #free: number[] = [];
  #slots = 0;
  #scheduled = 0;
  #cancelled = 0;
  #stopped = false;

  /** Events that are still to come. */
  get pending(): number {
    return this.#size - this.#cancelled;
  }

  /**
   * @param at simulated seconds, not before the present; `Infinity` never comes
   * @param priority among events of the same time, lower first
   */
  schedule<Argument>(at: number, handler: (argument: Argument) => void, argument: Argument, priority = 0): EventHandle {
    if (!(at >= this.now)) throw new RangeError(`an event at ${at} would lie before the present, ${this.now}`);
    const slot = this.#free.length > 0 ? this.#free.pop()! : this.#newSlot();
    this.#priority[slot] = priority;
    this.#sequence[slot] = this.#scheduled++;
    this.#handler[slot] = handler as Handler;
    this.#argument[slot] = argument;
    this.#siftUp(this.#size++, slot, at);
    return this.#generation[slot]! * 2 ** 32 + slot;
  }

  /** Takes an event back; one that has happened or was taken back already is left as it is. */
  cancel(handle: EventHandle): void {
    const slot = handle % 2 ** 32;
    if (this.#generation[slot] !== Math.floor(handle / 2 ** 32) || this.#handler[slot] === null) return;
    this.#handler[slot] = null;
    this.#argument[slot] = undefined;
    this.#cancelled++;
    if (this.#cancelled > 1024 && this.#cancelled * 2 > this.#size) this.#sweep();
  }

  /** Executes events until none is left, or up to and including this time, or until {@link stop} is called. */
  run(until = Number.POSITIVE_INFINITY): void {
    this.#stopped = false;
    while (this.#size > 0 && !this.#stopped) {
      const slot = this.#heap[0]!;
      const time = this.#time[0]!;
      if (time > until || time === Number.POSITIVE_INFINITY) break;
      this.#removeFirst();
      const handler = this.#handler[slot]! as ((argument: unknown) => void) | null;
      const argument = this.#argument[slot];
      this.#release(slot);
      if (handler === null) {
        this.#cancelled--;
        continue;
      }
      this.now = time;
      this.events++;
      handler(argument);
    }
    if (!this.#stopped && until < Number.POSITIVE_INFINITY) this.now = Math.max(this.now, until);
  }

  /** Lets {@link run} return after the event that is being executed. */
  stop(): void {
    this.#stopped = true;
  }

  #release(slot: number): void {
    this.#handler[slot] = null;
    this.#argument[slot] = undefined;
    this.#generation[slot] = (this.#generation[slot]! + 1) % GENERATIONS;
    this.#free.push(slot);
  }

  #newSlot(): number {
    const slot = this.#slots++;
    if (slot === this.#heap.length) {
      const length = 2 * slot;
      const grown = <T extends Int32Array | Float64Array>(from: T, to: T): T => {
        to.set(from);
        return to;
      };
      this.#heap = grown(this.#heap, new Int32Array(length));
      this.#time = grown(this.#time, new Float64Array(length));
      this.#priority = grown(this.#priority, new Int32Array(length));
      this.#sequence = grown(this.#sequence, new Float64Array(length));
      this.#generation = grown(this.#generation, new Int32Array(length));
    }
    this.#handler.push(null);
    this.#argument.push(undefined);
    return slot;
  }

  /** Takes cancelled events out of the heap. */
  #sweep(): void {
    const heap = this.#heap;
    const size = this.#size;
    this.#size = 0;
    this.#cancelled = 0;
    // What is kept is written where something has been read.
    for (let i = 0; i < size; i++) {
      const slot = heap[i]!;
      if (this.#handler[slot] === null) this.#release(slot);
      else this.#siftUp(this.#size++, slot, this.#time[i]!);
    }
  }

  /** Whether, of two events at the same time, the first comes first. */
  #precedes(a: number, b: number): boolean {
    const pa = this.#priority[a]!;
    const pb = this.#priority[b]!;
    return pa === pb ? this.#sequence[a]! < this.#sequence[b]! : pa < pb;
  }

  #siftUp(from: number, slot: number, time: number): void {
    const heap = this.#heap;
    const times = this.#time;
    let i = from;
    while (i > 0) {
      const parent = (i - 1) >> 2;
      const above = times[parent]!;
      if (above < time || (above === time && !this.#precedes(slot, heap[parent]!))) break;
      heap[i] = heap[parent]!;
      times[i] = above;
      i = parent;
    }
    heap[i] = slot;
    times[i] = time;
  }

  #removeFirst(): void {
    const heap = this.#heap;
    const times = this.#time;
    const size = --this.#size;
    if (size === 0) return;
    const last = heap[size]!;
    const time = times[size]!;
    let i = 0;
    for (;;) {
      let child = 4 * i + 1;
      if (child >= size) break;
      const end = child + 4 < size ? child + 4 : size;
      let least = child;
      let soonest = times[child]!;
      for (child++; child < end; child++) {
        const candidate = times[child]!;
        if (candidate < soonest || (candidate === soonest && this.#precedes(heap[child]!, heap[least]!))) {
          least = child;
          soonest = candidate;
        }
      }
      if (soonest > time || (soonest === time && this.#precedes(last, heap[least]!))) break;
      heap[i] = heap[least]!;
      times[i] = soonest;
      i = least;
    }
    heap[i] = last;
    times[i] = time;
  }
}
