import type { MicroCase } from "./microcase.ts";
import type { MicroGraph } from "./micrograph.ts";

/** Shapes from a few kB to what no cache holds. */
export const MAPS: readonly (readonly [channels: number, side: number])[] = [
  [16, 1],
  [960, 1],
  [64, 7],
  [96, 14],
  [64, 28],
  [64, 56],
  [32, 160],
  [32, 256],
  [16, 480],
];

export function elementwise(): MicroCase[] {
  const cases: MicroCase[] = [];
  const unary = (op: string, maps = MAPS, attributes = {}, more: (graph: MicroGraph) => string[] = () => []) => {
    for (const [channels, side] of maps)
      cases.push({
        bytes: 8 * channels * side * side,
        add: (graph) =>
          graph.finish(graph.node(op, [graph.source([1, channels, side, side]), ...more(graph)], attributes), 4),
      });
  };
  const few = MAPS.filter((_, index) => index % 2 === 1);
  unary("Relu");
  unary("Clip", MAPS, {}, (graph) => [graph.scalar(0), graph.scalar(6)]);
  unary("Sigmoid");
  for (const op of ["HardSigmoid", "HardSwish", "LeakyRelu", "Tanh", "Erf", "Gelu", "Exp", "Sqrt", "Neg"])
    unary(op, few);
  for (const [channels, side] of MAPS) {
    const full = [1, channels, side, side];
    const bytes = 12 * channels * side * side;
    const binary = (op: string, other: (graph: MicroGraph) => string): MicroCase => ({
      bytes,
      add: (graph) => graph.finish(graph.node(op, [graph.source(full), other(graph)]), 4),
    });
    cases.push(
      binary("Add", (graph) => graph.source(full)),
      binary("Mul", (graph) => graph.scalar(1.5)),
      binary("Mul", (graph) => graph.source([1, channels, 1, 1])),
      ...(side > 1 ? [binary("Add", (graph) => graph.weight([side]))] : []),
      // One number as a vector of one, as exporters write it.
      binary("Add", (graph) => graph.vector([1.5])),
      binary("Div", (graph) => graph.scalar(6)),
      binary("Div", (graph) => graph.source(full)),
      integers("Add", full, 1.5),
      integers("Add", full, 2),
      integers("Mul", full, 2),
      integers("Sigmoid", full, 1),
      integers("LeakyRelu", full, 1),
    );
    if (side > 1)
      cases.push(
        binary("Pow", (graph) => graph.scalar(2)),
        {
          bytes,
          add: (graph) => {
            const gate = graph.rounded(graph.source([1, channels, 1, 1]));
            const product = graph.node("Mul", [graph.rounded(graph.source(full)), gate]);
            graph.finish(graph.rounded(product), 4);
          },
        },
      );
  }
  for (const [rows, columns] of [
    [16, 128],
    [128, 128],
    [197, 192],
    [128, 768],
  ] as const) {
    const bytes = 8 * rows * columns;
    cases.push({
      bytes,
      add: (graph) => graph.finish(graph.node("Add", [graph.source([1, rows, columns]), graph.weight([columns])]), 3),
    });
  }
  return cases;
}

/** @param operands 1.5: a tensor and a number */
function integers(op: string, shape: readonly number[], operands: 1 | 1.5 | 2): MicroCase {
  return {
    bytes: 8 * shape.reduce((total, size) => total * size, 1),
    add(graph) {
      const inputs = Array.from({ length: Math.floor(operands) }, () => graph.rounded(graph.source(shape)));
      if (operands === 1.5) inputs.push(graph.rounded(graph.vector([1.5])));
      graph.finish(graph.rounded(graph.node(op, inputs)), 4);
    },
  };
}
