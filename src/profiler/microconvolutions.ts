import { type MicroCase, MOST_FLOPS } from "./microcase.ts";
import { scattered, between as sized, stepped } from "./scatter.ts";

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

interface Convolution {
  readonly in: number;
  readonly out: number;
  readonly height: number;
  readonly width: number;
  readonly kernel: number;
  /** Down the map; along its rows, which may be passed over with stride 1 where the map is only made lower. */
  readonly stride: number;
  readonly along: number;
  readonly groups: number;
  readonly sum: boolean;
  readonly activation: boolean;
}

export function convolutions(): MicroCase[] {
  const list: Convolution[] = [];
  type Square = Pick<Convolution, "in" | "out" | "kernel"> & { readonly side: number };
  const add = ({ side, ...part }: Partial<Convolution> & Square) => {
    const stride = part.stride ?? 1;
    const activation = part.sum || isActivated(list.length);
    list.push({ stride, groups: 1, sum: false, ...part, height: side, width: side, along: stride, activation });
  };
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
  for (const [channels, side] of [
    [3, 640],
    [16, 320],
    [24, 160],
  ] as const)
    add({ in: channels, out: 24, side, kernel: 3, stride: channels > 16 ? 1 : 2 });
  return [...list, ...offGrid()]
    .filter((one) => flopsOf(one) <= MOST_FLOPS && shapeOf(one).bytes <= MOST_BYTES)
    .flatMap((one) => [convolution(one), ...(isTwinned(one) ? [integerConvolution(one)] : [])]);
}

/** No micro-kernel's tensors take more, or sessions of many of them would fill the memory. */
const MOST_BYTES = 3.2e7;
/** How many convolutions there are beside the grid. */
const SCATTERED = 130;
const SCATTERED_DEPTHWISE = 60;

/** Convolutions of sizes that no grid has: odd numbers of channels, few to many, small maps and large ones. */
function offGrid(): Convolution[] {
  const full = Array.from({ length: SCATTERED }, (_, index): Convolution => {
    const [side, input, output, kernel, stride] = scattered(index + 1) as [number, number, number, number, number];
    const step = stride < 0.8 ? 1 : 2;
    return {
      ...outlined(2 * sized(2, 160, side), step, index),
      in: stepped(sized(3, 640, input), index),
      out: stepped(sized(4, 640, output), index + 2),
      kernel: kernel < 0.5 ? 1 : kernel < 0.9 ? 3 : 5,
      groups: 1,
      sum: false,
      activation: isActivated(index),
    };
  });
  const depthwise = Array.from({ length: SCATTERED_DEPTHWISE }, (_, index): Convolution => {
    const [side, width, kernel, stride] = scattered(index + 1) as [number, number, number, number];
    const channels = stepped(sized(8, 960, width), index);
    return {
      ...{ in: channels, out: channels, groups: channels, sum: false, activation: isActivated(index) },
      ...outlined(2 * sized(2, 80, side), stride < 0.7 ? 1 : 2, index),
      kernel: kernel < 0.6 ? 3 : 5,
    };
  });
  return [...full, ...depthwise];
}

/** Three of five have an activation behind them; in networks those before a sum or a gate have none either. */
function isActivated(index: number): boolean {
  return turning(index, Math.SQRT2) < 0.6;
}

/**
 * Evenly between 0 and 1, and apart from the digits that {@link scattered} takes sizes from: multiples of an irrational number
 * without their whole part.
 */
function turning(index: number, irrational: number): number {
  return (index * irrational) % 1;
}

/** Width of a map over its height, by turns: pictures are near squares, lines of text and spectrograms are strips. */
const ASPECTS = [1, 4, 1, 32, 0.25, 1, 9] as const;

/**
 * A map of about as many pixels as the square. Every other strip that a stride makes smaller keeps its length, as in networks that
 * read text.
 */
function outlined(side: number, stride: number, index: number) {
  const aspect = ASPECTS[Math.floor(ASPECTS.length * turning(index, Math.sqrt(5)))]!;
  const height = Math.max(1, Math.round(side / Math.sqrt(aspect)));
  const width = Math.max(1, Math.round((side * side) / height));
  return { height, width, stride, along: aspect > 1 && turning(index, Math.sqrt(3)) < 0.5 ? 1 : stride };
}

/** Only the second of two convolutions that are summed, and what reads a single channel, has no twin in integers. */
function isTwinned({ sum, in: channels }: Convolution): boolean {
  return !sum && channels > 1;
}

function flopsOf(one: Convolution): number {
  return (2 * one.out * (one.in / one.groups) * one.kernel ** 2 * one.height * one.width) / (one.stride * one.along);
}

function shapeOf(one: Convolution) {
  const pad = Math.floor(one.kernel / 2);
  const pixels = one.height * one.width;
  return {
    weights: [one.out, one.in / one.groups, one.kernel, one.kernel],
    bytes: 4 * (one.in * pixels + (one.out * pixels) / (one.stride * one.along)) + one.out * one.in * 4,
    attributes: {
      kernel_shape: [one.kernel, one.kernel],
      pads: [pad, pad, pad, pad],
      strides: [one.stride, one.along],
      group: one.groups,
    },
  };
}

function convolution(one: Convolution): MicroCase {
  const { weights, bytes, attributes } = shapeOf(one);
  return {
    bytes,
    add(graph) {
      const data = graph.source([1, one.in, one.height, one.width]);
      const bias = graph.weight([one.out]);
      let made = graph.node("Conv", [data, graph.weight(weights), bias], attributes);
      if (one.sum) {
        const beside = graph.node(
          "Conv",
          [graph.source([1, 8, one.height, one.width]), graph.weight([one.out, 8, 1, 1])],
          { kernel_shape: [1, 1] },
        );
        made = graph.node("Add", [made, graph.node("Relu", [beside])]);
      }
      graph.finish(one.activation ? graph.node("Relu", [made]) : made, 4);
    },
  };
}

function integerConvolution(one: Convolution): MicroCase {
  const { weights, bytes, attributes } = shapeOf(one);
  return {
    bytes: bytes / 2,
    add(graph) {
      const data = graph.rounded(graph.source([1, one.in, one.height, one.width]));
      const made = graph.node("Conv", [data, graph.integerWeight(weights, 0), graph.integerBias(one.out)], attributes);
      graph.finish(graph.rounded(made), 4);
    },
  };
}
