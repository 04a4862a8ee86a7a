import { fc } from "@fast-check/vitest";
import type { Dag, PartitionCosts } from "../../src/planner/dag.ts";

export interface Case {
  readonly dag: Dag;
  readonly costs: PartitionCosts;
}

/** Small graphs, costs that are often equal or nothing, and two to four parts. */
export const cases: fc.Arbitrary<Case> = fc
  .record({ nodes: fc.integer({ min: 1, max: 7 }), parts: fc.integer({ min: 1, max: 4 }) })
  .chain(({ nodes, parts }) => {
    const price = fc.oneof(fc.integer({ min: 0, max: 5 }), fc.double({ min: 0, max: 9, noNaN: true }));
    const flow = fc
      .tuple(fc.integer({ min: -1, max: nodes - 1 }), fc.uniqueArray(fc.nat(nodes - 1)), fc.nat(3))
      .map(([producer, picks, chance]) => ({
        leaves: chance === 0,
        producer: producer < 0 ? null : producer,
        consumers: picks.filter((node) => node > producer).sort((a, b) => a - b),
      }));
    return fc.array(flow, { maxLength: 9 }).chain((flows) => {
      const list = (length: number) => fc.array(price, { minLength: length, maxLength: length });
      const lists = (count: number, length: number) => fc.array(list(length), { minLength: count, maxLength: count });
      return fc
        .record({ node: lists(parts, nodes), flow: lists(parts - 1, flows.length) })
        .map((costs) => ({ dag: { nodes, flows }, costs }));
    });
  });

/** Every assignment of the parts `from` to `to` to so many nodes, lawful or not. */
export function* labelled(nodes: number, from: number, to: number): Generator<number[]> {
  const parts = to - from + 1;
  for (let code = 0; code < parts ** nodes; code++) {
    yield Array.from({ length: nodes }, (_, v) => from + (Math.floor(code / parts ** v) % parts));
  }
}
