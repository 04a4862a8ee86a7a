import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { segmentSeconds } from "../../src/costmodel/index.ts";
import { chain, cutAfter, profileOf } from "./profiles.ts";

const setting = chain
  .filter(({ kernels, cuts }) => cuts.length >= 2 && kernels.every(({ median_s }) => median_s > 1e-4))
  .map((parts) => profileOf({ ...parts, overhead_s: 0 }));
const shares = fc.tuple(fc.double({ min: 0.5, max: 1.3, noNaN: true }), fc.double({ min: 0.5, max: 1.3, noNaN: true }));

/** So close that nothing gets under a quarter of its kernels. */
const closeShares = fc.tuple(
  fc.double({ min: 0.9, max: 1.3, noNaN: true }),
  fc.double({ min: 0.9, max: 1.3, noNaN: true }),
);

/** What the profile says without anchors, of kernels alone. */
function sides(profile: ReturnType<typeof profileOf>, cut: string) {
  const alone = { ...profile, run: { ...profile.run, request_per_kernel_s: 0, request_per_byte_s: 0 } };
  return {
    profile: alone,
    head: segmentSeconds(alone, null, cut).seconds,
    tail: segmentSeconds(alone, cut, null).seconds,
  };
}

describe("anchors", () => {
  test.prop([setting, shares])("make their own cuts' predictions what was measured", (profile, [head, tail]) => {
    const plain = sides(profile, cutAfter(0));
    const anchors = [{ cut: cutAfter(0), head_s: plain.head * head, tail_s: plain.tail * tail }];
    const anchored = { ...plain.profile, anchors };
    const whole = segmentSeconds(anchored, null, null).seconds;
    // A side that is as long as the whole is not corrected.
    fc.pre(plain.head < whole * 0.999 && plain.tail < whole * 0.999);
    expect(segmentSeconds(anchored, null, cutAfter(0)).seconds).toBeCloseTo(plain.head * head, 12);
    expect(segmentSeconds(anchored, cutAfter(0), null).seconds).toBeCloseTo(plain.tail * tail, 12);
  });

  test.prop([setting, closeShares])(
    "whose runs were timed meet them with all that a run adds",
    (profile, [head, tail]) => {
      const run = { ...profile.run, request_per_kernel_s: 2e-6, request_per_byte_s: 1e-11 };
      const plain = { ...profile, run };
      const [before, after] = [
        segmentSeconds(plain, null, cutAfter(0)).seconds,
        segmentSeconds(plain, cutAfter(0), null).seconds,
      ];
      const requests = { head_request_s: before * head, tail_request_s: after * tail };
      // What was measured inside kernels no longer counts.
      const anchored = { ...plain, anchors: [{ cut: cutAfter(0), head_s: 1, tail_s: 1, ...requests }] };
      const whole = sides(plain, cutAfter(0));
      const all = segmentSeconds(whole.profile, null, null).seconds;
      fc.pre(whole.head < all * 0.999 && whole.tail < all * 0.999);
      expect(segmentSeconds(anchored, null, cutAfter(0)).seconds).toBeCloseTo(before * head, 12);
      expect(segmentSeconds(anchored, cutAfter(0), null).seconds).toBeCloseTo(after * tail, 12);
    },
  );

  test.prop([setting, shares])("leave the whole model as it is", (profile, [head, tail]) => {
    const plain = sides(profile, cutAfter(1));
    const anchors = [{ cut: cutAfter(1), head_s: plain.head * head, tail_s: plain.tail * tail }];
    expect(segmentSeconds({ ...plain.profile, anchors }, null, null).seconds).toBe(
      segmentSeconds(plain.profile, null, null).seconds,
    );
  });

  test.prop([setting])("that say what the kernels say change nothing", (profile) => {
    const cuts = profile.cuts.map(({ id }) => ({ id, ...sides(profile, id) }));
    const anchors = cuts.map(({ id, head, tail }) => ({ cut: id, head_s: head, tail_s: tail }));
    for (const { id, profile: plain, head, tail } of cuts) {
      expect(segmentSeconds({ ...plain, anchors }, null, id).seconds).toBeCloseTo(head, 12);
      expect(segmentSeconds({ ...plain, anchors }, id, null).seconds).toBeCloseTo(tail, 12);
    }
  });
});
