import { fc } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import { cutsOf } from "../../src/onnx/index.ts";
import { dags } from "../fixtures/dags.ts";
import { FIXTURES, open } from "../fixtures/models.ts";
import { expectSame, randomFeeds, runCut, runSegment, runWhole, withSubject } from "../fixtures/running.ts";

/** A cut of `cuts`, whichever; its input's seed. */
const anyCut = (cuts: number) => fc.record({ index: fc.nat(cuts - 1), seed: fc.nat() });

describe("head and tail chained give what the whole gives", () => {
  for (const fixture of FIXTURES)
    test(fixture.name, { timeout: 60_000 }, () =>
      withSubject(open(fixture), fixture, async (subject) => {
        const cuts = cutsOf(subject.graph);
        const property = fc.asyncProperty(anyCut(cuts.length), async ({ index, seed }) => {
          const feeds = randomFeeds(subject, seed);
          expectSame(await runCut(subject, cuts[index]!.position, feeds), await runWhole(subject, feeds));
        });
        await fc.assert(property, { numRuns: 6, endOnFailure: true });
      }),
    );

  test("random graphs, at every cut", { timeout: 60_000 }, async () => {
    const property = fc.asyncProperty(dags(), fc.nat(), (model, seed) =>
      withSubject(model, {}, async (subject) => {
        const feeds = randomFeeds(subject, seed);
        const whole = await runWhole(subject, feeds);
        for (const { position } of cutsOf(subject.graph)) expectSame(await runCut(subject, position, feeds), whole);
      }),
    );
    await fc.assert(property, { numRuns: 60 });
  });

  test("three segments chain as two do", () =>
    withSubject(open(FIXTURES[0]!), FIXTURES[0]!, async (subject) => {
      const end = subject.graph.steps.length;
      const feeds = randomFeeds(subject, 5);
      let available = { ...feeds };
      for (const [from, to] of [
        [0, 9],
        [9, 31],
        [31, end],
      ] as const)
        available = { ...available, ...(await runSegment(subject, from, to, available)) };
      const outputs = subject.graph.model.outputs.map(({ name }) => [name, available[name]!]);
      expect(end).toBeGreaterThan(32);
      expectSame(Object.fromEntries(outputs), await runWhole(subject, feeds));
    }));
});
