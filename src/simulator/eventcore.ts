import { BLOCK } from "../random/index.ts";
import type { Sampler } from "./distributions.ts";
import type { CompletionSink, Engine, Plan, VisitTotals } from "./plan.ts";

const BUCKETS = 1024;
const MASK = BUCKETS - 1;
/** Events a slice executes: between slices memory grows and the calendar adapts, so that the loop itself need not. */
const SLICE = 16384;

/** A block of random values. What has been drawn is counted here, once a block, and costs the event loop nothing. */
class Block {
  readonly #sampler: Sampler;
  readonly #values: Float64Array;
  #filled = 0;
  #sum = 0;

  constructor(sampler: Sampler, values: Float64Array) {
    this.#sampler = sampler;
    this.#values = values;
  }

  /** @returns where to go on drawing: at the beginning */
  refill(): number {
    this.#sampler.fill(this.#values);
    this.#filled += BLOCK;
    const values = this.#values;
    // Two sums, so that one addition need not wait for the other.
    let even = 0;
    let odd = 0;
    for (let i = 0; i < BLOCK; i += 2) {
      even += values[i]!;
      odd += values[i + 1]!;
    }
    this.#sum += even + odd;
    return 0;
  }

  drawn(cursor: number): { visits: number; service_s: number } {
    if (this.#filled === 0) return { visits: 0, service_s: 0 };
    let left = 0;
    for (let i = cursor; i < BLOCK; i++) left += this.#values[i]!;
    return { visits: this.#filled - BLOCK + cursor, service_s: this.#sum - left };
  }
}

/**
 * The fast event-driven engine for plans. A request is a node, and a node is either pending (its next event lies in the
 * future), or waiting in a station's queue, or free: so that one link per node serves calendar, queues and free list,
 * and nothing is allocated.
 *
 * Pending nodes lie in a calendar queue (Brown, Calendar queues, 1988) of 1,024 buckets, each a sorted list; two levels
 * of bitmaps find the next bucket that is not empty. What lies beyond the calendar's year waits in a 4-ary heap. Buckets
 * are a quarter of the mean gap between events wide, adapted between slices.
 *
 * Of events at the same time, the one scheduled first comes first.
 */
export class EventCore implements Engine {
  // Stations.
  readonly #idle: Int32Array;
  readonly #queueHead: Int32Array;
  readonly #queueTail: Int32Array;
  /** The last in the queue of those that go ahead of the others; −1 where there is none. */
  readonly #lastAhead: Int32Array;
  // Visits.
  readonly #station: Int32Array;
  readonly #next: Int32Array;
  readonly #source: Int32Array;
  readonly #ahead: Uint8Array;
  readonly #wait: Float64Array;
  /** Random values, a block of them per visit, then one per source. */
  readonly #values: Float64Array;
  readonly #cursor: Int32Array;
  readonly #blocks: readonly Block[];
  readonly #first: Int32Array;
  // Nodes. Of a pending node the key is its event's time, of a waiting one the time when it came.
  #key = new Float64Array(2 * SLICE);
  #born = new Float64Array(2 * SLICE);
  #link = new Int32Array(2 * SLICE);
  /** The visit of a request; −1 − source for a source's next arrival. */
  #visit = new Int32Array(2 * SLICE);
  #order = new Float64Array(2 * SLICE);
  // Calendar.
  readonly #bucket = new Int32Array(BUCKETS).fill(-1);
  readonly #occupied = new Int32Array(BUCKETS / 32);
  #heap = new Int32Array(2 * SLICE);
  #words = 0;
  #inCalendar = 0;
  #inHeap = 0;
  #base = 0;
  #perSecond = 1;
  #scheduled = 0;

  #free = -1;
  #nodes = 0;
  #now = 0;
  #arrived = 0;
  #events = 0;
  #draining = false;

  readonly #sink: CompletionSink;
  readonly #latency = new Float64Array(SLICE + 1);
  readonly #completedSource = new Int32Array(SLICE + 1);
  readonly #oneSource: boolean;
  #completed = 0;

  constructor(plan: Plan, sink: CompletionSink) {
    const { servers, visits, sources } = plan;
    this.#sink = sink;
    this.#oneSource = sources.length === 1;
    this.#idle = Int32Array.from(servers, (count) => Math.min(count, 2 ** 31 - 1));
    this.#queueHead = new Int32Array(servers.length).fill(-1);
    this.#queueTail = new Int32Array(servers.length).fill(-1);
    this.#lastAhead = new Int32Array(servers.length).fill(-1);
    this.#ahead = Uint8Array.from(visits, ({ ahead }) => (ahead ? 1 : 0));
    this.#station = Int32Array.from(visits, ({ station }) => station);
    this.#next = Int32Array.from(visits, ({ next }) => next);
    this.#source = Int32Array.from(visits, ({ source }) => source);
    this.#first = Int32Array.from(sources, ({ first }) => first);
    this.#wait = new Float64Array(visits.length);
    const samplers = [...visits.map(({ service }) => service), ...sources.map(({ interarrival }) => interarrival)];
    this.#values = new Float64Array(samplers.length * BLOCK);
    this.#cursor = new Int32Array(samplers.length).fill(BLOCK);
    this.#blocks = samplers.map((sampler, i) => new Block(sampler, this.#values.subarray(i * BLOCK, (i + 1) * BLOCK)));

    let soonest = Number.POSITIVE_INFINITY;
    for (let source = 0; source < sources.length; source++) {
      const node = this.#nodes++;
      this.#visit[node] = -1 - source;
      this.#key[node] = this.#draw(visits.length + source);
      soonest = Math.min(soonest, this.#key[node]!);
    }
    if (soonest > 0 && soonest < Number.POSITIVE_INFINITY) this.#perSecond = 1 / soonest;
    for (let node = 0; node < this.#nodes; node++) if (this.#key[node]! < Number.POSITIVE_INFINITY) this.#insert(node);
  }

  get now(): number {
    return this.#now;
  }
  get arrived(): number {
    return this.#arrived;
  }
  get events(): number {
    return this.#events;
  }

  totals(visit: number): VisitTotals {
    return { ...this.#blocks[visit]!.drawn(this.#cursor[visit]!), wait_s: this.#wait[visit]! };
  }

  advance(requests: number): void {
    this.#run(this.#arrived + requests);
  }

  finish(): void {
    if (this.#draining) return;
    this.#draining = true;
    this.#rebuild(this.#perSecond);
    this.#run(Number.POSITIVE_INFINITY);
  }

  #run(target: number): void {
    for (;;) {
      this.#reserve();
      const start = this.#now;
      const events = this.#slice(target);
      this.#events += events;
      this.#flush();
      if (events < SLICE) return;
      const elapsed = this.#now - start;
      if (elapsed <= 0) continue;
      const wanted = (4 * events) / elapsed;
      // The bucket number must stay within 31 bits.
      const far = (this.#now - this.#base) * this.#perSecond > 1e9;
      if (far || wanted > 2 * this.#perSecond || wanted < 0.5 * this.#perSecond) this.#rebuild(wanted);
    }
  }

  /** Room for as many new nodes as a slice can make. */
  #reserve(): void {
    const needed = this.#nodes + SLICE;
    if (needed <= this.#key.length) return;
    const length = 2 * needed;
    const longer = <T extends Float64Array | Int32Array>(array: T, into: T): T => {
      into.set(array);
      return into;
    };
    this.#key = longer(this.#key, new Float64Array(length));
    this.#born = longer(this.#born, new Float64Array(length));
    this.#order = longer(this.#order, new Float64Array(length));
    this.#link = longer(this.#link, new Int32Array(length));
    this.#visit = longer(this.#visit, new Int32Array(length));
    this.#heap = longer(this.#heap, new Int32Array(length));
  }

  #flush(): void {
    const n = this.#completed;
    this.#completed = 0;
    if (n > 0) this.#sink(this.#latency, this.#completedSource, n);
  }

  #draw(sampler: number): number {
    const at = this.#cursor[sampler]! === BLOCK ? this.#blocks[sampler]!.refill() : this.#cursor[sampler]!;
    this.#cursor[sampler] = at + 1;
    return this.#values[sampler * BLOCK + at]!;
  }

  /** Inserts a node by its key, as the loop does, but out of it. */
  #insert(node: number): void {
    const key = this.#key;
    const link = this.#link;
    const bucketNumber = (key[node]! - this.#base) * this.#perSecond;
    const current = ((this.#now - this.#base) * this.#perSecond) | 0;
    this.#order[node] = this.#scheduled++;
    if (bucketNumber < current + BUCKETS) {
      const bucket = bucketNumber & MASK;
      this.#inCalendar++;
      let before = -1;
      let after = this.#bucket[bucket]!;
      while (after >= 0 && key[after]! <= key[node]!) {
        before = after;
        after = link[after]!;
      }
      link[node] = after;
      if (before < 0) this.#bucket[bucket] = node;
      else link[before] = node;
      this.#occupied[bucket >> 5]! |= 1 << (bucket & 31);
      this.#words |= 1 << (bucket >> 5);
    } else this.#pushHeap(node);
  }

  #pushHeap(node: number): void {
    const heap = this.#heap;
    let i = this.#inHeap++;
    while (i > 0) {
      const parent = (i - 1) >> 2;
      if (!this.#sooner(node, heap[parent]!)) break;
      heap[i] = heap[parent]!;
      i = parent;
    }
    heap[i] = node;
  }

  #popHeap(): number {
    const heap = this.#heap;
    const top = heap[0]!;
    const last = heap[--this.#inHeap]!;
    const n = this.#inHeap;
    let i = 0;
    for (;;) {
      let child = 4 * i + 1;
      if (child >= n) break;
      const end = Math.min(n, child + 4);
      let least = child;
      for (child++; child < end; child++) if (this.#sooner(heap[child]!, heap[least]!)) least = child;
      if (!this.#sooner(heap[least]!, last)) break;
      heap[i] = heap[least]!;
      i = least;
    }
    if (n > 0) heap[i] = last;
    return top;
  }

  #sooner(a: number, b: number): boolean {
    const key = this.#key;
    return key[a]! < key[b]! || (key[a] === key[b] && this.#order[a]! < this.#order[b]!);
  }

  /** Lays the calendar out anew from the present on, with other buckets. When draining, arrivals are left out. */
  #rebuild(perSecond: number): void {
    const pending: number[] = [];
    // What lies in the heap was scheduled before anything of the same time in the calendar.
    while (this.#inHeap > 0) pending.push(this.#popHeap());
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      for (let node = this.#bucket[bucket]!; node >= 0; node = this.#link[node]!) pending.push(node);
    }
    this.#bucket.fill(-1);
    this.#occupied.fill(0);
    this.#words = 0;
    this.#inCalendar = 0;
    this.#base = this.#now;
    this.#perSecond = perSecond;
    pending.sort((a, b) => this.#key[a]! - this.#key[b]!);
    for (const node of pending) if (!this.#draining || this.#visit[node]! >= 0) this.#insert(node);
  }

  /**
   * Executes up to {@link SLICE} events, fewer when so many requests have arrived or nothing is pending. One flat loop
   * without calls, on purpose: each handler leaves at most two events to schedule, at the common end.
   */
  #slice(target: number): number {
    const idle = this.#idle;
    const queueHead = this.#queueHead;
    const queueTail = this.#queueTail;
    const lastAhead = this.#lastAhead;
    const goesAhead = this.#ahead;
    const station = this.#station;
    const next = this.#next;
    const waits = this.#wait;
    const blocks = this.#blocks;
    const values = this.#values;
    const cursor = this.#cursor;
    const first = this.#first;
    const key = this.#key;
    const born = this.#born;
    const link = this.#link;
    const visit = this.#visit;
    const order = this.#order;
    const buckets = this.#bucket;
    const occupied = this.#occupied;
    const heap = this.#heap;
    const latency = this.#latency;
    const base = this.#base;
    const perSecond = this.#perSecond;
    const source = this.#source;
    const completedSource = this.#completedSource;
    const severalSources = !this.#oneSource;
    const sources = station.length;

    let words = this.#words;
    let inCalendar = this.#inCalendar;
    // Of the heap's first node.
    let heapTime = this.#inHeap > 0 ? key[this.#heap[0]!]! : Number.POSITIVE_INFINITY;
    let free = this.#free;
    let nodes = this.#nodes;
    let arrived = this.#arrived;
    let now = this.#now;
    let completed = 0;
    let events = 0;
    let current = ((now - base) * perSecond) | 0;

    while (events < SLICE && arrived < target) {
      // The next event: the calendar's first, unless the heap's is not later.
      let soonest = -1;
      let bucket = 0;
      if (inCalendar > 0) {
        const from = current & MASK;
        let word = from >> 5;
        let mask = occupied[word]! & (-1 << (from & 31));
        if (mask === 0) {
          let ahead = word === 31 ? 0 : words & (-1 << (word + 1));
          if (ahead === 0) ahead = words;
          word = 31 - Math.clz32(ahead & -ahead);
          mask = occupied[word]!;
        }
        bucket = (word << 5) | (31 - Math.clz32(mask & -mask));
        soonest = buckets[bucket]!;
      }
      let node = soonest;
      if (heapTime < Number.POSITIVE_INFINITY && (soonest < 0 || heapTime <= key[soonest]!)) {
        node = this.#popHeap();
        heapTime = this.#inHeap > 0 ? key[heap[0]!]! : Number.POSITIVE_INFINITY;
        now = key[node]!;
      } else if (soonest >= 0) {
        now = key[node]!;
        const rest = link[node]!;
        buckets[bucket] = rest;
        inCalendar--;
        if (rest < 0) {
          const word = bucket >> 5;
          const left = occupied[word]! & ~(1 << (bucket & 31));
          occupied[word] = left;
          if (left === 0) words &= ~(1 << word);
        }
      } else break;
      current = ((now - base) * perSecond) | 0;
      events++;

      const done = visit[node]!;
      let to = 0;
      let a = -1;
      let b = -1;
      let timeA = 0;
      let timeB = 0;
      if (done < 0) {
        // An arrival: the node stays the source's, and the request gets another.
        const sampler = sources - 1 - done;
        let at = cursor[sampler]!;
        if (at === BLOCK) at = blocks[sampler]!.refill();
        cursor[sampler] = at + 1;
        timeA = now + values[sampler * BLOCK + at]!;
        if (timeA < Number.POSITIVE_INFINITY) a = node;
        to = first[-1 - done]!;
        if (free >= 0) {
          node = free;
          free = link[node]!;
        } else node = nodes++;
        born[node] = now;
        arrived++;
      } else {
        // A service is complete: the server takes the next in line, and the request goes on.
        const at = station[done]!;
        const waiting = queueHead[at]!;
        if (waiting < 0) idle[at]!++;
        else {
          queueHead[at] = link[waiting]!;
          if (lastAhead[at] === waiting) lastAhead[at] = -1;
          const its = visit[waiting]!;
          waits[its]! += now - key[waiting]!;
          let drawn = cursor[its]!;
          if (drawn === BLOCK) drawn = blocks[its]!.refill();
          cursor[its] = drawn + 1;
          timeA = now + values[its * BLOCK + drawn]!;
          a = waiting;
        }
        to = next[done]!;
        if (to < 0) {
          latency[completed] = now - born[node]!;
          if (severalSources) completedSource[completed] = source[done]!;
          completed++;
          link[node] = free;
          free = node;
        }
      }

      if (to >= 0) {
        visit[node] = to;
        const at = station[to]!;
        const servers = idle[at]!;
        if (servers > 0) {
          idle[at] = servers - 1;
          let drawn = cursor[to]!;
          if (drawn === BLOCK) drawn = blocks[to]!.refill();
          cursor[to] = drawn + 1;
          timeB = now + values[to * BLOCK + drawn]!;
          b = node;
        } else {
          key[node] = now;
          const last = goesAhead[to] === 0 ? queueTail[at]! : lastAhead[at]!;
          if (queueHead[at]! < 0) {
            link[node] = -1;
            queueHead[at] = node;
            queueTail[at] = node;
          } else if (last < 0) {
            link[node] = queueHead[at]!;
            queueHead[at] = node;
          } else {
            link[node] = link[last]!;
            link[last] = node;
            if (queueTail[at] === last) queueTail[at] = node;
          }
          if (goesAhead[to] !== 0) lastAhead[at] = node;
        }
      }

      for (;;) {
        let scheduled = a;
        let time = timeA;
        if (scheduled < 0) {
          scheduled = b;
          time = timeB;
          if (scheduled < 0) break;
          b = -1;
        }
        a = -1;
        key[scheduled] = time;
        const bucketNumber = (time - base) * perSecond;
        if (bucketNumber < current + BUCKETS) {
          const into = bucketNumber & MASK;
          const head = buckets[into]!;
          inCalendar++;
          if (head < 0) {
            link[scheduled] = -1;
            buckets[into] = scheduled;
            occupied[into >> 5]! |= 1 << (into & 31);
            words |= 1 << (into >> 5);
          } else if (time < key[head]!) {
            link[scheduled] = head;
            buckets[into] = scheduled;
          } else {
            let before = head;
            let after = link[before]!;
            while (after >= 0 && key[after]! <= time) {
              before = after;
              after = link[before]!;
            }
            link[scheduled] = after;
            link[before] = scheduled;
          }
        } else {
          order[scheduled] = this.#scheduled++;
          this.#pushHeap(scheduled);
          heapTime = key[heap[0]!]!;
        }
      }
    }

    this.#words = words;
    this.#inCalendar = inCalendar;
    this.#free = free;
    this.#nodes = nodes;
    this.#arrived = arrived;
    this.#now = now;
    this.#completed = completed;
    return events;
  }
}
