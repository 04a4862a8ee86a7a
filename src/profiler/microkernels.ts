import type { MicroGraph } from "./micrograph.ts";

/** One chain of a micro-model. */
export interface MicroCase {
  /** Roughly how much memory its tensors and weights take, for spreading cases over models. */
  readonly bytes: number;
  add(graph: MicroGraph): void;
}

/** Which micro-kernels there are: the sizes that convolutional networks and encoders are made of, and some between them. */
export function microCases(): MicroCase[] {
  return [...convolutions(), ...matrices(), ...elementwise(), ...others()];
}

/** Channels of feature maps by their side, as networks for pictures have them. */
const FEATURES: readonly (readonly [side: number, channels: readonly number[]])[] = [
  [160, [16, 24, 64]],
  [112, [16, 32, 64]],
  [80, [24, 64, 120]],
  [56, [24, 64, 128, 256]],
  [40, [40, 96, 160]],
  [28, [16, 32, 96, 192, 512]],
  [20, [64, 240]],
  [14, [32, 64, 160, 384, 1024]],
  [10, [96, 480]],
  [7, [64, 160, 320, 960]],
  [4, [96, 512]],
];
/** No micro-kernel has more operations: the bench is to pass often over all. */
const MOST_FLOPS = 6e8;

interface Convolution {
  readonly in: number;
  readonly out: number;
  readonly side: number;
  readonly kernel: number;
  readonly stride: number;
  readonly groups: number;
  readonly sum: boolean;
}

function convolutions(): MicroCase[] {
  const list: Convolution[] = [];
  const add = (part: Partial<Convolution> & Pick<Convolution, "in" | "out" | "side" | "kernel">) =>
    list.push({ stride: 1, groups: 1, sum: false, ...part });
  for (const channels of [1, 3])
    for (const [side, out, kernel] of [
      [28, 16, 3],
      [28, 32, 3],
      [224, 32, 3],
      [224, 64, 7],
      [320, 16, 3],
    ] as const)
      if (channels === 3 || side === 28) add({ in: channels, out, side, kernel, stride: side > 28 ? 2 : 1 });
  for (const [side, features] of FEATURES)
    features.forEach((channels, index) => {
      add({ in: channels, out: channels, side, kernel: 1 });
      add({ in: channels, out: 4 * channels, side, kernel: 1, sum: index === 1 });
      add({ in: 4 * channels, out: channels, side, kernel: 1 });
      add({ in: channels, out: channels, side, kernel: 3, sum: index === 0 });
      if (index === 0) add({ in: channels, out: 2 * channels, side, kernel: 3, stride: 2 });
      if (index === 1) add({ in: channels, out: channels, side, kernel: 5 });
      if (index === 1) add({ in: channels, out: 2 * channels, side, kernel: 1, stride: 2 });
      for (const kernel of index % 2 ? [3, 5] : [3])
        add({ in: channels, out: channels, side, kernel, groups: channels, stride: 1 });
      if (index < 2) add({ in: channels, out: channels, side, kernel: 3, groups: channels, stride: 2 });
    });
  // Squeeze-and-excitation, and classifiers written as convolutions.
  for (const channels of [8, 24, 64, 240, 960]) {
    add({ in: channels, out: 4 * channels, side: 1, kernel: 1 });
    add({ in: 4 * channels, out: channels, side: 1, kernel: 1 });
  }
  for (const [groups, width, side] of [
    [32, 4, 56],
    [32, 8, 28],
    [32, 16, 14],
    [64, 4, 56],
    [4, 16, 28],
  ] as const)
    add({ in: groups * width, out: groups * width, side, kernel: 3, groups });
  return list
    .filter((one) => flopsOf(one) <= MOST_FLOPS)
    .flatMap((one) => [convolution(one), ...(isTwinned(one) ? [integerConvolution(one)] : [])]);
}

/** Integer convolutions of every second size: what they cost over float ones changes slowly. */
function isTwinned({ sum, side, in: channels }: Convolution): boolean {
  return !sum && side !== 80 && side !== 20 && channels > 1;
}

function flopsOf(one: Convolution): number {
  return (2 * one.out * (one.in / one.groups) * one.kernel ** 2 * one.side ** 2) / one.stride ** 2;
}

function shapeOf(one: Convolution) {
  const pad = Math.floor(one.kernel / 2);
  return {
    weights: [one.out, one.in / one.groups, one.kernel, one.kernel],
    bytes: 4 * (one.in * one.side ** 2 + (one.out * one.side ** 2) / one.stride ** 2) + one.out * one.in * 4,
    attributes: {
      kernel_shape: [one.kernel, one.kernel],
      pads: [pad, pad, pad, pad],
      strides: [one.stride, one.stride],
      group: one.groups,
    },
  };
}

function convolution(one: Convolution): MicroCase {
  const { weights, bytes, attributes } = shapeOf(one);
  return {
    bytes,
    add(graph) {
      const data = graph.source([1, one.in, one.side, one.side]);
      const bias = graph.weight([one.out]);
      let made = graph.node("Conv", [data, graph.weight(weights), bias], attributes);
      if (one.sum) {
        const beside = graph.node(
          "Conv",
          [graph.source([1, 8, one.side, one.side]), graph.weight([one.out, 8, 1, 1])],
          { kernel_shape: [1, 1] },
        );
        made = graph.node("Add", [made, graph.node("Relu", [beside])]);
      }
      graph.finish(graph.node("Relu", [made]), 4);
    },
  };
}

function integerConvolution(one: Convolution): MicroCase {
  const { weights, bytes, attributes } = shapeOf(one);
  return {
    bytes: bytes / 2,
    add(graph) {
      const data = graph.rounded(graph.source([1, one.in, one.side, one.side]));
      const made = graph.node("Conv", [data, graph.integerWeight(weights, 0), graph.integerBias(one.out)], attributes);
      graph.finish(graph.rounded(made), 4);
    },
  };
}

function matrices(): MicroCase[] {
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
  for (const m of [1, 16, 49, 64, 128, 197])
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
  for (const [k, n] of [
    [32, 10],
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
    for (const sequence of [16, 49, 128, 197])
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
          ...(heads === 4 || sequence === 49
            ? [
                {
                  bytes: 4 * heads * (m * k + k * n + m * n),
                  add: (graph: MicroGraph) =>
                    graph.finish(
                      graph.rounded(
                        graph.node("MatMul", [
                          graph.rounded(graph.source([1, heads, m, k])),
                          graph.rounded(graph.source([1, heads, k, n])),
                        ]),
                      ),
                      4,
                    ),
                },
              ]
            : []),
        );
  return cases;
}

/** Shapes from a few kB to what no cache holds. */
const MAPS: readonly (readonly [channels: number, side: number])[] = [
  [16, 1],
  [960, 1],
  [64, 7],
  [96, 14],
  [64, 28],
  [64, 56],
  [32, 160],
  [32, 256],
];

function elementwise(): MicroCase[] {
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
      binary("Add", (graph) => graph.weight([side])),
      binary("Div", (graph) => graph.scalar(6)),
      binary("Div", (graph) => graph.source(full)),
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

function integers(op: string, shape: readonly number[], operands: 1 | 2): MicroCase {
  return {
    bytes: 8 * shape.reduce((total, size) => total * size, 1),
    add(graph) {
      const inputs = Array.from({ length: operands }, () => graph.rounded(graph.source(shape)));
      graph.finish(graph.rounded(graph.node(op, inputs)), 4);
    },
  };
}

function others(): MicroCase[] {
  const cases: MicroCase[] = [];
  const on = (shape: readonly number[], make: (graph: MicroGraph, data: string) => string, rank = shape.length) =>
    cases.push({
      bytes: 8 * shape.reduce((total, size) => total * size, 1),
      add: (graph) => graph.finish(make(graph, graph.source(shape)), rank),
    });
  for (const [channels, side] of MAPS.slice(2)) {
    const shape = [1, channels, side, side];
    const window = { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] };
    const halves = { kernel_shape: [2, 2], strides: [2, 2] };
    on(shape, (graph, data) => graph.node("MaxPool", [data], window));
    on(shape, (graph, data) => graph.node("MaxPool", [data], halves));
    on(shape, (graph, data) => graph.node("AveragePool", [data], halves));
    on(shape, (graph, data) => graph.rounded(graph.node("AveragePool", [graph.rounded(data)], halves)));
    on(shape, (graph, data) => graph.rounded(graph.node("MaxPool", [graph.rounded(data)], halves)));
    on(shape, (graph, data) => graph.node("Transpose", [data], { perm: [0, 2, 3, 1] }));
    on(shape, (graph, data) => graph.node("Concat", [data, graph.source(shape)], { axis: 1 }));
    on(shape, (graph, data) =>
      graph.rounded(graph.node("Concat", [graph.rounded(data), graph.rounded(graph.source(shape))], { axis: 1 })),
    );
    on(shape, (graph, data) => graph.node("Pad", [data, graph.integers([0, 0, 1, 1, 0, 0, 1, 1])]));
    on(shape, (graph, data) =>
      graph.node("Slice", [data, graph.integers([0]), graph.integers([channels / 2]), graph.integers([1])]),
    );
    on(shape, (graph, data) => {
      const [scale, bias, mean, variance] = [1, 2, 3, 4].map(() => graph.weight([channels])) as [
        string,
        string,
        string,
        string,
      ];
      return graph.node("BatchNormalization", [graph.node("Relu", [data]), scale, bias, mean, variance]);
    });
    if (side > 60) continue;
    for (const mode of ["nearest", "linear"])
      on(shape, (graph, data) =>
        graph.node("Resize", [data, "", graph.vector([1, 1, 2, 2])], {
          mode,
          coordinate_transformation_mode: "asymmetric",
          ...(mode === "nearest" ? { nearest_mode: "floor" } : {}),
        }),
      );
    on(shape, (graph, data) =>
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
        on(shape, (graph, data) =>
          graph.node("ConvTranspose", [data, graph.weight([channels, 24, kernel, kernel])], {
            kernel_shape: [kernel, kernel],
            strides: [2, 2],
            ...(kernel === 4 ? { pads: [1, 1, 1, 1] } : {}),
          }),
        );
  }
  for (const [heads, sequence, width] of [
    [4, 16, 32],
    [4, 49, 32],
    [4, 128, 32],
    [12, 197, 64],
  ] as const) {
    on([1, heads, sequence, sequence], (graph, data) => graph.node("Softmax", [data], { axis: -1 }));
    on([1, sequence, heads, width], (graph, data) => graph.node("Transpose", [data], { perm: [0, 2, 1, 3] }));
    on([1, sequence, heads, width], (graph, data) => graph.node("Transpose", [data], { perm: [0, 2, 3, 1] }));
    const model = heads * width;
    on([1, sequence, model], (graph, data) =>
      graph.node("LayerNormalization", [data, graph.weight([model]), graph.weight([model])], { axis: -1 }),
    );
    on([1, sequence, model], (graph, data) => graph.node("ReduceMean", [data, graph.integers([-1])]));
    on([1, sequence, model], (graph, data) => graph.node("Gelu", [data]));
    on([1, sequence, 3 * model], (graph, data) => graph.node("Split", [data], { axis: 2, num_outputs: 3 }, 3));
    cases.push({
      bytes: 4 * sequence * model,
      add: (graph) =>
        graph.finish(graph.node("Gather", [graph.weight([1000, model]), graph.input("int64", [1, sequence])]), 3),
    });
  }
  return cases;
}
