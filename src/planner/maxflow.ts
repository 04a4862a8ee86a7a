/**
 * A flow network with real capacities, and the minimum cut between two of its nodes by Dinic's algorithm (E. A. Dinic,
 * "Algorithm for solution of a problem of maximum flow in networks with power estimation", 1970). Each augmentation makes
 * the residual of its bottleneck exactly zero, so that real capacities need no tolerance.
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
   * Fills the network from `source` to `sink` and says which nodes are on the source's side of a minimum cut: of all
   * minimum cuts the one with the smallest such side. Once filled, a network is used up.
   *
   * @returns 1 for each node on the source's side
   * @throws RangeError where the flow has no limit
   */
  minimumCut(source: number, sink: number): Uint8Array {
    const levels = new Int32Array(this.#nodes);
    const queue = new Int32Array(this.#nodes);
    const turn = new Int32Array(this.#nodes);
    const path = new Int32Array(this.#nodes);
    while (this.#level(source, sink, levels, queue)) {
      turn.set(this.#first);
      this.#block(source, sink, levels, turn, path);
    }
    return Uint8Array.from(levels, (level) => (level < 0 ? 0 : 1));
  }

  /** Distances from the source along arcs with residual; −1 where none lead. Says whether the sink is reached. */
  #level(source: number, sink: number, levels: Int32Array, queue: Int32Array): boolean {
    const [heads, residuals, nexts, first] = [this.#heads, this.#residuals, this.#nexts, this.#first];
    levels.fill(-1);
    levels[source] = 0;
    queue[0] = source;
    for (let at = 0, end = 1; at < end; at++) {
      const node = queue[at]!;
      for (let arc = first[node]!; arc >= 0; arc = nexts[arc]!) {
        const head = heads[arc]!;
        if (residuals[arc]! <= 0 || levels[head]! >= 0) continue;
        levels[head] = levels[node]! + 1;
        queue[end++] = head;
      }
    }
    return levels[sink]! >= 0;
  }

  /** Augments along shortest paths until none is left, depth first and without recursion: graphs may be deep. */
  #block(source: number, sink: number, levels: Int32Array, turn: Int32Array, path: Int32Array): void {
    const [heads, residuals, nexts] = [this.#heads, this.#residuals, this.#nexts];
    let depth = 0;
    let node = source;
    while (true) {
      if (node === sink) {
        depth = this.#augment(path, depth);
        node = heads[path[depth]! ^ 1]!;
        continue;
      }
      let arc = turn[node]!;
      while (arc >= 0 && !(residuals[arc]! > 0 && levels[heads[arc]!] === levels[node]! + 1)) arc = nexts[arc]!;
      turn[node] = arc;
      if (arc >= 0) {
        path[depth++] = arc;
        node = heads[arc]!;
      } else {
        // A dead end: it is left out for the rest of this phase.
        levels[node] = -2;
        if (depth === 0) return;
        node = heads[path[--depth]! ^ 1]!;
      }
    }
  }

  /** Sends what the path's bottleneck lets pass. @returns the depth of the first arc that it saturated */
  #augment(path: Int32Array, depth: number): number {
    const residuals = this.#residuals;
    let least = Number.POSITIVE_INFINITY;
    for (let i = 0; i < depth; i++) least = Math.min(least, residuals[path[i]!]!);
    if (least === Number.POSITIVE_INFINITY) throw new RangeError("a path of unlimited capacity leads to the sink");
    let saturated = depth;
    for (let i = depth - 1; i >= 0; i--) {
      const arc = path[i]!;
      residuals[arc] = residuals[arc]! - least;
      residuals[arc ^ 1] = residuals[arc ^ 1]! + least;
      if (residuals[arc] === 0) saturated = i;
    }
    return saturated;
  }
}
