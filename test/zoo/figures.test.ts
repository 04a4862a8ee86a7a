import { describe, expect, test } from "vitest";
import { elements, type Graph, nodeCost, readModel, type TensorType } from "../../src/onnx/index.ts";
import { isResolved } from "../../src/profiler/index.ts";
import { architecture, weightCount, ZOO } from "../../src/zoo/index.ts";
import { withSubject } from "../fixtures/running.ts";

/** Runs the repository's own shape inference on an architecture, its weights unread. */
function inferred(name: string, use: (graph: Graph, types: ReadonlyMap<string, TensorType>) => void) {
  const { build, shapes } = architecture(name);
  return withSubject(readModel(build(1), name), { shapes }, async ({ graph, types }) => {
    const open = graph.steps.flatMap((step) => step.outputs).filter((output) => !isResolved(types.get(output)));
    expect(open).toEqual([]);
    use(graph, types);
  });
}

/** Multiply-adds of convolutions and matrix products, from shapes alone. */
function multiplyAdds(graph: Graph, types: ReadonlyMap<string, TensorType>): number {
  const shape = (tensor: string) => types.get(tensor)!.shape as number[];
  return graph.steps.reduce((sum, { op, inputs, outputs }) => {
    if (op === "Conv") return sum + elements(shape(outputs[0]!)) * elements(shape(inputs[1]!).slice(1));
    if (op === "Gemm" || op === "MatMul") return sum + elements(shape(outputs[0]!)) * shape(inputs[0]!).at(-1)!;
    return sum;
  }, 0);
}

/** Channels whose batch normalisation was folded: of two learned numbers each, one is left, as a bias. */
function foldedChannels(graph: Graph): number {
  const own = /classifier\.4/;
  return graph.steps
    .filter(({ op, name }) => op === "Conv" && !own.test(name))
    .reduce((sum, { inputs }) => sum + graph.model.initializers.get(inputs[2]!)!.shape[0]!, 0);
}

// num_params and _ops (GFLOPS, which count a multiply-add as one) of the weights' metadata in torchvision 0.15 and later:
// torchvision/models/{resnet,mobilenetv2}.py, torchvision/models/segmentation/fcn.py.
describe("torchvision's figures", () => {
  test.each([
    ["resnet18", 11_689_512, 1.814],
    ["resnet50", 25_557_032, 4.089],
    ["wide_resnet50_2", 68_883_240, 11.398],
    ["wide_resnet101_2", 126_886_696, 22.753],
    ["resnext50_32x4d", 25_028_904, 4.23],
    ["resnext101_64x4d", 83_455_272, 15.46],
    ["mobilenet_v2", 3_504_872, 0.301],
    ["fcn_resnet50", 35_322_218, 152.717],
    ["fcn_resnet101", 54_314_346, 232.738],
  ])("%s: parameters and multiply-adds", (name, parameters, gigaOps) =>
    inferred(name, (graph, types) => {
      expect(weightCount(graph.model) + foldedChannels(graph)).toBe(parameters);
      expect(multiplyAdds(graph, types) / 1e9).toBeCloseTo(gigaOps, 3);
    }),
  );
});

describe("published figures of the encoders", () => {
  test.each([
    // Millions of parameters as the papers round them: Devlin et al. (110M), Turc et al., table 1 (28.8M for 4/512),
    // Liu et al. (125M); Hugging Face counts 109,483,778 and 124,647,170 for the classifiers of two classes.
    ["bert_base", 109_483_778, 109.5],
    ["bert_small", 28_764_674, 28.8],
    ["roberta_base", 124_647_170, 124.6],
  ])("%s: parameters", (name, exact, millions) => {
    const count = weightCount(readModel(architecture(name).build(1), name));
    expect(count).toBe(exact);
    expect(count / 1e6).toBeCloseTo(millions, 1);
  });

  test("BERT-base at 128 tokens: 22.5 GFLOP (Sun et al., MobileBERT, ACL 2020, table 4), within half a percent", () =>
    inferred("bert_base", (graph, types) => {
      const flops = graph.steps.reduce((sum, step) => sum + nodeCost(graph.model, step, types).flops, 0);
      expect(Math.abs(flops / 22.5e9 - 1)).toBeLessThan(0.005);
    }));
});

test("DUC-like has the size of the ONNX Model Zoo's ResNet101-DUC-HDC, 248.6 MiB", () => {
  const bytes = 4 * weightCount(readModel(architecture("duc_resnet101").build(1), "duc"));
  expect(Math.abs(bytes / 2 ** 20 / 248.6 - 1)).toBeLessThan(0.01);
});

test.each(ZOO.map(({ name }) => name))("%s: shapes are inferred for its stated input", (name) =>
  inferred(name, () => {}),
);
