import { fc, test } from "@fast-check/vitest";
import { expect } from "vitest";
import { leastDisturbed, MOST_ATTEMPTS, stolenShare } from "../../src/testbed/disturbed.ts";

const share = fc.double({ min: 0, max: 2, noNaN: true });
/** A stream of which so much was stolen: both tiers are on the host that says so. */
const stream = (stolen: number) => [
  { processor_s: { mobile: 1, edge: 3 }, stolen_s: { mobile: 4 * stolen, edge: 4 * stolen } },
];

test.prop([fc.array(share, { minLength: MOST_ATTEMPTS, maxLength: MOST_ATTEMPTS }), share])(
  "a stream is measured until it was left alone, and the least disturbed is kept",
  async (shares, atMost) => {
    let attempts = 0;
    const kept = stolenShare(await leastDisturbed(async () => stream(shares[attempts++]!), atMost));
    const first = shares.findIndex((stolen) => stolen <= atMost);
    expect(attempts).toBe(first < 0 ? MOST_ATTEMPTS : first + 1);
    expect(kept).toBe(first < 0 ? Math.min(...shares) : shares[first]);
  },
);

test("without a limit, or where nobody says what was stolen, one attempt is enough", async () => {
  let attempts = 0;
  const measured = (rows: ReturnType<typeof stream>) => async () => {
    attempts++;
    return rows;
  };
  await leastDisturbed(measured(stream(1.9)));
  await leastDisturbed<{ processor_s?: Record<string, number> }>(async () => {
    attempts++;
    return [{ processor_s: { edge: 1 } }];
  }, 0);
  await leastDisturbed(measured([]), 0);
  expect(attempts).toBe(3);
});
