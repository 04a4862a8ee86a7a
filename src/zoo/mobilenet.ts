import type { ByteSource } from "../onnx/index.ts";
import { TorchGraph } from "./torch.ts";

/** Expansion, output channels, blocks and stride of each stage: table 2 of the paper. */
const STAGES = [
  [1, 16, 1, 1],
  [6, 24, 2, 2],
  [6, 32, 3, 2],
  [6, 64, 4, 2],
  [6, 96, 3, 1],
  [6, 160, 3, 2],
  [6, 320, 1, 1],
] as const;

/**
 * MobileNetV2 at width 1 (Sandler et al., CVPR 2018) for 1,000 classes, as torchvision writes it. Input `input` float32
 * [batch, 3, 224, 224], output `output` [batch, 1000].
 */
export function mobilenetV2(name: string, seed: number): ByteSource {
  const graph = new TorchGraph(name, seed);
  const relu6 = (scope: string, x: string) => {
    const bounds = [0, 6].map((bound) => graph.constant(scope, "float32", bound));
    return graph.node("Clip", scope, [x, ...bounds]);
  };
  let last = graph.input("input", "float32", ["batch", 3, 224, 224]);
  last = graph.conv("/features/features.0/features.0.0", last, { from: 3, to: 32, kernel: 3, stride: 2 });
  last = relu6("/features/features.0/features.0.2", last);
  let channels = 32;
  let index = 1;
  for (const [expansion, to, blocks, first] of STAGES)
    for (let block = 0; block < blocks; block++) {
      const scope = `/features/features.${index}`;
      const stride = block === 0 ? first : 1;
      const wide = channels * expansion;
      const input = last;
      let part = 0;
      if (expansion > 1) {
        last = graph.conv(`${scope}/conv/conv.0/conv.0.0`, last, { from: channels, to: wide, kernel: 1 });
        last = relu6(`${scope}/conv/conv.0/conv.0.2`, last);
        part += 1;
      }
      const depthwise = `${scope}/conv/conv.${part}/conv.${part}`;
      last = graph.conv(`${depthwise}.0`, last, { from: wide, to: wide, kernel: 3, stride, groups: wide });
      last = relu6(`${depthwise}.2`, last);
      // No rectifier follows: the gain that keeps the variance is 1 / √2 of He's.
      last = graph.conv(`${scope}/conv/conv.${part + 1}`, last, { from: wide, to, kernel: 1, gain: Math.SQRT1_2 });
      if (stride === 1 && channels === to) last = graph.node("Add", scope, [input, last]);
      channels = to;
      index += 1;
    }
  last = graph.conv(`/features/features.${index}/features.${index}.0`, last, { from: channels, to: 1280, kernel: 1 });
  last = relu6(`/features/features.${index}/features.${index}.2`, last);
  last = graph.node("Flatten", "", [graph.node("GlobalAveragePool", "", [last])], { axis: 1 });
  graph.gemm("/classifier/classifier.1", last, 1280, 1000, Math.sqrt(1 / 1280), "output");
  graph.output("output", ["batch", 1000]);
  return graph.build();
}
