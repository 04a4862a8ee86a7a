import { describe, expect, test } from "vitest";
import { plainFusions } from "../../src/devices/fusion.ts";
import type { Profile, ProfileNode } from "../../src/formats/profile.ts";
import { convolution, HERE, profiled, relu } from "./machines.ts";

const sum = (other: number[]): ProfileNode => ({
  ...relu(24, 28),
  name: "sum",
  op: "Add",
  shapes: { inputs: [[1, 24, 28, 28], other], output: [1, 24, 28, 28] },
});

/** A profile of nodes, one kernel each, with the given edges from node to nodes; a node without readers makes an output. */
function graphOf(nodes: ProfileNode[], readers: number[][]): Profile {
  const made = profiled(HERE, nodes);
  const shape = [1, 24, 28, 28];
  const tensors = nodes.map(({ name }) => ({ name, dtype: "float32" as const, shape, bytes: 75264 }));
  const edges = readers.map((consumers, node) => ({ tensor: node, producer: node, consumers }));
  const outputs = readers.flatMap((consumers, node) => (consumers.length === 0 ? [node] : []));
  return { ...made, tensors, edges, model: { ...made.model, outputs } };
}
const FULL = [1, 24, 28, 28];

describe("what a plain layout fuses", () => {
  test("a sum of two tensors and its activation become part of the convolution before them", () => {
    const nodes = [relu(24, 28), convolution(24, 28), sum(FULL), { ...relu(24, 28), name: "after" }];
    const { absorbed, summing } = plainFusions(graphOf(nodes, [[1, 2], [2], [3], []]));
    expect([...absorbed]).toEqual([2, 3]);
    expect([...summing]).toEqual([1]);
  });

  test("of two convolutions that are summed, one takes the sum", () => {
    const nodes = [relu(24, 28), convolution(24, 28), convolution(24, 28, 1), sum(FULL)];
    const { absorbed, summing } = plainFusions(graphOf(nodes, [[1, 2], [3], [3], []]));
    expect([...absorbed]).toEqual([3]);
    expect(summing.size).toBe(1);
  });

  test("not when something else reads the convolution, nor when an operand is spread, nor without edges", () => {
    const nodes = [relu(24, 28), convolution(24, 28), sum(FULL), { ...relu(24, 28), name: "after" }];
    const read = plainFusions(graphOf(nodes, [[1, 2], [2, 3], [], []]));
    expect(read.summing.size).toBe(0);
    const spread = plainFusions(graphOf([nodes[0]!, nodes[1]!, sum([24, 1, 1]), nodes[3]!], [[1, 2], [2], [3], []]));
    expect(spread.absorbed.size).toBe(0);
    const { edges: _, ...older } = graphOf(nodes, [[1, 2], [2], [3], []]);
    expect(plainFusions(older).absorbed.size).toBe(0);
  });

  test("an activation alone becomes part of it, too", () => {
    const nodes = [convolution(24, 28), relu(24, 28)];
    const { absorbed, activated } = plainFusions(graphOf(nodes, [[1], []]));
    expect([...absorbed]).toEqual([1]);
    expect([...activated]).toEqual([0]);
  });
});
