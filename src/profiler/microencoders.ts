import { type MicroCase, on } from "./microcase.ts";
import type { MicroGraph } from "./micrograph.ts";

/** What encoders do between products. */
export function encoders(): MicroCase[] {
  const cases: MicroCase[] = [];
  for (const [heads, sequence, width] of [
    [4, 16, 32],
    [4, 32, 32],
    [4, 49, 32],
    [4, 128, 32],
    [12, 197, 64],
  ] as const) {
    on(cases, [1, heads, sequence, sequence], (graph, data) => graph.node("Softmax", [data], { axis: -1 }));
    for (const perm of [
      [0, 2, 1, 3],
      [0, 2, 3, 1],
    ]) {
      on(cases, [1, sequence, heads, width], (graph, data) => graph.node("Transpose", [data], { perm }));
      on(cases, [1, sequence, heads, width], (graph, data) =>
        graph.rounded(graph.node("Transpose", [graph.rounded(data)], { perm })),
      );
    }
    const model = heads * width;
    const norm = (graph: MicroGraph, data: string) =>
      graph.node("LayerNormalization", [data, graph.weight([model]), graph.weight([model])], { axis: -1 });
    on(cases, [1, sequence, model], norm);
    on(cases, [1, sequence, model], (graph, data) =>
      norm(graph, graph.node("Add", [data, graph.source([1, sequence, model])])),
    );
    on(cases, [1, sequence, model], (graph, data) => graph.node("ReduceMean", [data, graph.integers([-1])]));
    for (const wide of [model, 4 * model]) on(cases, [1, sequence, wide], (graph, data) => graph.node("Gelu", [data]));
    on(cases, [1, sequence, 4 * model], (graph, data) => graph.node("Add", [data, graph.weight([4 * model])]));
    on(cases, [1, heads, sequence, sequence], (graph, data) =>
      graph.node("Add", [data, graph.source([1, 1, 1, sequence])]),
    );
    on(cases, [1, sequence, 3 * model], (graph, data) => graph.node("Split", [data], { axis: 2, num_outputs: 3 }, 3));
    cases.push({
      bytes: 4 * sequence * model,
      add: (graph) =>
        graph.finish(graph.node("Gather", [graph.weight([1000, model]), graph.input("int64", [1, sequence])]), 3),
    });
  }
  return cases;
}
