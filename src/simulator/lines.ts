/** Who waits at a station, in the order in which the discipline serves them. Requests are numbers. */
export interface Line {
  readonly length: number;
  push(request: number): void;
  /** Takes the next out. */
  pop(): number;
  /** The next to come out. */
  peek(): number;
}

/** First in, first out, or last in, first out: a ring of numbers. */
export class Ring implements Line {
  #items = new Int32Array(16);
  #first = 0;
  length = 0;
  readonly #lifo: boolean;

  constructor(lifo: boolean) {
    this.#lifo = lifo;
  }

  push(request: number): void {
    const size = this.#items.length;
    if (this.length === size) {
      const larger = new Int32Array(2 * size);
      for (let i = 0; i < size; i++) larger[i] = this.#items[(this.#first + i) & (size - 1)]!;
      this.#items = larger;
      this.#first = 0;
    }
    this.#items[(this.#first + this.length++) & (this.#items.length - 1)] = request;
  }

  pop(): number {
    const mask = this.#items.length - 1;
    this.length--;
    if (this.#lifo) return this.#items[(this.#first + this.length) & mask]!;
    const request = this.#items[this.#first]!;
    this.#first = (this.#first + 1) & mask;
    return request;
  }

  peek(): number {
    const mask = this.#items.length - 1;
    return this.#items[this.#lifo ? (this.#first + this.length - 1) & mask : this.#first]!;
  }
}

/** A line whose first places are for those that go ahead of the others. */
export class TwoLines implements Line {
  readonly #ahead: Line = new Ring(false);
  readonly #others: Line;
  readonly #goesAhead: (request: number) => boolean;

  constructor(others: Line, goesAhead: (request: number) => boolean) {
    this.#others = others;
    this.#goesAhead = goesAhead;
  }

  get length(): number {
    return this.#ahead.length + this.#others.length;
  }

  push(request: number): void {
    (this.#goesAhead(request) ? this.#ahead : this.#others).push(request);
  }

  pop(): number {
    return this.#first.pop();
  }

  peek(): number {
    return this.#first.peek();
  }

  get #first(): Line {
    return this.#ahead.length > 0 ? this.#ahead : this.#others;
  }
}

/** A binary heap of requests by a key; of equal keys the one that came first is first. */
export class Heap implements Line {
  #requests: number[] = [];
  #keys: number[] = [];
  #orders: number[] = [];
  #pushed = 0;
  readonly #keyOf: (request: number) => number;

  constructor(keyOf: (request: number) => number) {
    this.#keyOf = keyOf;
  }

  get length(): number {
    return this.#requests.length;
  }

  peek(): number {
    return this.#requests[0]!;
  }

  /** The least key; there must be one. */
  get least(): number {
    return this.#keys[0]!;
  }

  push(request: number): void {
    const key = this.#keyOf(request);
    const order = this.#pushed++;
    let i = this.#requests.length;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      // What came before is never after an equal.
      if (this.#keys[parent]! <= key) break;
      this.#move(parent, i);
      i = parent;
    }
    this.#set(i, request, key, order);
  }

  pop(): number {
    const top = this.#requests[0]!;
    const request = this.#requests.pop()!;
    const key = this.#keys.pop()!;
    const order = this.#orders.pop()!;
    const n = this.#requests.length;
    if (n === 0) return top;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= n) break;
      if (child + 1 < n && this.#before(child + 1, this.#keys[child]!, this.#orders[child]!)) child++;
      if (!this.#before(child, key, order)) break;
      this.#move(child, i);
      i = child;
    }
    this.#set(i, request, key, order);
    return top;
  }

  #before(at: number, key: number, order: number): boolean {
    return this.#keys[at]! < key || (this.#keys[at] === key && this.#orders[at]! < order);
  }

  #move(from: number, to: number): void {
    this.#set(to, this.#requests[from]!, this.#keys[from]!, this.#orders[from]!);
  }

  #set(at: number, request: number, key: number, order: number): void {
    this.#requests[at] = request;
    this.#keys[at] = key;
    this.#orders[at] = order;
  }
}
