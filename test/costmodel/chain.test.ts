import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { type ChainCosts, chainCost, cheapest } from "../../src/costmodel/index.ts";

const price = fc.oneof(fc.integer({ min: 0, max: 4 }), fc.double({ min: 0, max: 9, noNaN: true }));

/** Costs drawn for each segment between each two boundaries, and for each seam. */
function costs(segments: number, last: number): fc.Arbitrary<ChainCosts> {
  const width = last + 1;
  const list = (length: number) => fc.array(price, { minLength: length, maxLength: length });
  return fc
    .record({ constant: price, own: list(segments * width * width), seams: list(segments * width) })
    .map((drawn) => ({
      segments,
      last,
      constant: drawn.constant,
      segment: (k, a, b) => drawn.own[(k * width + a) * width + b]!,
      seam: (k, b) => drawn.seams[k * width + b]!,
    }));
}

const cases = fc
  .record({ segments: fc.integer({ min: 1, max: 4 }), last: fc.integer({ min: 1, max: 7 }) })
  .chain(({ segments, last }) =>
    fc.record({
      costs: costs(segments, last),
      limits: fc.array(fc.record({ costs: costs(segments, last), most: fc.double({ min: 0, max: 25, noNaN: true }) }), {
        maxLength: 2,
      }),
      banned: fc.array(fc.tuple(fc.nat(segments - 1), fc.nat(last), fc.nat(last)), { maxLength: 6 }),
    }),
  );

function* everyChoice(segments: number, last: number): Generator<number[]> {
  function* extend(chosen: number[]): Generator<number[]> {
    if (chosen.length === segments) return void (yield [...chosen, last]);
    for (let b = chosen.at(-1)! + 1; b < last; b++) yield* extend([...chosen, b]);
  }
  if (segments > 1 || last > 0) yield* extend([0]);
}

describe("the cheapest choice of boundaries", () => {
  test.prop([cases], { numRuns: 1000 })(
    "is what trying every one finds, limits or not",
    ({ costs: own, limits, banned }) => {
      const allowed = (k: number, a: number, b: number) => !banned.some(([x, y, z]) => x === k && y === a && z === b);
      let least = Number.POSITIVE_INFINITY;
      for (const boundaries of everyChoice(own.segments, own.last)) {
        const lawful = boundaries.slice(1).every((b, k) => allowed(k, boundaries[k]!, b));
        const kept = limits.every(({ costs: other, most }) => chainCost(other, boundaries) <= most);
        if (lawful && kept) least = Math.min(least, chainCost(own, boundaries));
      }
      const found = cheapest(own, allowed, limits);
      expect(found === undefined).toBe(least === Number.POSITIVE_INFINITY);
      if (!found) return;
      expect(found.cost).toBeCloseTo(least, 9);
      expect(chainCost(own, found.boundaries)).toBe(found.cost);
      for (const { costs: other, most } of limits) {
        expect(chainCost(other, found.boundaries)).toBeLessThanOrEqual(most * (1 + 1e-9));
      }
    },
  );
});
