import type { ByteSource } from "../onnx/index.ts";
import { TorchGraph } from "./torch.ts";

/** A residual network as torchvision parametrises it. */
export interface ResNetShape {
  readonly blocks: readonly [number, number, number, number];
  /** Two 3×3 convolutions a block; left out: the bottleneck of 1×1, 3×3 and 1×1. */
  readonly basic?: true;
  /** Groups of the bottleneck's 3×3 convolution; 1. */
  readonly groups?: number;
  /** Width of a group where the block's base width is 64; 64. */
  readonly groupWidth?: number;
  /** Dilation of the 3×3 convolution of a block in place of the third and fourth stages' strides. */
  readonly dilation?: (stage: number, block: number) => number;
}

/** He et al., Deep Residual Learning for Image Recognition, CVPR 2016. */
export const RESNET_18: ResNetShape = { blocks: [2, 2, 2, 2], basic: true };
export const RESNET_50: ResNetShape = { blocks: [3, 4, 6, 3] };
const RESNET_101: ResNetShape = { blocks: [3, 4, 23, 3] };
/** Zagoruyko & Komodakis, Wide Residual Networks, BMVC 2016. */
export const WIDE_RESNET_50_2: ResNetShape = { ...RESNET_50, groupWidth: 128 };
export const WIDE_RESNET_101_2: ResNetShape = { ...RESNET_101, groupWidth: 128 };
/** Xie et al., Aggregated Residual Transformations for Deep Neural Networks, CVPR 2017. */
export const RESNEXT_50_32X4D: ResNetShape = { ...RESNET_50, groups: 32, groupWidth: 4 };
export const RESNEXT_101_64X4D: ResNetShape = { ...RESNET_101, groups: 64, groupWidth: 4 };

/** torchvision's `replace_stride_with_dilation=[False, True, True]`: a stage's first block keeps the rate before it. */
const dilated = (stage: number, block: number) => (stage < 2 ? 1 : stage === 2 ? (block ? 2 : 1) : block ? 4 : 2);
export const DILATED_RESNET_50: ResNetShape = { ...RESNET_50, dilation: dilated };
export const DILATED_RESNET_101: ResNetShape = { ...RESNET_101, dilation: dilated };

/** Hybrid dilation, the "bigger" rates of Wang et al., Understanding Convolution for Semantic Segmentation, WACV 2018. */
export const HYBRID_RESNET_101: ResNetShape = {
  ...RESNET_101,
  dilation: (stage, block) => (stage < 2 ? 1 : stage === 2 ? [1, 2, 5, 9][block % 4]! : [5, 9, 17][block % 3]!),
};

/**
 * A classifier for 1,000 classes. Input `input` float32 [batch, 3, 224, 224], output `output` [batch, 1000].
 * @param size height and width of the images
 */
export function resnet(name: string, shape: ResNetShape, seed: number, size = 224): ByteSource {
  const graph = new TorchGraph(name, seed);
  const image = graph.input("input", "float32", ["batch", 3, size, size]);
  const { last, channels } = backbone(graph, "", image, shape);
  const pooled = graph.node("GlobalAveragePool", "/avgpool", [last]);
  const flat = graph.node("Flatten", "", [pooled], { axis: 1 });
  graph.gemm("/fc", flat, channels, 1000, Math.sqrt(1 / channels), "output");
  graph.output("output", ["batch", 1000]);
  return graph.build();
}

/** The convolutional part. @returns the tensors that the third and the fourth stage make, and the latter's channels */
export function backbone(
  graph: TorchGraph,
  scope: string,
  image: string,
  { blocks, basic, groups = 1, groupWidth = 64, dilation }: ResNetShape,
): { third: string; last: string; channels: number } {
  const total = blocks.reduce((sum, count) => sum + count, 0);
  const relu = (block: string, x: string, call: number) =>
    graph.node("Relu", `${block}/relu${call ? `_${call}` : ""}`, [x]);
  let last = graph.conv(`${scope}/conv1`, image, { from: 3, to: 64, kernel: 7, stride: 2 });
  last = relu(scope, last, 0);
  last = graph.node("MaxPool", `${scope}/maxpool`, [last], {
    ceil_mode: 0,
    kernel_shape: [3, 3],
    pads: [1, 1, 1, 1],
    strides: [2, 2],
  });
  let third = last;
  let channels = 64;
  blocks.forEach((count, stage) => {
    const planes = 64 << stage;
    const outer = basic ? planes : 4 * planes;
    const inner = basic ? planes : Math.floor((planes * groupWidth) / 64) * groups;
    for (let index = 0; index < count; index++) {
      const block = `${scope}/layer${stage + 1}/layer${stage + 1}.${index}`;
      const stride = index === 0 && stage > 0 && !(dilation && stage > 1) ? 2 : 1;
      const rate = dilation?.(stage, index) ?? 1;
      const input = last;
      // The branches' last convolutions are drawn small, so that what flows past them does not grow with the depth.
      const gain = Math.sqrt(1 / total);
      if (basic) {
        last = graph.conv(`${block}/conv1`, last, { from: channels, to: inner, kernel: 3, stride });
        last = relu(block, last, 0);
        last = graph.conv(`${block}/conv2`, last, { from: inner, to: outer, kernel: 3, gain });
      } else {
        last = graph.conv(`${block}/conv1`, last, { from: channels, to: inner, kernel: 1 });
        last = relu(block, last, 0);
        last = graph.conv(`${block}/conv2`, last, {
          ...{ from: inner, to: inner, kernel: 3, stride, groups, dilation: rate },
        });
        last = relu(block, last, 1);
        last = graph.conv(`${block}/conv3`, last, { from: inner, to: outer, kernel: 1, gain });
      }
      const shortcut =
        index > 0 || (stride === 1 && channels === outer)
          ? input
          : graph.conv(`${block}/downsample/downsample.0`, input, { from: channels, to: outer, kernel: 1, stride });
      last = relu(block, graph.node("Add", block, [last, shortcut]), basic ? 1 : 2);
      channels = outer;
    }
    if (stage === 2) third = last;
  });
  return { third, last, channels };
}
