/**
 * A flow network with real capacities, and the minimum cut between two of its nodes: the push–relabel method (A. V. Goldberg
 * and R. E. Tarjan, "A new approach to the maximum-flow problem", 1988) with highest labels first, exact relabelling and
 * gaps (B. V. Cherkassky and A. V. Goldberg, "On implementing the push–relabel method", 1997). Excess moves along a chain
 * of a thousand nodes in one sweep, where augmenting paths would walk it a thousand times. Each push leaves exactly zero of a
 * residual or of an excess, so that real capacities need no tolerance.
 */
export class FlowNetwork {
  readonly #nodes: number;
  /** Arcs in pairs: arc e and its reverse e ^ 1. */
  #heads = new Int32Array(64);
  #residuals = new Float64Array(64);
  #nexts = new Int32Array(64);
  #arcs = 0;
  readonly #first: Int32Array;

  constructor(nodes: number) {
    this.#nodes = nodes;
    this.#first = new Int32Array(nodes).fill(-1);
  }

  /**
   * @param capacity from 0 to infinity
   * @param back capacity of the opposite direction
   */
  arc(from: number, to: number, capacity: number, back = 0): void {
    if (this.#arcs + 2 > this.#heads.length) this.#grow();
    this.#half(from, to, capacity);
    this.#half(to, from, back);
  }

  #half(from: number, to: number, capacity: number): void {
    const arc = this.#arcs++;
    this.#heads[arc] = to;
    this.#residuals[arc] = capacity;
    this.#nexts[arc] = this.#first[from]!;
    this.#first[from] = arc;
  }

  #grow(): void {
    const size = 2 * this.#heads.length;
    const [heads, residuals, nexts] = [new Int32Array(size), new Float64Array(size), new Int32Array(size)];
    heads.set(this.#heads);
    residuals.set(this.#residuals);
    nexts.set(this.#nexts);
    [this.#heads, this.#residuals, this.#nexts] = [heads, residuals, nexts];
  }

  /**
   * Which nodes are on the source's side of a minimum cut: of all minimum cuts the one with the smallest such side. A network can
   * be cut once: its residuals are used up.
   *
   * @returns 1 for each node on the source's side
   * @throws RangeError where an arc at the sink has no limit
   */
  minimumCut(source: number, sink: number): Uint8Array {
    // Flow is pushed from the sink against the arcs: what can then still reach the source is the smallest side.
    const excess = new Float64Array(this.#nodes);
    for (let arc = this.#first[sink]!; arc >= 0; arc = this.#nexts[arc]!) {
      const into = arc ^ 1;
      const amount = this.#residuals[into]!;
      if (amount === Number.POSITIVE_INFINITY) throw new RangeError("an arc of unlimited capacity leads to the sink");
      this.#residuals[into] = 0;
      this.#residuals[arc] = this.#residuals[arc]! + amount;
      excess[this.#heads[arc]!]! += amount;
    }
    const labels = new Int32Array(this.#nodes);
    const active = new ActiveNodes(this.#nodes);
    this.#relabelAll(source, sink, labels, excess, active);
    const current = Int32Array.from(this.#first);
    let relabelled = 0;
    for (let node = active.highest(); node >= 0; node = active.highest()) {
      relabelled += this.#discharge(node, source, sink, labels, excess, current, active);
      if (relabelled <= this.#nodes) continue;
      relabelled = 0;
      this.#relabelAll(source, sink, labels, excess, active);
      current.set(this.#first);
    }
    this.#relabelAll(source, sink, labels, excess, active);
    return Uint8Array.from(labels, (label, node) => (node !== sink && label < this.#nodes ? 1 : 0));
  }

  /** Pushes a node's excess towards the source until none is left or the source is out of reach. @returns relabellings */
  #discharge(
    node: number,
    source: number,
    sink: number,
    labels: Int32Array,
    excess: Float64Array,
    current: Int32Array,
    active: ActiveNodes,
  ): number {
    const [heads, residuals, nexts] = [this.#heads, this.#residuals, this.#nexts];
    let relabelled = 0;
    while (excess[node]! > 0 && labels[node]! < this.#nodes) {
      const arc = current[node]!;
      if (arc < 0) {
        relabelled++;
        this.#relabel(node, labels, active);
        current[node] = this.#first[node]!;
        continue;
      }
      const head = heads[arc]!;
      const room = residuals[arc ^ 1]!;
      if (room <= 0 || labels[head]! !== labels[node]! - 1) {
        current[node] = nexts[arc]!;
        continue;
      }
      const amount = Math.min(excess[node]!, room);
      excess[node] = excess[node]! - amount;
      residuals[arc ^ 1] = room - amount;
      residuals[arc] = residuals[arc]! + amount;
      if (head !== source && head !== sink && excess[head] === 0) active.add(head, labels[head]!);
      excess[head]! += amount;
    }
    return relabelled;
  }

  /** Lifts a node to where it can push again; where its label was the last of its kind, all above it are cut off. */
  #relabel(node: number, labels: Int32Array, active: ActiveNodes): void {
    const [heads, residuals, nexts] = [this.#heads, this.#residuals, this.#nexts];
    const old = labels[node]!;
    let least = this.#nodes;
    for (let arc = this.#first[node]!; arc >= 0; arc = nexts[arc]!) {
      if (residuals[arc ^ 1]! > 0) least = Math.min(least, labels[heads[arc]!]! + 1);
    }
    labels[node] = Math.min(least, this.#nodes);
    active.moved(old, labels[node]!);
    if (active.isGap(old)) {
      for (let other = 0; other < this.#nodes; other++) {
        if (labels[other]! <= old || labels[other]! >= this.#nodes) continue;
        active.moved(labels[other]!, this.#nodes);
        labels[other] = this.#nodes;
      }
    }
  }

  /** Makes labels the distances to the source along arcs with residual, and lists the nodes with excess anew. */
  #relabelAll(source: number, sink: number, labels: Int32Array, excess: Float64Array, active: ActiveNodes): void {
    const [heads, residuals, nexts] = [this.#heads, this.#residuals, this.#nexts];
    labels.fill(this.#nodes);
    labels[source] = 0;
    const queue = new Int32Array(this.#nodes);
    queue[0] = source;
    for (let at = 0, end = 1; at < end; at++) {
      const node = queue[at]!;
      for (let arc = this.#first[node]!; arc >= 0; arc = nexts[arc]!) {
        const tail = heads[arc]!;
        // Flow runs against arcs: from `tail` to `node` where the arc from `node` to `tail` has residual.
        if (tail === sink || residuals[arc]! <= 0 || labels[tail]! < this.#nodes) continue;
        labels[tail] = labels[node]! + 1;
        queue[end++] = tail;
      }
    }
    active.reset(labels);
    for (let node = 0; node < this.#nodes; node++) {
      if (node !== source && node !== sink && excess[node]! > 0) active.add(node, labels[node]!);
    }
  }
}

/** Nodes with excess by label, and how many nodes of any kind have each label. */
class ActiveNodes {
  readonly #size: number;
  readonly #first: Int32Array;
  readonly #next: Int32Array;
  readonly #counts: Int32Array;
  #top = -1;

  constructor(nodes: number) {
    this.#size = nodes;
    this.#first = new Int32Array(nodes + 1).fill(-1);
    this.#next = new Int32Array(nodes);
    this.#counts = new Int32Array(nodes + 1);
  }

  reset(labels: Int32Array): void {
    this.#first.fill(-1);
    this.#counts.fill(0);
    this.#top = -1;
    for (const label of labels) this.#counts[label]!++;
  }

  /** A node that can no longer reach the source is not listed. */
  add(node: number, label: number): void {
    if (label >= this.#size) return;
    this.#next[node] = this.#first[label]!;
    this.#first[label] = node;
    this.#top = Math.max(this.#top, label);
  }

  moved(from: number, to: number): void {
    this.#counts[from]!--;
    this.#counts[to]!++;
  }

  isGap(label: number): boolean {
    return this.#counts[label] === 0;
  }

  /** Takes a node of the highest label; −1 where none is left. */
  highest(): number {
    while (this.#top >= 0 && this.#first[this.#top]! < 0) this.#top--;
    if (this.#top < 0) return -1;
    const node = this.#first[this.#top]!;
    this.#first[this.#top] = this.#next[node]!;
    return node;
  }
}
