import { test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { Bounds } from "../../src/planner/bounds.ts";
import type { Dag } from "../../src/planner/dag.ts";
import { blockCost, minimumCut } from "../../src/planner/mincut.ts";
import { seriesOf } from "../../src/planner/series.ts";
import { cases, labelled } from "./dags.ts";

/** Whether each node can be reached from each, along tensors. */
function reach({ nodes, flows }: Dag): boolean[][] {
  const to = Array.from({ length: nodes }, () => Array<boolean>(nodes).fill(false));
  for (const { producer, consumers } of flows) {
    for (const consumer of consumers) if (producer !== null) to[producer]![consumer] = true;
  }
  for (let via = 0; via < nodes; via++) {
    for (const row of to) if (row[via]) for (let v = 0; v < nodes; v++) row[v] ||= to[via]![v]!;
  }
  return to;
}

describe("a graph as a series", () => {
  test.prop([cases], { numRuns: 1000 })("has as waists all nodes that need or are needed by every other", ({ dag }) => {
    const to = reach(dag);
    const nodes = Array.from({ length: dag.nodes }, (_, v) => v);
    const expected = nodes.filter((v) => nodes.every((other) => other === v || to[v]![other] || to[other]![v]));
    const { waists, blocks } = seriesOf(dag);
    expect(waists.toSorted((a, b) => a - b)).toEqual(expected);
    for (const [i, waist] of waists.slice(1).entries()) expect(to[waists[i]!]![waist]).toBe(true);
    const inside = blocks.flatMap((block) => block.nodes);
    expect([...waists, ...inside].sort((a, b) => a - b)).toEqual(nodes);
    for (const [i, block] of blocks.entries()) {
      for (const node of block.nodes) {
        if (i > 0) expect(to[waists[i - 1]!]![node]).toBe(true);
        if (i < waists.length) expect(to[node]![waists[i]!]).toBe(true);
      }
    }
  });

  test("whose nodes need each other in a circle is one block", () => {
    const flows = [
      { producer: 0, consumers: [1] },
      { producer: 1, consumers: [0, 2] },
    ];
    const { waists, blocks } = seriesOf({ nodes: 3, flows });
    expect({ waists, nodes: blocks.map(({ nodes }) => nodes) }).toEqual({ waists: [], nodes: [[0, 1, 2]] });
  });

  test("of a chain with skips is nothing but waists, whatever skips over", () => {
    const flows = Array.from({ length: 9 }, (_, v) => ({ producer: v, consumers: [v + 1, ...(v < 6 ? [v + 4] : [])] }));
    const { waists, blocks } = seriesOf({ nodes: 10, flows });
    expect(waists).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    // After node 5: its own tensor, and those of nodes 2 to 4 on their way to nodes 6 to 8.
    expect(blocks[6]!.through.toSorted()).toEqual([2, 3, 4, 5]);
  });
});

describe("a block between waists", () => {
  test.prop([cases], { numRuns: 1000 })("is divided as well as trying everything does, within its bounds", (one) => {
    const { dag, costs } = one;
    const parts = costs.node.length;
    const series = seriesOf(dag);
    const bounds = new Bounds(series, costs);
    for (const [i, block] of series.blocks.entries()) {
      for (let from = 0; from < parts; from++) {
        for (let to = from; to < parts; to++) {
          let least = Number.POSITIVE_INFINITY;
          for (const labels of labelled(block.nodes.length, from, to)) {
            const lawful = block.flows.every(
              ({ producer, consumers }) => producer === null || consumers.every((v) => labels[v]! >= labels[producer]!),
            );
            if (lawful) least = Math.min(least, blockCost(block, costs, from, to, labels));
          }
          const divided = blockCost(block, costs, from, to, minimumCut(block, costs, from, to));
          expect(divided).toBeCloseTo(least, 9);
          expect(bounds.least[bounds.at(i, from, to)]!).toBeLessThanOrEqual(least + 1e-9);
          expect(bounds.most[bounds.at(i, from, to)]!).toBeGreaterThanOrEqual(least - 1e-9);
        }
      }
    }
  });
});
