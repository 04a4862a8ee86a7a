import type { ByteSource } from "../onnx/index.ts";
import { backbone, HYBRID_RESNET_101, type ResNetShape } from "./resnet.ts";
import { TorchGraph } from "./torch.ts";

/** Classes of Pascal VOC with its background. */
const VOC = 21;
/** Classes of Cityscapes. */
const CITYSCAPES = 19;

/**
 * A fully convolutional network (Long et al., CVPR 2015) as torchvision builds it: a dilated ResNet, a head on its last
 * stage and an auxiliary one on its third, both resized to the image. Input `input` float32 [batch, 3, height, width],
 * outputs `out` and `aux` [batch, 21, height, width].
 */
export function fcn(name: string, shape: ResNetShape, seed: number): ByteSource {
  const graph = new TorchGraph(name, seed);
  const free = ["batch", 3, "height", "width"] as const;
  const image = graph.input("input", "float32", free);
  const size = [2, 3].map((axis) => {
    const dimensions = graph.node("Shape", "", [image]);
    return graph.node("Gather", "", [dimensions, graph.constant("", "int64", axis)], { axis: 0 });
  });
  const { third, last, channels } = backbone(graph, "/backbone", image, shape);
  const head = (scope: string, x: string, from: number) => {
    let y = graph.conv(`${scope}/${scope.slice(1)}.0`, x, { from, to: from / 4, kernel: 3 });
    y = graph.node("Relu", `${scope}/${scope.slice(1)}.2`, [y]);
    return graph.conv(`${scope}/${scope.slice(1)}.4`, y, { from: from / 4, to: VOC, kernel: 1, gain: Math.SQRT1_2 });
  };
  const scores = head("/classifier", last, channels);
  const sizes = [0, 1].map(() => {
    const parts = size.map((length) => graph.node("Unsqueeze", "", [length, graph.strayConstant([0])]));
    return graph.node("Concat", "", parts, { axis: 0 });
  });
  resize(graph, scores, sizes[0]!, "out");
  resize(graph, head("/aux_classifier", third, channels / 2), sizes[1]!, "aux");
  for (const output of ["out", "aux"]) graph.output(output, ["batch", VOC, "height", "width"]);
  return graph.build();
}

/** Bilinear interpolation to a height and a width that the graph computes. */
function resize(graph: TorchGraph, x: string, size: string, output: string): void {
  const dimensions = graph.node("Shape", "", [x]);
  const [axes, start, end] = [[0], [0], [2]].map((value) => graph.constant("", "int64", value));
  const front = graph.node("Slice", "", [dimensions, start!, end!, axes!]);
  const back = graph.node("Cast", "", [size], { to: 7 });
  const sizes = graph.node("Concat", "", [front, back], { axis: 0 });
  const attributes = {
    coordinate_transformation_mode: "half_pixel",
    cubic_coeff_a: { float: -0.75 },
    mode: "linear",
    nearest_mode: "floor",
  };
  graph.node("Resize", "", [x, "", "", sizes], attributes, output);
}

/**
 * A network with dense upsampling convolution (Wang et al., Understanding Convolution for Semantic Segmentation, WACV
 * 2018, arXiv 1702.08502): ResNet-101 with hybrid dilation, one 3×3 convolution to 8² × 19 channels, and a pixel shuffle.
 * Input `input` float32 [batch, 3, height, width], both multiples of 8; output `output` [batch, 19, height, width].
 */
export function duc(name: string, seed: number): ByteSource {
  const graph = new TorchGraph(name, seed);
  const image = graph.input("input", "float32", ["batch", 3, "height", "width"]);
  const { last, channels } = backbone(graph, "/backbone", image, HYBRID_RESNET_101);
  const to = 8 ** 2 * CITYSCAPES;
  const scores = graph.conv("/duc/conv", last, { from: channels, to, kernel: 3, gain: Math.SQRT1_2 });
  graph.node("DepthToSpace", "/duc/shuffle", [scores], { blocksize: 8, mode: "CRD" }, "output");
  graph.output("output", ["batch", CITYSCAPES, "height", "width"]);
  return graph.build();
}
