import type { MicroCase } from "./microcase.ts";
import { MAPS } from "./microelementwise.ts";
import type { MicroGraph } from "./micrograph.ts";

export function others(): MicroCase[] {
  const cases: MicroCase[] = [];
  for (const [channels, side] of MAPS.slice(2)) {
    const shape = [1, channels, side, side];
    const window = { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] };
    const halves = { kernel_shape: [2, 2], strides: [2, 2] };
    on(cases, shape, (graph, data) => graph.node("MaxPool", [data], window));
    on(cases, shape, (graph, data) => graph.node("MaxPool", [data], halves));
    on(cases, shape, (graph, data) => graph.node("AveragePool", [data], halves));
    on(cases, shape, (graph, data) => graph.rounded(graph.node("AveragePool", [graph.rounded(data)], halves)));
    on(cases, shape, (graph, data) => graph.rounded(graph.node("MaxPool", [graph.rounded(data)], halves)));
    on(cases, shape, (graph, data) => graph.node("Transpose", [data], { perm: [0, 2, 3, 1] }));
    on(cases, shape, (graph, data) => graph.node("Concat", [data, graph.source(shape)], { axis: 1 }));
    on(cases, shape, (graph, data) =>
      graph.rounded(graph.node("Concat", [graph.rounded(data), graph.rounded(graph.source(shape))], { axis: 1 })),
    );
    on(cases, shape, (graph, data) => graph.node("Pad", [data, graph.integers([0, 0, 1, 1, 0, 0, 1, 1])]));
    on(cases, shape, (graph, data) =>
      graph.node("Slice", [data, graph.integers([0]), graph.integers([channels / 2]), graph.integers([1])]),
    );
    on(cases, shape, (graph, data) => {
      const [scale, bias, mean, variance] = [1, 2, 3, 4].map(() => graph.weight([channels])) as [
        string,
        string,
        string,
        string,
      ];
      return graph.node("BatchNormalization", [graph.node("Relu", [data]), scale, bias, mean, variance]);
    });
    const space = { blocksize: 2, mode: "CRD" };
    on(cases, shape, (graph, data) => graph.node("DepthToSpace", [data], space));
    on(cases, shape, (graph, data) => graph.rounded(graph.node("DepthToSpace", [graph.rounded(data)], space)));
    on(cases, [1, 1, 2 * side, 2 * side], (graph, data) =>
      graph.node("MaxPool", [data], { ...window, strides: [1, 1] }),
    );
    if (side > 60) continue;
    for (const mode of ["nearest", "linear"])
      on(cases, shape, (graph, data) =>
        graph.node("Resize", [data, "", graph.vector([1, 1, 2, 2])], {
          mode,
          coordinate_transformation_mode: "asymmetric",
          ...(mode === "nearest" ? { nearest_mode: "floor" } : {}),
        }),
      );
    on(cases, shape, (graph, data) =>
      graph.rounded(
        graph.node("Resize", [graph.rounded(data), "", graph.vector([1, 1, 2, 2])], {
          mode: "nearest",
          coordinate_transformation_mode: "asymmetric",
          nearest_mode: "floor",
        }),
      ),
    );
    for (const kernel of [2, 4])
      if (channels * side < 3000)
        on(cases, shape, (graph, data) =>
          graph.node("ConvTranspose", [data, graph.weight([channels, 24, kernel, kernel])], {
            kernel_shape: [kernel, kernel],
            strides: [2, 2],
            ...(kernel === 4 ? { pads: [1, 1, 1, 1] } : {}),
          }),
        );
  }
  return [...cases, ...encoders()];
}

/** What encoders do between products. */
function encoders(): MicroCase[] {
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

/** Adds a chain around what is made of a tensor of the given shape. */
function on(
  cases: MicroCase[],
  shape: readonly number[],
  make: (graph: MicroGraph, data: string) => string,
  rank = shape.length,
): void {
  cases.push({
    bytes: 8 * shape.reduce((total, size) => total * size, 1),
    add: (graph) => graph.finish(make(graph, graph.source(shape)), rank),
  });
}
