import type { Attribute } from "../onnx/index.ts";
import { type MicroCase, on } from "./microcase.ts";
import { MAPS } from "./microelementwise.ts";
import type { MicroGraph } from "./micrograph.ts";

type Make = (graph: MicroGraph, data: string) => string;

/** What networks for pictures do between convolutions. */
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
    for (const attributes of [window, halves])
      amongIntegers(cases, shape, channels, (graph, data) => graph.node("MaxPool", [data], attributes));
    amongIntegers(cases, shape, channels, (graph, data) => graph.node("GlobalAveragePool", [data]));
    on(cases, shape, (graph, data) => graph.node("Transpose", [data], { perm: [0, 2, 3, 1] }));
    on(cases, shape, (graph, data) => graph.node("Concat", [data, graph.source(shape)], { axis: 1 }));
    amongIntegers(cases, shape, 2 * channels, (graph, data) => {
      const beside = integerConvolution(graph, graph.rounded(graph.source([1, 4, side, side])), 4, channels);
      return graph.node("Concat", [data, beside], { axis: 1 });
    });
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
    for (const [mode, times] of [
      ["nearest", 2],
      ["nearest", 4],
      ["linear", 2],
    ] as const) {
      if (times * side > 120) continue;
      const resize: Make = (graph, data) =>
        graph.node("Resize", [data, "", graph.vector([1, 1, times, times])], RESIZE[mode]);
      on(cases, shape, resize);
      if (mode === "nearest") amongIntegers(cases, shape, channels, resize);
    }
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
  return cases;
}

const RESIZE: Readonly<Record<"nearest" | "linear", Readonly<Record<string, Attribute>>>> = {
  nearest: { mode: "nearest", coordinate_transformation_mode: "asymmetric", nearest_mode: "floor" },
  linear: { mode: "linear", coordinate_transformation_mode: "asymmetric" },
};

/**
 * Adds a chain in which an operator works on integers between two small convolutions: a runtime that has a layout of its own for
 * these then keeps it in between.
 * @param out channels that the operator makes
 */
function amongIntegers(cases: MicroCase[], shape: readonly number[], out: number, make: Make): void {
  const [, channels, height, width] = shape as [number, number, number, number];
  cases.push({
    bytes: 4 * shape.reduce((total, size) => total * size, 1),
    add(graph) {
      const before = integerConvolution(graph, graph.rounded(graph.source([1, 4, height, width])), 4, channels);
      graph.finish(integerConvolution(graph, graph.rounded(make(graph, before)), out, 4), 4);
    },
  });
}

function integerConvolution(graph: MicroGraph, data: string, from: number, to: number): string {
  const weights = graph.integerWeight([to, from, 1, 1], 0);
  return graph.rounded(graph.node("Conv", [data, weights, graph.integerBias(to)], { kernel_shape: [1, 1] }));
}
