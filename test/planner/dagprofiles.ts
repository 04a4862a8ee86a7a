import { fc } from "@fast-check/vitest";
import type { Profile } from "../../src/formats/profile.ts";
import { profileOf } from "../costmodel/profiles.ts";

/** What a profile of a random graph is made from. */
export interface RandomDag {
  /** Of each node: seconds of its kernel, earlier nodes that it reads, elements of what it makes, fused with the one before. */
  readonly nodes: readonly {
    readonly seconds: number;
    readonly reads: readonly number[];
    readonly elements: number;
    readonly fused: boolean;
  }[];
  /** Seconds that each cut adds to its head and its tail. */
  readonly boundary_s: readonly number[];
  readonly inputElements: number;
}

const seconds = fc.oneof(fc.constantFrom(0.001, 0.002, 0.005), fc.double({ min: 1e-4, max: 0.02, noNaN: true }));
const elements = fc.oneof(fc.constantFrom(100, 10_000), fc.integer({ min: 10, max: 200_000 }));

export const randomDag: fc.Arbitrary<RandomDag> = fc.integer({ min: 2, max: 7 }).chain((count) =>
  fc.record({
    nodes: fc.tuple(
      ...Array.from({ length: count }, (_, node) =>
        fc.record({
          seconds,
          // −1 is the model's input.
          reads: fc.uniqueArray(fc.integer({ min: -1, max: node - 1 }), { minLength: 1, maxLength: 3 }),
          elements,
          fused: fc.boolean().map((value) => value && node > 0),
        }),
      ),
    ),
    boundary_s: fc.array(fc.double({ min: 0, max: 0.002, noNaN: true }), {
      minLength: count - 1,
      maxLength: count - 1,
    }),
    inputElements: elements,
  }),
);

/** A profile of a graph whose nodes stand in their order, with a cut after each but the last, and its edges. */
export function dagProfile({ nodes, boundary_s, inputElements }: RandomDag): Profile {
  const count = nodes.length;
  const base = profileOf({
    kernels: nodes.map((node) => ({ median_s: node.seconds, spread_s: 0 })),
    cuts: boundary_s.map((boundary) => ({ elements: [1], boundary_s: boundary })),
    weight_bytes: 1e6,
    inputElements,
    outputElements: 10,
    threads: 1,
    overhead_s: 1e-4,
  });
  // Tensor i + 1 is made by node i; 0 is the input. The last node's is the output.
  const tensors = [inputElements, ...nodes.map((node) => node.elements)].map((size, i) => ({
    name: `t${i}`,
    dtype: "float32" as const,
    shape: [size],
    bytes: size * 4,
  }));
  const consumers = tensors.map((_, tensor) =>
    nodes.flatMap(({ reads }, node) => (reads.includes(tensor - 1) ? [node] : [])),
  );
  // A node that nobody reads is read by the last one, so that it is useful.
  const last = count - 1;
  for (let node = 0; node < last; node++) if (consumers[node + 1]!.length === 0) consumers[node + 1]!.push(last);
  const edges = tensors.flatMap((_, tensor) =>
    tensor === 0 && consumers[0]!.length === 0
      ? []
      : [{ tensor, producer: tensor === 0 ? null : tensor - 1, consumers: consumers[tensor]! }],
  );
  // A fused node shares the kernel of the node before it.
  const owner = nodes.map((_, node) => {
    let at = node;
    while (nodes[at]!.fused) at--;
    return at;
  });
  const kernels = base.kernels.map((kernel, i) =>
    i < count ? { ...kernel, nodes: owner.flatMap((own, node) => (own === i ? [node] : [])) } : kernel,
  );
  // What a fused node would take is in the kernel that covers it.
  for (let node = 0; node < count; node++)
    if (nodes[node]!.fused) kernels[node] = { ...kernels[node]!, nodes: [node - 1, node] };
  return {
    ...base,
    model: { ...base.model, inputs: [0], outputs: [count] },
    nodes: base.nodes.map((node) => ({ ...node, parameters: 10 })),
    tensors,
    kernels,
    edges,
    cuts: base.cuts.map((cut) => ({
      ...cut,
      tensors: edges.flatMap(({ tensor, producer, consumers: takers }) =>
        (producer ?? -1) < cut.position && takers.some((node) => node >= cut.position) ? [tensor] : [],
      ),
    })),
  };
}
