import { expect, test } from "vitest";
import { receiptPixels } from "../../src/cli/page.ts";
import { analyse } from "../../src/onnx/index.ts";
import { inputTypes, loadSession, samplesOf } from "../../src/profiler/index.ts";
import { open, PADDLE } from "../fixtures/models.ts";
import { quantise } from "../fixtures/quantising.ts";
import { uniform } from "../fixtures/random.ts";
import { overlap, textBoxes } from "../fixtures/textboxes.ts";

const SIZE = 640;
const WORDS =
  "coffee tea bread butter milk rice total sum tax cash card paid thank you street market garden river table 12.50 7.80 3.20 2 x 1 x no. date 18.06 open".split(
    " ",
  );

/** A receipt of random words: ten lines of two to five. */
function receipt(seed: number): Uint8Array {
  const random = uniform(seed);
  const line = () =>
    Array.from({ length: 2 + Math.floor(random() * 4) }, () => WORDS[Math.floor(random() * WORDS.length)]);
  return receiptPixels(
    SIZE,
    Array.from({ length: 10 }, () => line().join(" ")),
  );
}

test("quantised on some receipts, PP-OCR's detector finds the same text on others", async () => {
  const model = open(PADDLE[0]!);
  const types = inputTypes(analyse(model), { x: [1, 3, SIZE, SIZE] });
  const samplesFrom = (seeds: readonly number[]) =>
    samplesOf(types, new Map([["x", new Uint8Array(Buffer.concat(seeds.map(receipt)))]]));
  const { graph, share } = await quantise(model, {
    shapes: { x: [1, 3, SIZE, SIZE] },
    samples: samplesFrom([1, 2, 3, 4]),
  });
  expect(share).toBeGreaterThanOrEqual(0.95);

  const unseen = samplesFrom([101, 102, 103, 104, 105, 106]);
  const float = await loadSession(model.source, { threads: 1, optimisation: "all" });
  const integer = await loadSession(graph.model.source, { threads: 1, optimisation: "all" });
  const boxesOf = async (session: typeof float, index: number) => {
    const [output] = Object.values(await session.run(await unseen.feeds(index)));
    return textBoxes(output!.data as Float32Array, SIZE);
  };
  let same = 0;
  let all = 0;
  for (let index = 0; index < unseen.count; index++) {
    const expected = await boxesOf(float, index);
    const found = await boxesOf(integer, index);
    for (const box of expected) if (found.some((other) => overlap(box, other) >= 0.9)) same++;
    all += Math.max(expected.length, found.length);
  }
  expect(all).toBeGreaterThanOrEqual(60);
  expect(same / all).toBeGreaterThanOrEqual(0.95);
}, 240_000);
