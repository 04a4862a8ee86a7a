import type { Profile, ProfileEdge } from "../formats/profile.ts";
import { STATISTICS } from "./segments.ts";

/** A tensor's way through a graph of atoms; null is an input of the model. */
export interface AtomFlow {
  readonly producer: number | null;
  readonly consumers: readonly number[];
  /** Index into the profile's tensors. */
  readonly tensor: number;
  /** Whether it is an output of the model, which the last segment answers with. */
  readonly leaves: boolean;
}

/**
 * The source graph of a profile with the nodes of each of the whole model's kernels drawn together into an atom: cuts along
 * other orders than the profile's go between kernels, never through one.
 */
export interface AtomGraph {
  readonly nodes: number;
  readonly flows: readonly AtomFlow[];
  /** The atom of each of the profile's nodes. */
  readonly atomOf: Int32Array;
  /** Seconds of each atom's kernels on the profiled host, by statistic (median, low, high). */
  readonly seconds: readonly Float64Array[];
  readonly kernels: Float64Array;
  readonly weightBytes: Float64Array;
}

/** @returns undefined where the profile does not know its graph's edges */
export function atomGraph(profile: Profile): AtomGraph | undefined {
  const { edges, nodes, kernels, whole_kernels } = profile;
  if (!edges) return undefined;
  const whole = kernels.slice(0, whole_kernels);
  const atomOf = united(
    nodes.length,
    whole.map((kernel) => kernel.nodes),
  );
  const count = Math.max(0, ...atomOf) + 1;
  const seconds = STATISTICS.map(() => new Float64Array(count));
  const kernelCounts = new Float64Array(count);
  let orphans: typeof whole = [];
  let latest = 0;
  const charge = (atom: number, kernel: (typeof whole)[number]) => {
    for (const [i, statistic] of STATISTICS.entries()) seconds[i]![atom]! += kernel[statistic] * profile.run.skew;
    kernelCounts[atom]!++;
  };
  for (const kernel of whole) {
    const [node] = kernel.nodes;
    if (node === undefined) {
      orphans.push(kernel);
      continue;
    }
    latest = atomOf[node]!;
    charge(latest, kernel);
    // A change of layout belongs to what follows, which asked for it.
    for (const orphan of orphans) charge(latest, orphan);
    orphans = [];
  }
  for (const orphan of orphans) charge(latest, orphan);
  const parameters = nodes.reduce((sum, node) => sum + node.parameters, 0);
  const weightBytes = new Float64Array(count);
  for (const [i, node] of nodes.entries()) {
    weightBytes[atomOf[i]!]! += parameters > 0 ? (node.parameters / parameters) * profile.model.weight_bytes : 0;
  }
  return {
    nodes: count,
    flows: flowsOf(edges, atomOf, profile.model.outputs),
    atomOf,
    seconds,
    kernels: kernelCounts,
    weightBytes,
  };
}

function flowsOf(edges: readonly ProfileEdge[], atomOf: Int32Array, outputs: readonly number[]): AtomFlow[] {
  return edges.flatMap(({ tensor, producer, consumers }) => {
    const from = producer === null ? null : atomOf[producer]!;
    const to = [...new Set(consumers.map((node) => atomOf[node]!))].filter((atom) => atom !== from);
    const leaves = outputs.includes(tensor);
    return to.length > 0 || leaves ? [{ producer: from, consumers: to, tensor, leaves }] : [];
  });
}

/** Numbers of the sets into which groups of indices unite, in the order of their first members. */
function united(size: number, groups: readonly (readonly number[])[]): Int32Array {
  const parent = Int32Array.from({ length: size }, (_, i) => i);
  const root = (index: number) => {
    let at = index;
    while (parent[at] !== at) {
      parent[at] = parent[parent[at]!]!;
      at = parent[at]!;
    }
    return at;
  };
  for (const [first, ...others] of groups) {
    for (const other of others) {
      const [a, b] = [root(first!), root(other)];
      parent[Math.max(a, b)] = Math.min(a, b);
    }
  }
  const numbers = new Map<number, number>();
  return Int32Array.from({ length: size }, (_, i) => {
    const of = root(i);
    const known = numbers.get(of);
    if (known !== undefined) return known;
    numbers.set(of, numbers.size);
    return numbers.size - 1;
  });
}
