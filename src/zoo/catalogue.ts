import { unknownName } from "../formats/names.ts";
import { type ByteSource, elements, isWeightType, type Model } from "../onnx/index.ts";
import { BERT_BASE, BERT_SMALL, type EncoderShape, encoder, isTyped, ROBERTA_BASE, ROBERTA_TINY } from "./bert.ts";
import { mobilenetV2 } from "./mobilenet.ts";
import {
  DILATED_RESNET_50,
  DILATED_RESNET_101,
  RESNET_18,
  RESNET_50,
  RESNEXT_50_32X4D,
  RESNEXT_101_64X4D,
  type ResNetShape,
  resnet,
  WIDE_RESNET_50_2,
  WIDE_RESNET_101_2,
} from "./resnet.ts";
import { duc, fcn } from "./segmentation.ts";
import { RANDOM_WEIGHTS } from "./torch.ts";

/** A model that can be built. */
export interface Architecture {
  readonly name: string;
  readonly description: string;
  /** Shapes of the inputs for which its work is stated: those of the source of the figures. */
  readonly shapes: Readonly<Record<string, readonly number[]>>;
  /** @param seed a whole number; the same seed gives the same bytes */
  build(seed: number): ByteSource;
}

const image = (name: string, description: string, shape: ResNetShape): Architecture => ({
  name,
  description,
  shapes: { input: [1, 3, 224, 224] },
  build: (seed) => resnet(name, shape, seed),
});

const text = (name: string, description: string, shape: EncoderShape): Architecture => {
  const inputs = ["input_ids", "attention_mask", ...(isTyped(shape) ? ["token_type_ids"] : [])];
  return {
    name,
    description,
    shapes: Object.fromEntries(inputs.map((input) => [input, [1, 128]])),
    build: (seed) => encoder(name, shape, seed),
  };
};

/** Every architecture, by kind and size. */
export const ZOO: readonly Architecture[] = [
  image("resnet18", "ResNet-18, torchvision", RESNET_18),
  image("resnet50", "ResNet-50, torchvision (stride in the 3×3 convolution)", RESNET_50),
  image("wide_resnet50_2", "Wide ResNet-50-2, torchvision", WIDE_RESNET_50_2),
  image("wide_resnet101_2", "Wide ResNet-101-2, torchvision", WIDE_RESNET_101_2),
  image("resnext50_32x4d", "ResNeXt-50 32×4d, torchvision", RESNEXT_50_32X4D),
  image("resnext101_64x4d", "ResNeXt-101 64×4d, torchvision", RESNEXT_101_64X4D),
  {
    name: "mobilenet_v2",
    description: "MobileNetV2, width 1, torchvision",
    shapes: { input: [1, 3, 224, 224] },
    build: (seed) => mobilenetV2("mobilenet_v2", seed),
  },
  {
    name: "fcn_resnet50",
    description: "FCN on a dilated ResNet-50, with the auxiliary head, torchvision",
    shapes: { input: [1, 3, 520, 520] },
    build: (seed) => fcn("fcn_resnet50", DILATED_RESNET_50, seed),
  },
  {
    name: "fcn_resnet101",
    description: "FCN on a dilated ResNet-101, with the auxiliary head, torchvision",
    shapes: { input: [1, 3, 520, 520] },
    build: (seed) => fcn("fcn_resnet101", DILATED_RESNET_101, seed),
  },
  {
    name: "duc_resnet101",
    description: "Dense upsampling convolution on ResNet-101 with hybrid dilation, after arXiv 1702.08502",
    shapes: { input: [1, 3, 800, 800] },
    build: (seed) => duc("duc_resnet101", seed),
  },
  text("bert_base", "BERT-base, uncased, two classes, Hugging Face", BERT_BASE),
  text("bert_small", "BERT-small (4 layers, hidden 512), two classes, Hugging Face", BERT_SMALL),
  text("roberta_base", "RoBERTa-base, two classes, Hugging Face", ROBERTA_BASE),
  text("roberta_tiny", "RoBERTa-tiny-cased (4 layers, hidden 512), two classes, Hugging Face", ROBERTA_TINY),
];

/** @throws Problem when there is no such architecture */
export function architecture(name: string): Architecture {
  const found = ZOO.find((entry) => entry.name === name);
  if (!found) {
    const names = ZOO.map((entry) => entry.name);
    throw unknownName("model", name, names, "`tierwise zoo list` shows them");
  }
  return found;
}

/** What a model's metadata say of its weights when they were drawn and not learned; else undefined. */
export function randomWeightsOf(model: Model): string | undefined {
  return model.metadata.get(RANDOM_WEIGHTS);
}

/** Learned numbers: elements of the initializers that hold weights; scalar constants of the graph are none. */
export function weightCount(model: Model): number {
  return [...model.initializers.values()]
    .filter((tensor) => isWeightType(tensor.dtype))
    .reduce((sum, tensor) => sum + elements(tensor.shape), 0);
}
