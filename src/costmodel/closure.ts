import type { Profile, ProfileEdge } from "../formats/profile.ts";
import { type AtomGraph, atomGraph } from "./atoms.ts";
import { messageCosts, relaySecondsPerByte } from "./messages.ts";
import type { CostModel } from "./model.ts";
import { memoryOf, type Segments, STATISTICS, type Statistic } from "./segments.ts";

/** A way to cut a model's graph into a chain of segments along any of its orders. */
export interface Partition {
  /** The segment of each of the profile's nodes, from 0 on; none needs anything of a later one. */
  readonly labels: ArrayLike<number>;
  readonly segments: number;
  /**
   * Seconds to add to each segment's inference, by statistic: what segments of this model take beyond the whole model's
   * kernels in them, as cuts along the profile's order show it.
   *
   * @default none
   */
  readonly excess_s?: readonly (readonly number[])[];
}

/**
 * A cost model of one partition, whose cuts are its seams, for the same predictions as those of the profile's own cuts.
 * Segments take what the whole model's kernels in them take: boundary kernels are known of the profile's own cuts only.
 *
 * @param graphs of the profiles, where they are there already
 * @returns undefined where a profile does not know its graph's edges
 */
export function partitionModel(
  { name, file, codecs }: CostModel,
  profiles: readonly Profile[],
  partition: Partition,
  graphs: readonly (AtomGraph | undefined)[] = profiles.map(atomGraph),
): CostModel | undefined {
  if (!graphs.every((graph) => graph !== undefined)) return undefined;
  return {
    name,
    file,
    codecs,
    cuts: Array.from({ length: partition.segments - 1 }, (_, seam) => frontier(profiles[0]!, partition.labels, seam)),
    tables: profiles.map((profile, i) => {
      const seams = seamsOf(profile, partition);
      return {
        threads: profile.settings.threads,
        segments: new PartitionTable(profile, graphs[i]!, partition, seams),
        messages: messageCosts(profile, seams),
        relay_s_per_byte: relaySecondsPerByte(profile),
      };
    }),
  };
}

/** What a partition's segments take, and nothing else about it. */
export function partitionSegments(profile: Profile, graph: AtomGraph, partition: Partition): Segments {
  return new PartitionTable(profile, graph, partition, seamsOf(profile, partition));
}

function seamsOf(profile: Profile, { labels, segments }: Partition): { readonly tensors: number[] }[] {
  return Array.from({ length: segments - 1 }, (_, seam) => ({
    tensors: crossing(profile, labels, seam).map(({ tensor }) => tensor),
  }));
}

/** The tensors that are there before a seam and needed after it, if only for the answer. */
export function crossing({ edges = [], model }: Profile, labels: ArrayLike<number>, seam: number): ProfileEdge[] {
  return edges.filter(
    ({ tensor, producer, consumers }) =>
      (producer === null || labels[producer]! <= seam) &&
      (model.outputs.includes(tensor) || consumers.some((node) => labels[node]! > seam)),
  );
}

/**
 * How a seam is called, as `onnx`'s cutAt reads it: after "only" the nodes before it on which no other node before it depends,
 * joined by " & ". The head is these nodes and all that they need.
 */
export function frontier({ nodes, edges = [] }: Profile, labels: ArrayLike<number>, seam: number): string {
  const within = (node: number) => labels[node]! <= seam;
  const followed = new Set(
    edges.flatMap(({ producer, consumers }) => (producer !== null && consumers.some(within) ? [producer] : [])),
  );
  const last = nodes.flatMap(({ name }, node) => (within(node) && !followed.has(node) ? [name] : []));
  return `only ${last.join(" & ")}`;
}

class PartitionTable implements Segments {
  readonly #profile: Profile;
  readonly #excess: readonly (readonly number[])[];
  readonly #seconds: readonly Float64Array[];
  readonly #kernels: Float64Array;
  readonly #weightBytes: Float64Array;
  /** Bytes that the segment before each boundary makes for what comes after it. */
  readonly #outputBytes: Float64Array;

  constructor(
    profile: Profile,
    { nodes, atomOf, seconds, kernels, weightBytes }: AtomGraph,
    { labels, segments, excess_s }: Partition,
    seams: readonly { readonly tensors: readonly number[] }[],
  ) {
    this.#profile = profile;
    this.#excess = excess_s ?? STATISTICS.map(() => Array<number>(segments).fill(0));
    const labelOf = new Uint8Array(nodes);
    for (let node = 0; node < atomOf.length; node++) labelOf[atomOf[node]!] = labels[node]!;
    const bySegment = (values: Float64Array) => {
      const sums = new Float64Array(segments);
      for (let atom = 0; atom < nodes; atom++) sums[labelOf[atom]!]! += values[atom]!;
      return sums;
    };
    this.#seconds = seconds.map(bySegment);
    this.#kernels = bySegment(kernels);
    this.#weightBytes = bySegment(weightBytes);
    const inputs = new Set(profile.model.inputs);
    const made = (tensors: readonly number[]) =>
      tensors.reduce((sum, index) => sum + (inputs.has(index) ? 0 : profile.tensors[index]!.bytes), 0);
    this.#outputBytes = Float64Array.of(0, ...seams.map(({ tensors }) => made(tensors)), made(profile.model.outputs));
  }

  kernels(a: number, b: number): number {
    return sum(this.#kernels, a, b);
  }

  inferSeconds(a: number, b: number, statistic: Statistic): number {
    const { request_base_s, request_per_kernel_s, request_per_byte_s } = this.#profile.run;
    const own_s = sum(this.#seconds[statistic]!, a, b) + sum(this.#excess[statistic]!, a, b);
    return (
      Math.max(0, own_s) +
      request_base_s +
      request_per_kernel_s * this.kernels(a, b) +
      request_per_byte_s * this.#outputBytes[b]!
    );
  }

  loadSeconds(a: number, b: number): number {
    const { base_s, per_kernel_s, per_weight_byte_s } = this.#profile.session;
    return base_s + per_kernel_s * this.kernels(a, b) + per_weight_byte_s * sum(this.#weightBytes, a, b);
  }

  /** With the whole model's activations: where those of a segment peak is not known. */
  memoryBytes(a: number, b: number): number {
    const { peak_bytes, factor } = memoryOf(this.#profile);
    return (sum(this.#weightBytes, a, b) + peak_bytes) * factor;
  }
}

function sum(values: ArrayLike<number>, a: number, b: number): number {
  let total = 0;
  for (let i = a; i < b; i++) total += values[i]!;
  return total;
}
