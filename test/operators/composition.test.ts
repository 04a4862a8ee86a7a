import { fc, test } from "@fast-check/vitest";
import { afterAll, expect } from "vitest";
import { type ApplyRequest, applyOperators, parseOperators, TWIN } from "../../src/cli/applying.ts";
import { Problem } from "../../src/formats/problem.ts";
import { cutsOf, type Model, readModel } from "../../src/onnx/index.ts";
import { operatorOf, PROVENANCE } from "../../src/operators/index.ts";
import { relativeError, type Shapes } from "../../src/profiler/index.ts";
import { type Fixture, PADDLE, TRAINED } from "../fixtures/models.ts";
import { randomFeeds, runSegment, withSubject } from "../fixtures/running.ts";

const REQUEST: ApplyRequest = { ...TWIN, shapes: {}, onProgress: () => {} };
const EXITS: Readonly<Record<string, string>> = {
  fmnist_resnet: "/f/f.4/Relu",
  fmnist_mbv2: "/f/f.5/Add",
  fmnist_vit: "/b/b.1/Add_1",
  spam_bert2: "/L.0/n2/Add_1",
};
const [resnet, mbv2] = TRAINED;

const made = new Map<string, Promise<Model>>();
afterAll(() => made.clear());

/** Applies operators to a fixture; each combination once. */
function variant(fixture: Fixture, operators: string, pattern: ApplyRequest["pattern"]): Promise<Model> {
  const key = `${fixture.name} ${operators} ${pattern}`;
  const student = fixture === resnet ? mbv2!.file : resnet!.file;
  // The exit of a distilled model is one of the student's.
  const body = operators.startsWith("distilled") ? (fixture === resnet ? mbv2! : resnet!) : fixture;
  const request = { ...REQUEST, shapes: fixture.shapes, pattern, student, exit: EXITS[body.name] };
  const found =
    made.get(key) ?? applyOperators(fixture.file, operators, request).then(({ source }) => readModel(source, key));
  made.set(key, found);
  return found;
}

const pictures = fc.constantFrom(resnet!, mbv2!);
/** Every legal order: distilled first, quantisation last, the others between in any order. */
const compositions = fc
  .record({
    distilled: fc.boolean(),
    middle: fc.shuffledSubarray(["pruned", "early-exit"]),
    last: fc.constantFrom("sptq", "qat", ""),
  })
  .map(({ distilled, middle, last }) => [distilled ? "distilled" : "", ...middle, last].filter(Boolean).join("+"))
  .filter((operators) => operators !== "");
const NAMES = ["distilled", "pruned", "early-exit", "sptq", "qat"];

test.prop([fc.array(fc.constantFrom(...NAMES), { minLength: 1, maxLength: 4 })])(
  "an order is legal exactly if nothing comes twice, a student comes first, and quantisation last",
  (names) => {
    const text = names.join("+");
    const legal =
      new Set(names).size === names.length &&
      !names.slice(1).includes("distilled") &&
      !names.slice(0, -1).some((name) => name === "sptq" || name === "qat");
    if (legal) expect(parseOperators(text)).toEqual(names);
    else expect(() => parseOperators(text)).toThrow(Problem);
  },
);

const patterns = fc.constantFrom("unstructured", "channels", "4x1") as fc.Arbitrary<ApplyRequest["pattern"]>;

/** Runs a variant whole and cut, both as the file says (nothing optimised), and expects the very same outputs. */
async function expectEqualParts(model: Model, shapes: Shapes, where: number, close = 0.02): Promise<void> {
  await withSubject(model, { shapes }, async (subject) => {
    const plain = { ...subject, settings: { threads: 1, optimisation: "disabled" } as const };
    const end = subject.graph.steps.length;
    const cuts = cutsOf(subject.graph);
    const cut = cuts[Math.floor(where * cuts.length)]!;
    const feeds = randomFeeds(subject, 3);
    const whole = await runSegment(plain, 0, end, feeds);
    const head = await runSegment(plain, 0, cut.position, feeds);
    const tail = await runSegment(plain, cut.position, end, { ...feeds, ...head });
    for (const { name } of model.outputs) expect((tail[name] ?? head[name])!.data).toEqual(whole[name]!.data);
    // And the runtime's own kernels of the whole stay close to what the file says.
    const optimised = await runSegment(subject, 0, end, feeds);
    for (const { name } of model.outputs) expect(optimised[name]!.dims).toEqual(whole[name]!.dims);
    expect(relativeError([whole], [optimised])).toBeLessThan(close);
  });
}

test.prop([pictures, compositions, patterns, fc.double({ min: 0, max: 0.999, noNaN: true })], { numRuns: 14, seed: 5 })(
  "any legal a+b on a picture model, cut anywhere, equals itself uncut and says what it is",
  async (fixture, operators, pattern, where) => {
    const model = await variant(fixture, operators, pattern);
    expect(operatorOf(model)).toBe(operators);
    expect(model.metadata.get(PROVENANCE.twin)).toMatch(/./);
    expect(model.metadata.get(PROVENANCE.source)).toMatch(/^[0-9a-f]{64}$/);
    await expectEqualParts(model, fixture.shapes, where);
  },
  240_000,
);

test.prop(
  [
    fc.constantFrom(TRAINED[2]!, TRAINED[3]!),
    fc.constantFrom("pruned+sptq", "early-exit+qat", "pruned+early-exit"),
    fc.double({ min: 0, max: 0.999, noNaN: true }),
  ],
  { numRuns: 6, seed: 6 },
)(
  "so do transformers",
  async (fixture, operators, where) => {
    await expectEqualParts(await variant(fixture, operators, "channels"), fixture.shapes, where);
  },
  240_000,
);

// On noise the detector answers next to nothing: what integer kernels round differently is as large as that.
test.prop(
  [
    fc.constantFrom(...PADDLE),
    fc.constantFrom("sptq", "pruned+sptq", "pruned"),
    fc.double({ min: 0, max: 0.999, noNaN: true }),
  ],
  { numRuns: 8, seed: 7 },
)(
  "so do a text detector and a direction classifier",
  async (fixture, operators, where) => {
    await expectEqualParts(
      await variant(fixture, operators, "channels"),
      fixture.shapes,
      where,
      Number.POSITIVE_INFINITY,
    );
  },
  240_000,
);
