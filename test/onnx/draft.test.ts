import { fc, test as property } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import { analyse, Draft, type Model, readModel } from "../../src/onnx/index.ts";
import { dags } from "../fixtures/dags.ts";
import { FIXTURES, open } from "../fixtures/models.ts";
import { constant, float, floats, modelOf, node, subgraph } from "../fixtures/protos.ts";
import { expectSame, randomFeeds, runWhole, withSubject } from "../fixtures/running.ts";

const rewritten = (model: Model) => readModel(new Draft(analyse(model)).finish(), "rewritten");
const bytesOf = ({ source }: Model) => source.read(0, source.length);

/** Runs both on the same values. */
async function expectEqual(model: Model, other: Model, shapes = {}): Promise<void> {
  const run = (of: Model) =>
    withSubject(of, { shapes }, async (subject) =>
      runWhole({ ...subject, settings: { threads: 1, optimisation: "disabled" } }, randomFeeds(subject, 4)),
    );
  expectSame(await run(other), await run(model));
}

describe("a draft that nobody changed", () => {
  test.each(FIXTURES.map((fixture) => [fixture.name, fixture] as const))(
    "of %s computes the same, and once more gives the same bytes",
    async (_, fixture) => {
      const model = open(fixture);
      const once = rewritten(model);
      await expectEqual(model, once, fixture.shapes);
      expect(once.nodes.some(({ op }) => op === "Constant")).toBe(false);
      expect(Buffer.compare(bytesOf(once), bytesOf(rewritten(once)))).toBe(0);
    },
    120_000,
  );

  property.prop([dags()], { numRuns: 60 })("of any graph computes the same", async (model) => {
    const once = rewritten(model);
    expect(once.outputs.map(({ name }) => name)).toEqual(model.outputs.map(({ name }) => name));
    await expectEqual(model, once);
  });

  test("keeps what subgraphs capture, drops what nothing uses", async () => {
    const branch = (weight: string) => ({ node: [node("Add", ["t", weight], ["r"], "add")], output: [float("r")] });
    const model = modelOf({
      input: [float("x", 2)],
      output: [float("y", 2)],
      initializer: [
        floats("a", [1, 2]),
        floats("b", [3, 4]),
        floats("unused", [5]),
        { ...floats("zero", []), dims: [], floatData: [0] },
      ],
      node: [
        node("Neg", ["x"], ["t"], "neg"),
        node("Abs", ["x"], ["dead"], "dead"),
        constant("two", [2]),
        node("ReduceSum", ["x"], ["s"], "sum"),
        { ...node("Squeeze", ["s"], ["scalar"], "squeeze") },
        node("Greater", ["scalar", "zero"], ["c"], "greater"),
        {
          ...node("If", ["c"], ["chosen"], "if"),
          attribute: [subgraph("then_branch", branch("a")), subgraph("else_branch", branch("b"))],
        },
        node("Mul", ["chosen", "two"], ["y"], "mul"),
      ],
    });
    const once = rewritten(model);
    expect([...once.initializers.keys()].sort()).toEqual(["a", "b", "two", "zero"]);
    expect(once.nodes.map(({ name }) => name)).not.toContain("dead");
    await expectEqual(model, once);
  });
});

describe("the order that a draft writes", () => {
  test("makers come before users, quantisation at once, dequantisation as late as it may", () => {
    const model = modelOf({
      input: [float("x", 2)],
      output: [float("y", 2)],
      initializer: [{ ...floats("s", []), dims: [], floatData: [0.1] }],
      node: [node("Neg", ["x"], ["t"], "neg"), node("Abs", ["x"], ["u"], "abs"), node("Add", ["t", "u"], ["y"], "add")],
    });
    const draft = new Draft(analyse(model));
    const quantised = draft.add("QuantizeLinear", "neg/Q", ["t", "s"]);
    const back = draft.add("DequantizeLinear", "add/DQ", [quantised, "s"]);
    draft.nodes.find(({ name }) => name === "add")!.inputs[0] = back;
    expect(draft.ordered().map(({ name }) => name)).toEqual(["neg", "neg/Q", "abs", "add/DQ", "add"]);
  });

  property.prop([dags(), fc.infiniteStream(fc.nat())], { numRuns: 40 })(
    "does not hang on the order of its list",
    (model, random) => {
      const draft = new Draft(analyse(model));
      const shuffled = draft.nodes.map((one) => [random.next().value!, one] as const).sort((a, b) => a[0] - b[0]);
      draft.nodes.splice(0, draft.nodes.length, ...shuffled.map(([, one]) => one));
      const made = new Set([...draft.inputs, ...draft.weights.keys()]);
      for (const one of draft.ordered()) {
        for (const name of one.needs()) expect(made.has(name)).toBe(true);
        for (const output of one.outputs) made.add(output);
      }
      for (const output of draft.outputs) expect(made.has(output)).toBe(true);
    },
  );
});
