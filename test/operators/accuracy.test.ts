import { describe, expect, test } from "vitest";
import { analyse } from "../../src/onnx/index.ts";
import { inputTypes, samplesOf, spread } from "../../src/profiler/index.ts";
import {
  FASHION_MNIST_TRAINING,
  fashionMnist,
  hasFashionMnist,
  idxBytes,
  requestsOf,
  spamMails,
} from "../fixtures/labelled.ts";
import { open, TRAINED } from "../fixtures/models.ts";
import { accuracyOf, quantise } from "../fixtures/quantising.ts";

const named = (name: string) => TRAINED.find((fixture) => fixture.name === name)!;

describe.skipIf(!hasFashionMnist())("quantised on 256 training pictures, judged on 10,000 test pictures", () => {
  const training = (name: string) => {
    const types = inputTypes(analyse(open(named(name))), named(name).shapes);
    const pixels = Float32Array.from(idxBytes(FASHION_MNIST_TRAINING, 3).subarray(0, 784 * 4096), (v) => v / 255);
    return spread(samplesOf(types, new Map([["image", new Uint8Array(pixels.buffer)]])), 256);
  };

  test.each([
    ["fmnist_resnet", "min-max", 0.5],
    ["fmnist_resnet", "percentile", 0.5],
    ["fmnist_mbv2", "min-max", 1.0],
    ["fmnist_mbv2", "percentile", 1.0],
  ] as const)(
    "%s, %s: loses at most %s points, and runs in integers",
    async (name, method, loss) => {
      const model = open(named(name));
      const { graph, share } = await quantise(model, {
        shapes: named(name).shapes,
        samples: training(name),
        method: method === "percentile" ? { name: method, percentile: 0.9999 } : { name: method },
      });
      const data = fashionMnist();
      expect(await accuracyOf(graph.model, data)).toBeGreaterThanOrEqual((await accuracyOf(model, data)) - loss);
      expect(share).toBeGreaterThanOrEqual(0.95);
      expect(graph.model.source.length).toBeLessThan(model.source.length / 2);
    },
    180_000,
  );

  test("entropy and 7-bit weights keep the ResNet useful, too", async () => {
    const model = open(named("fmnist_resnet"));
    const data = fashionMnist();
    const float = await accuracyOf(model, data);
    for (const options of [{ method: { name: "entropy" } }, { weightBits: 7 }] as const) {
      const { graph, share } = await quantise(model, {
        shapes: named("fmnist_resnet").shapes,
        samples: training("fmnist_resnet"),
        ...options,
      });
      expect(await accuracyOf(graph.model, data)).toBeGreaterThanOrEqual(float - 2);
      expect(share).toBeGreaterThanOrEqual(0.95);
    }
  }, 180_000);
});

test("the encoder loses at most 0.5 points on 1,209 mails, and runs in integers", async () => {
  const model = open(named("spam_bert2"));
  const data = spamMails();
  const { graph, share, kernels } = await quantise(model, {
    shapes: { input_ids: [1, 128], attention_mask: [1, 128] },
    samples: requestsOf(data, 64),
  });
  expect(await accuracyOf(graph.model, data)).toBeGreaterThanOrEqual((await accuracyOf(model, data)) - 0.5);
  expect(share).toBeGreaterThanOrEqual(0.9);
  // Attention multiplies two computed tensors; it is in integers as well.
  expect(kernels["com.microsoft.MatMulIntegerToFloat"]! + kernels.QLinearMatMul!).toBe(16);
}, 180_000);
