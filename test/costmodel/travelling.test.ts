import { expect, test } from "vitest";
import { crossing } from "../../src/costmodel/closure.ts";
import { travelling } from "../../src/costmodel/messages.ts";
import type { Profile } from "../../src/formats/profile.ts";

/** Node 0 makes tensor 1, which node 1 and the answer need; nodes 1 and 2 make tensors 2 and 3, of which 3 is the other output. */
const profile = {
  model: { inputs: [0], outputs: [1, 3] },
  edges: [
    { tensor: 0, producer: null, consumers: [0] },
    { tensor: 1, producer: 0, consumers: [1] },
    { tensor: 2, producer: 1, consumers: [2] },
    { tensor: 3, producer: 2, consumers: [] },
  ],
  cuts: [
    { id: "a", position: 1, tensors: [1] },
    { id: "b", position: 2, tensors: [2] },
  ],
} as unknown as Profile;

test("outputs that the head has made travel with what the tail needs, each once", () => {
  expect(travelling(profile).map(({ tensors }) => [...tensors].sort())).toEqual([[1], [1, 2]]);
});

test("a seam of a partition is crossed by the same tensors as the cut there", () => {
  const labels = [0, 0, 1];
  expect(crossing(profile, labels, 0).map(({ tensor }) => tensor)).toEqual([1, 2]);
});
