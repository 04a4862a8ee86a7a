import { test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import type { Dag } from "../../src/planner/dag.ts";
import { FlowNetwork } from "../../src/planner/maxflow.ts";
import { partition, partitionCost } from "../../src/planner/partition.ts";
import { cases, labelled } from "./dags.ts";

function lawful({ flows }: Dag, labels: ArrayLike<number>): boolean {
  return flows.every(
    ({ producer, consumers }) =>
      producer === null || consumers.every((consumer) => labels[consumer]! >= labels[producer]!),
  );
}

describe("the cheapest partition", () => {
  test.prop([cases], { numRuns: 3000 })("is what trying every one finds", ({ dag, costs }) => {
    const labels = partition(dag, costs);
    expect(lawful(dag, labels)).toBe(true);
    let least = Number.POSITIVE_INFINITY;
    for (const tried of labelled(dag.nodes, 0, costs.node.length - 1)) {
      if (lawful(dag, tried)) least = Math.min(least, partitionCost(dag, costs, tried));
    }
    expect(partitionCost(dag, costs, labels)).toBeCloseTo(least, 9);
  });

  test("sends a tensor once however many take it, and passes it on where a later part needs it", () => {
    const dag = { nodes: 3, flows: [{ producer: 0, consumers: [1, 2] }] };
    const costs = {
      node: [
        [0, 9, 9],
        [9, 0, 9],
        [9, 9, 0],
      ],
      flow: [[2], [1]],
    };
    const labels = partition(dag, costs);
    expect([...labels]).toEqual([0, 1, 2]);
    expect(partitionCost(dag, costs, labels)).toBe(3);
  });

  test("keeps inputs' takers early where sending them is dear", () => {
    const dag = {
      nodes: 2,
      flows: [
        { producer: null, consumers: [0] },
        { producer: 0, consumers: [1] },
      ],
    };
    expect([
      ...partition(dag, {
        node: [
          [5, 5],
          [1, 1],
        ],
        flow: [[100, 1]],
      }),
    ]).toEqual([0, 1]);
    expect([
      ...partition(dag, {
        node: [
          [5, 5],
          [1, 1],
        ],
        flow: [[1, 1]],
      }),
    ]).toEqual([1, 1]);
  });

  test("is found in chains of ten thousand nodes", () => {
    const nodes = 10_000;
    const flows = Array.from({ length: nodes - 1 }, (_, v) => ({ producer: v, consumers: [v + 1] }));
    const early = Float64Array.from({ length: nodes }, (_, v) => (v < 6000 ? 1 : 3));
    const late = Float64Array.from({ length: nodes }, () => 2);
    const labels = partition({ nodes, flows }, { node: [early, late], flow: [new Float64Array(nodes - 1).fill(10)] });
    expect(labels.indexOf(1)).toBe(6000);
    expect(labels.lastIndexOf(0)).toBe(5999);
  });
});

test("a flow without limit is refused", () => {
  const network = new FlowNetwork(2);
  network.arc(0, 1, Number.POSITIVE_INFINITY);
  expect(() => network.minimumCut(0, 1)).toThrow(RangeError);
});
