import { describe, expect, test } from "vitest";
import { cutsOf } from "../../src/onnx/index.ts";
import { planSegment } from "../../src/profiler/index.ts";
import { open, TRAINED } from "../fixtures/models.ts";
import { float, modelOf, node } from "../fixtures/protos.ts";
import { withSubject } from "../fixtures/running.ts";

/** The same operator on the same shape four times. */
const repeated = modelOf({
  input: [float("x", 8)],
  output: [float("y", 8)],
  node: [
    node("Tanh", ["x"], ["a"], "first"),
    node("Tanh", ["a"], ["b"], "second"),
    node("Tanh", ["b"], ["c"], "third"),
    node("Tanh", ["c"], ["y"], "fourth"),
  ],
});

describe("a kernel's identity and signature", () => {
  test("the identity tells places apart and stays the same in every segment; the signature is the work's", () =>
    withSubject(repeated, {}, async (subject) => {
      const whole = await planSegment(subject, 0, 4);
      expect(whole.map(({ op, nodes }) => [op, ...nodes])).toEqual([
        ["Tanh", 0],
        ["Tanh", 1],
        ["Tanh", 2],
        ["Tanh", 3],
      ]);
      expect(new Set(whole.map(({ identity }) => identity)).size).toBe(4);
      expect(new Set(whole.map(({ signature }) => signature)).size).toBe(1);
      for (let position = 1; position < 4; position++) {
        const parts = [...(await planSegment(subject, 0, position)), ...(await planSegment(subject, position, 4))];
        expect(parts).toEqual(whole);
      }
    }));

  test("what a cut leaves alone keeps its identity: most kernels of a transformer's parts are the whole's", () =>
    withSubject(open(TRAINED[3]!), TRAINED[3]!, async (subject) => {
      const end = subject.graph.steps.length;
      const whole = new Map((await planSegment(subject, 0, end)).map((kernel) => [kernel.identity, kernel]));
      const cuts = cutsOf(subject.graph);
      const { position } = cuts[cuts.length >> 1]!;
      const parts = [...(await planSegment(subject, 0, position)), ...(await planSegment(subject, position, end))];
      const known = parts.filter(({ identity }) => whole.has(identity));
      expect(known.length).toBeGreaterThan(whole.size * 0.8);
      for (const kernel of known) {
        expect(kernel.signature).toBe(whole.get(kernel.identity)!.signature);
        expect(kernel.op).toBe(whole.get(kernel.identity)!.op);
      }
    }));
});
