import { fc, test as property } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import { measure, parseMetric, Tally } from "../../src/accuracy/index.ts";

/** A tally of guesses without scores: the guessed class's is 1, the others' 0. */
function guesses(classes: number, labels: readonly number[], guessed: readonly number[]): Tally {
  const tally = new Tally(classes);
  labels.forEach((label, i) => {
    const scores = Array<number>(classes).fill(0);
    scores[guessed[i]!] = 1;
    tally.add(scores, label);
  });
  return tally;
}

property.prop([
  fc.integer({ min: 3, max: 6 }).chain((classes) =>
    fc.tuple(
      fc.array(
        fc.tuple(
          fc.array(fc.integer({ min: -3, max: 3 }), { minLength: classes, maxLength: classes }),
          fc.nat(classes - 1),
        ),
        {
          minLength: 1,
        },
      ),
      fc.integer({ min: 1, max: classes - 1 }),
    ),
  ),
])("top-k is what sorting says, ties going to the earlier class", ([samples, k]) => {
  const tally = new Tally(samples[0]![0].length);
  let right = 0;
  for (const [scores, label] of samples) {
    tally.add(scores, label);
    const order = scores
      .map((score, index) => ({ score, index }))
      .sort((a, b) => b.score - a.score || a.index - b.index);
    if (order.slice(0, k).some(({ index }) => index === label)) right += 1;
  }
  expect(measure(tally, parseMetric(`top-${k}`))).toMatchObject({ value: right / samples.length, n: samples.length });
});

describe("F1", () => {
  test("of two classes, by hand: precision 2/3, recall 1/2", () => {
    const { value, low, high } = measure(guesses(2, [1, 1, 1, 1, 0, 0], [1, 1, 0, 0, 1, 0]), { kind: "f1" });
    expect(value).toBeCloseTo((2 * (2 / 3) * (1 / 2)) / (2 / 3 + 1 / 2), 12);
    expect(low).toBeLessThan(value);
    expect(high).toBeGreaterThan(value);
  });

  test("macro, as in scikit-learn's documentation of f1_score", () => {
    const { value } = measure(guesses(3, [0, 1, 2, 0, 1, 2], [0, 2, 1, 0, 0, 1]), { kind: "f1-macro" });
    expect(value).toBeCloseTo(0.26666, 4);
  });

  test("macro leaves out classes that neither occur nor are guessed", () => {
    expect(measure(guesses(5, [0, 1, 1], [0, 1, 1]), { kind: "f1-macro" }).value).toBe(1);
  });

  test("is 0 where nothing of class 1 occurs", () => {
    expect(measure(guesses(2, [0, 0], [0, 0]), { kind: "f1" }).value).toBe(0);
  });
});

describe("what cannot be measured is a Problem", () => {
  test.each([
    ["an unknown metric", () => parseMetric("auc"), /unknown metric "auc"/],
    ["top-2 of two", () => measure(guesses(2, [0], [0]), parseMetric("top-2")), /every guess is right/],
    ["F1 of three", () => measure(guesses(3, [0], [0]), parseMetric("f1")), /Ask for f1-macro/],
    ["nothing", () => measure(new Tally(2), parseMetric("accuracy")), /no samples/],
    ["a label beyond the classes", () => new Tally(2).add([0, 1], 2), /label of sample 0 is 2.*classes 0 to 1/],
    ["no number", () => new Tally(2).add([0, Number.NaN], 1), /NaN\) for sample 0, class 1/],
  ])("%s", (_, act, says) => {
    expect(act).toThrow(says);
  });
});
