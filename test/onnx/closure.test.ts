import { fc } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import { Problem } from "../../src/formats/problem.ts";
import { analyse, cutAt, cutsOf } from "../../src/onnx/index.ts";
import { dags } from "../fixtures/dags.ts";
import { FIXTURES, open } from "../fixtures/models.ts";
import { expectSame, randomFeeds, runCut, runWhole, withSubject } from "../fixtures/running.ts";

describe("a cut whose head is only some nodes and what they need", () => {
  test("chained gives what the whole gives, on random graphs", { timeout: 60_000 }, async () => {
    const property = fc.asyncProperty(
      dags(),
      fc.array(fc.nat(), { minLength: 1, maxLength: 3 }),
      fc.nat(),
      (model, picks, seed) =>
        withSubject(model, {}, async (subject) => {
          const { steps } = subject.graph;
          if (steps.length === 0) return;
          const names = [...new Set(picks.map((pick) => steps[pick % steps.length]!.name))];
          let found: ReturnType<typeof cutAt>;
          try {
            found = cutAt(subject.graph, `only ${names.join(" & ")}`);
          } catch (error) {
            // They need everything, or nobody needs anything of them.
            expect(error).toBeInstanceOf(Problem);
            return;
          }
          const { graph, cut } = found;
          expect(new Set(graph.steps)).toEqual(new Set(steps));
          const head = graph.steps.slice(0, cut.position).map(({ name }) => name);
          for (const name of names) expect(head).toContain(name);
          const feeds = randomFeeds(subject, seed);
          expectSame(await runCut({ ...subject, graph }, cut.position, feeds), await runWhole(subject, feeds));
        }),
    );
    await fc.assert(property, { numRuns: 60 });
  });

  test("stands for cuts along the graph's order, too", () => {
    const graph = analyse(open(FIXTURES[0]!));
    const some = cutsOf(graph)[20]!;
    expect(cutAt(graph, some.id)).toEqual({ graph, cut: some });
    const only = cutAt(graph, `only ${some.id}`);
    expect(only.cut.position).toBeLessThanOrEqual(some.position);
  });

  test("names a node that is there", () => {
    const graph = analyse(open(FIXTURES[0]!));
    expect(() => cutAt(graph, "only nothing & nowhere")).toThrow(/unknown node "nothing"/);
  });
});
