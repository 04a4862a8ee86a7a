import { describe, expect, test } from "vitest";
import { type Claim, FINDINGS, SIGNS } from "../../study/claims.ts";
import { holds, judgeClaim, type Latencies } from "../../study/judging.ts";
import { deploymentsOf, isFitted, keyOf, SUBJECTS } from "../../study/subjects.ts";

const RESNET = SUBJECTS.find(({ name }) => name === "resnet")!;
const BERT = SUBJECTS.find(({ name }) => name === "bert")!;
const claimOf = (id: string): Claim => [...FINDINGS, ...SIGNS].find((claim) => claim.id === id)!;
const never = () => false;

/** Every deployment of a model takes a second, but for these. */
function latencies(subject = RESNET, seconds: Record<string, readonly number[]> = {}, draws = 1): Latencies {
  return new Map(
    deploymentsOf(subject).map((deployment) => {
      const key = `${deployment.operator} ${deployment.placement}`;
      return [keyOf(deployment), seconds[key] ?? Array.from({ length: draws }, () => 1)] as const;
    }),
  );
}

describe("a claim", () => {
  test("agrees where all its comparisons hold", () => {
    const found = judgeClaim(
      claimOf("sptq-edge"),
      RESNET,
      latencies(RESNET, { "sptq edge": [0.6] }),
      new Map(),
      never,
    )!;
    expect(found).toMatchObject({ verdict: "agrees", probability: 1, holding: 1, of: 1, published: null });
    expect(found.critical.ratio).toBe(0.6);
  });

  test("disagrees where Tierwise says the opposite of what was published", () => {
    const published = new Map([
      ["resnet sptq mobile", 10.8],
      ["resnet identity mobile", 8.8],
    ]);
    const predicted = latencies(RESNET, { "sptq mobile": [0.5] });
    const found = judgeClaim(claimOf("sptq-mobile"), RESNET, predicted, published, never)!;
    expect(found).toMatchObject({ verdict: "disagrees", probability: 0, holding: 0, published: true });
    expect(found.publishedRatio).toBeCloseTo(10.8 / 8.8, 12);
  });

  test("cannot be decided where draws differ, and names the comparison it is least sure of", () => {
    const predicted = latencies(
      RESNET,
      Object.fromEntries([
        ...["identity", "sptq", "qat", "pruned", "distilled"].map((operator) => [`${operator} edge`, [2, 2]]),
        ["distilled edge", [1, 1]],
        ["distilled+sptq edge", [0.9, 1.1]],
      ]),
      2,
    );
    const found = judgeClaim(claimOf("a"), RESNET, predicted, new Map(), never)!;
    expect(found).toMatchObject({ verdict: "cannot be said", probability: 0.5, of: 5 });
    expect(found.critical.comparison.right.operator).toBe("distilled");
    expect([found.critical.low, found.critical.high]).toEqual([0.9, 1.1]);
  });

  test("is judged in draws, not by intervals: a common shift changes nothing", () => {
    const shift = [0.1, 1, 10];
    const predicted = latencies(
      RESNET,
      { "identity edge": shift, "sptq edge": shift.map((seconds) => seconds * 0.9) },
      3,
    );
    expect(judgeClaim(claimOf("sptq-edge"), RESNET, predicted, new Map(), never)!.probability).toBe(1);
  });

  test("leaves out what compares fitted runs with fitted runs, and what is not about the model", () => {
    const known = ({ left, right }: Parameters<Parameters<typeof judgeClaim>[4]>[0]) =>
      isFitted(left) && isFitted(right);
    const all = judgeClaim(claimOf("e"), RESNET, latencies(), new Map(), never)!;
    const unknown = judgeClaim(claimOf("e"), RESNET, latencies(), new Map(), known)!;
    expect(all.of - unknown.of).toBe(2);
    expect(judgeClaim(claimOf("e"), BERT, latencies(BERT), new Map(), never)).toBeUndefined();
  });
});

test("equal means within its share, of the right one", () => {
  expect(holds({ is: "equal", within: 0.1 }, 1.05, 1)).toBe(true);
  expect(holds({ is: "equal", within: 0.1 }, 0.89, 1)).toBe(false);
  expect(holds({ is: "slower" }, 2, 1)).toBe(true);
  expect(holds({ is: "faster" }, 1, 1)).toBe(false);
});

describe("the study's claims", () => {
  test("name deployments that the study ran, each comparison once", () => {
    for (const subject of SUBJECTS) {
      const known = new Set(deploymentsOf(subject).map(keyOf));
      for (const claim of [...FINDINGS, ...SIGNS].filter(({ kinds }) => kinds.includes(subject.kind))) {
        const comparisons = claim.comparisons(subject);
        expect(comparisons.length).toBeGreaterThan(0);
        for (const { left, right } of comparisons) {
          expect(known).toContain(keyOf(left));
          expect(known).toContain(keyOf(right));
          expect(keyOf(left)).not.toBe(keyOf(right));
        }
        const named = comparisons.map(({ left, right }) => `${keyOf(left)} ${keyOf(right)}`);
        expect(new Set(named).size).toBe(named.length);
      }
    }
  });

  test("hold for figures that are as the study says", () => {
    const factor = { identity: 1, sptq: 0.7, qat: 1.1, pruned: 1.01, distilled: 0.5, "distilled+sptq": 0.3 };
    const place = { mobile: 5, edge: 3, cloud: 1, "mobile>edge": 4 };
    const text: Latencies = new Map(
      deploymentsOf(BERT).map((deployment) => [
        keyOf(deployment),
        [factor[deployment.operator] * place[deployment.placement as keyof typeof place]],
      ]),
    );
    for (const id of ["a", "b", "c", "d", "pruned", "sptq-text"])
      expect(judgeClaim(claimOf(id), BERT, text, new Map(), never)).toMatchObject({ verdict: "agrees" });
  });
});
