import { type MicroCase, MOST_FLOPS } from "./microcase.ts";
import type { MicroGraph } from "./micrograph.ts";
import { between, scattered, stepped } from "./scatter.ts";

/** How many products there are beside the grid. */
const SCATTERED = 40;

export function matrices(): MicroCase[] {
  const cases: MicroCase[] = [];
  const weighted = (m: number, k: number, n: number): MicroCase => ({
    bytes: 4 * (m * k + k * n + m * n),
    add: (graph) => graph.finish(graph.node("MatMul", [graph.source([1, m, k]), graph.weight([k, n])]), 3),
  });
  const integers = (m: number, k: number, n: number): MicroCase => ({
    bytes: k * n + 4 * m * (k + n),
    add: (graph) =>
      graph.finish(graph.node("MatMul", [graph.rounded(graph.source([1, m, k])), graph.integerWeight([k, n], 1)]), 3),
  });
  // A sum of a row after the product: on its own in integers, within the product in floats.
  const biased = (m: number, k: number, n: number): MicroCase => ({
    bytes: 4 * (m * k + k * n + m * n),
    add(graph) {
      const made = graph.node("MatMul", [graph.source([1, m, k]), graph.weight([k, n])]);
      graph.finish(graph.node("Add", [made, graph.weight([n])]), 3);
    },
  });
  for (const m of [16, 32, 96, 128])
    for (const [k, n] of [
      [128, 128],
      [128, 512],
      [512, 128],
      [256, 256],
    ] as const)
      cases.push(biased(m, k, n));
  for (const m of [1, 16, 32, 49, 64, 128, 197])
    for (const [k, n] of [
      [64, 192],
      [128, 128],
      [128, 512],
      [512, 128],
      [256, 256],
      [768, 768],
      [768, 2304],
      [3072, 768],
    ] as const)
      if (2 * m * k * n <= MOST_FLOPS) {
        cases.push(weighted(m, k, n));
        if (n !== 192 && m !== 49) cases.push(integers(m, k, n));
      }
  for (let index = 0; index < SCATTERED; index++) {
    const [rows, inner, columns] = scattered(index + 1) as [number, number, number];
    const m = between(1, 400, rows);
    const [k, n] = [stepped(between(24, 1200, inner), index + 2), stepped(between(24, 1200, columns), index + 3)];
    if (2 * m * k * n <= MOST_FLOPS) cases.push(weighted(m, k, n), integers(m, k, n));
  }
  for (const [k, n] of [
    [32, 10],
    [128, 128],
    [200, 10],
    [512, 10],
    [128, 2],
    [1024, 1000],
    [2048, 1000],
  ] as const)
    cases.push(
      {
        bytes: 4 * k * n,
        add: (graph) =>
          graph.finish(graph.node("Gemm", [graph.source([1, k]), graph.weight([k, n]), graph.weight([n])]), 2),
      },
      {
        bytes: k * n,
        add: (graph) =>
          graph.finish(
            graph.rounded(
              graph.node("Gemm", [
                graph.rounded(graph.source([1, k])),
                graph.integerWeight([k, n], 1),
                graph.integerBias(n),
              ]),
            ),
            2,
          ),
      },
    );
  for (const heads of [2, 4, 12])
    for (const sequence of [16, 32, 49, 128, 197])
      for (const [m, k, n] of [
        [sequence, heads === 2 ? 64 : 32, sequence],
        [sequence, sequence, heads === 2 ? 64 : 32],
      ] as const)
        cases.push(
          {
            bytes: 4 * heads * (m * k + k * n + m * n),
            add: (graph) =>
              graph.finish(graph.node("MatMul", [graph.source([1, heads, m, k]), graph.source([1, heads, k, n])]), 4),
          },
          ...(heads !== 12 || sequence === 49
            ? [
                {
                  bytes: 4 * heads * (m * k + k * n + m * n),
                  add: (graph: MicroGraph) => graph.finish(graph.rounded(integerProduct(graph, heads, m, k, n)), 4),
                },
                {
                  bytes: 4 * heads * (m * k + k * n + m * n),
                  add: (graph: MicroGraph) => graph.finish(integerProduct(graph, heads, m, k, n), 4),
                },
              ]
            : []),
        );
  return cases;
}

/** A product of two tensors of integers, as attention has it; rounded itself or not. */
function integerProduct(graph: MicroGraph, heads: number, m: number, k: number, n: number): string {
  return graph.node("MatMul", [
    graph.rounded(graph.source([1, heads, m, k])),
    graph.rounded(graph.source([1, heads, k, n])),
  ]);
}
