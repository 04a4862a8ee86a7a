import { describe, expect, test } from "vitest";
import { analyse, Draft, type Model, readModel } from "../../src/onnx/index.ts";
import { exitEarly, mark, operatorOf, PROVENANCE } from "../../src/operators/index.ts";
import { loadSession } from "../../src/profiler/index.ts";
import { fashionMnist, feedsOf, hasFashionMnist, spamMails } from "../fixtures/labelled.ts";
import { open, TRAINED } from "../fixtures/models.ts";
import { withSubject } from "../fixtures/running.ts";

const [resnet, , , bert] = TRAINED;

async function exited(model: Model, shapes: Record<string, readonly number[]>, at: string, classes: number) {
  return withSubject(model, { shapes }, async ({ graph, types }) => {
    const draft = new Draft(graph);
    const notes = exitEarly(draft, at, classes, types, "N");
    return { early: readModel(draft.finish(), "early"), notes };
  });
}

describe("early exit", () => {
  test("ends a sequence model behind its first layer, with the first token's features", async () => {
    const { early, notes } = await exited(open(bert!), bert!.shapes, "/L.0/n2/Add_1", 7);
    expect(notes[0]).toMatch(/first token and a linear layer of 7 outputs/);
    expect(early.nodes.filter(({ name }) => name.startsWith("/L.1"))).toEqual([]);
    expect([...early.initializers.keys()].filter((name) => name.startsWith("L.1"))).toEqual([]);
    const session = await loadSession(early.source, { threads: 1, optimisation: "all" });
    // The batch stays free: three mails at once.
    const { logits } = await session.run(feedsOf(spamMails().batch(0, 3)));
    expect(logits!.dims).toEqual([3, 7]);
    await session.release();
  });

  test.skipIf(!hasFashionMnist())("pools a feature map: other pictures give other outputs", async () => {
    const { early } = await exited(open(resnet!), resnet!.shapes, "/f/f.4/Relu", 10);
    const ops = early.nodes.slice(-3).map(({ op }) => op);
    expect(ops).toEqual(["GlobalAveragePool", "Flatten", "Gemm"]);
    const session = await loadSession(early.source, { threads: 1, optimisation: "all" });
    const { logits } = await session.run(feedsOf(fashionMnist().batch(0, 2)));
    expect(logits!.dims).toEqual([2, 10]);
    const values = logits!.data as Float32Array;
    expect(values.subarray(0, 10)).not.toEqual(values.subarray(10));
    await session.release();
  });
});

test("provenance adds up over operators, keeps the first source, and a twin stays one", () => {
  const first = new Draft(analyse(open(resnet!)));
  expect(operatorOf(open(resnet!))).toBe("identity");
  mark(first, { operator: "pruned", source: "aa", settings: { sparsity: 0.5 }, twin: "untrained" });
  const second = new Draft(analyse(readModel(first.finish(), "pruned")));
  mark(second, { operator: "sptq", source: "bb", settings: { samples: 3 } });
  const model = readModel(second.finish(), "both");
  expect(operatorOf(model)).toBe("pruned+sptq");
  expect(model.metadata.get(PROVENANCE.source)).toBe("aa");
  expect(JSON.parse(model.metadata.get(PROVENANCE.settings)!)).toEqual([
    { operator: "pruned", sparsity: 0.5 },
    { operator: "sptq", samples: 3 },
  ]);
  expect(model.metadata.get(PROVENANCE.twin)).toBe("untrained");
});

test("metadata that no operator wrote is a Problem, not a crash", () => {
  const draft = new Draft(analyse(open(resnet!)));
  draft.metadata.set(PROVENANCE.settings, "{broken");
  expect(() => mark(draft, { operator: "sptq", source: "aa", settings: {} })).toThrow(
    /'tierwise\.settings' is not what/,
  );
});
