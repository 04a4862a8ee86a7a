import { describe, expect, test } from "vitest";
import { parseOperators } from "../../src/cli/applying.ts";
import { Problem } from "../../src/formats/problem.ts";
import { analyse, Draft, GraphBuilder, type Model, readModel, type TensorType } from "../../src/onnx/index.ts";
import {
  checkStudent,
  exitEarly,
  prepareQuantisation,
  pruneChannels,
  pruneWeights,
} from "../../src/operators/index.ts";
import { samplesOf } from "../../src/profiler/index.ts";
import { open, TRAINED } from "../fixtures/models.ts";
import { float, modelOf, node } from "../fixtures/protos.ts";

const [resnet, , , bert] = TRAINED;
const draftOf = (model: Model) => new Draft(analyse(model));
const prepare = (model: Model, exclude: readonly string[] = []) =>
  prepareQuantisation(draftOf(model), new Map(), { exclude });

function tiny(op: string, opset: number): Model {
  const builder = new GraphBuilder("tiny", opset);
  const x = builder.input("x", { dtype: "float32", shape: [1, 2, 4, 4] });
  const w = builder.weight("w", [2, 2, 1, 1], Float32Array.of(1, 2, 3, 4));
  builder.output(builder.node(op, "node", op === "Conv" ? [x, w] : [x]), { dtype: "float32", shape: [1, 2, 4, 4] });
  return readModel(builder.build(), "tiny");
}

const quantisedAlready = modelOf({
  input: [float("x", 2)],
  output: [float("y", 2)],
  node: [node("QuantizeLinear", ["x", "s"], ["q"], "Q"), node("DequantizeLinear", ["q", "s"], ["y"], "DQ")],
  initializer: [{ name: "s", dataType: 1, floatData: [1] }],
});

describe("each mistake is a Problem that says what to do", () => {
  const cases: readonly (readonly [what: string, act: () => unknown, says: RegExp])[] = [
    ["an opset older than can be converted", () => prepare(tiny("Conv", 6)), /opset 6.*opset 13.*Export/s],
    [
      "a Softmax over an inner axis before opset 13",
      () =>
        prepareQuantisation(draftOf(tiny("Softmax", 11)), new Map([["x", { dtype: "float32", shape: [1, 2, 4, 4] }]]), {
          exclude: [],
        }),
      /'node' \(Softmax\).*axis/,
    ],
    ["a quantised model", () => prepare(quantisedAlready), /quantised already.*'Q'.*float model/],
    ["nothing to quantise", () => prepare(tiny("Relu", 13)), /nothing in the model can be quantised/],
    [
      "an excluded node that is not there",
      () => prepare(open(resnet!), ["/f/f.0/f.0.0/Con"]),
      /unknown node.*did you mean "\/f\/f\.0\/f\.0\.0\/Conv"/,
    ],
    ...[0, 1, -0.5, 1.5, Number.NaN].map(
      (sparsity) =>
        [
          `a sparsity of ${sparsity}`,
          () => pruneWeights(draftOf(open(resnet!)), sparsity, "2x1"),
          /sparsity of .* is not between 0 and 1/,
        ] as const,
    ),
    ["channels at a sparsity of 1", () => pruneChannels(draftOf(open(resnet!)), new Map(), 1), /not between 0 and 1/],
    [
      "no weights to prune",
      () => pruneWeights(draftOf(tiny("Relu", 13)), 0.5, "unstructured"),
      /nothing in the model can be pruned/,
    ],
    [
      "no channels to prune",
      () => pruneChannels(draftOf(tiny("Conv", 13)), new Map(), 0.5),
      /no channel can be pruned/,
    ],
    [
      "an exit behind no node",
      () => exitEarly(draftOf(open(resnet!)), "nowhere", 10, new Map(), null),
      /no node 'nowhere'.*inspect/,
    ],
    [
      "an exit behind something without channels",
      () =>
        exitEarly(
          draftOf(open(bert!)),
          "/Shape",
          2,
          new Map<string, TensorType>([["/Shape_output_0", { dtype: "int64", shape: [2] }]]),
          null,
        ),
      /behind '\/Shape' is not possible.*int64\[2\]/,
    ],
    [
      "a student of another task",
      () => checkStudent(open(resnet!), open(bert!)),
      /student does not fit.*no input 'image'/,
    ],
    ["an unknown operator", () => parseOperators("sptk"), /unknown operator "sptk"; did you mean "sptq"/],
    ["an operator twice", () => parseOperators("pruned+pruned"), /'pruned' is asked for twice/],
    ["pruning what is quantised", () => parseOperators("sptq+pruned"), /'sptq' has to come last/],
    ["distillation in the middle", () => parseOperators("pruned+distilled"), /'distilled' has to come first/],
  ];
  test.each(cases)("%s", (_, act, says) => {
    expect(act).toThrow(Problem);
    expect(act).toThrow(says);
  });

  test("a student with other classes", () => {
    const classes = (count: number) => {
      const builder = new GraphBuilder("c", 13);
      builder.output(builder.node("Relu", "y", [builder.input("x", { dtype: "float32", shape: ["N", count] })]), {
        dtype: "float32",
        shape: ["N", count],
      });
      return readModel(builder.build(), "c");
    };
    expect(() => checkStudent(classes(10), classes(5))).toThrow(
      /input 'x' is float32\[Nx5\], the teacher's is float32\[Nx10\]/,
    );
    expect(() => checkStudent(classes(10), classes(10))).not.toThrow();
  });
});

describe("calibration data", () => {
  const types = new Map<string, { dtype: "float32" | "uint8"; shape: readonly number[] }>([
    ["x", { dtype: "float32", shape: [1, 4] }],
  ]);
  const bytes = (length: number) => new Map([["x", new Uint8Array(length)]]);
  test.each([
    ["empty", bytes(0), /values of input 'x' are empty/],
    ["not a whole number of samples", bytes(40), /40 bytes.*no multiple of float32\[1x4\], 16 bytes/],
    ["for another input", new Map([["z", new Uint8Array(16)]]), /no input 'z'/],
    ["missing", new Map<string, Uint8Array>(), /input 'x'.*has no values; give --data x=FILE/],
  ])("%s: a Problem", (_, raw, says) => {
    expect(() => samplesOf(types, raw)).toThrow(Problem);
    expect(() => samplesOf(types, raw)).toThrow(says);
  });

  test("of different lengths for two inputs: a Problem", () => {
    const two = new Map([...types, ["z", { dtype: "uint8" as const, shape: [2] }]]);
    const raw = new Map([...bytes(32), ["z", new Uint8Array(2)]]);
    expect(() => samplesOf(two, raw)).toThrow(/'z' has values of 1 samples, the inputs before it of 2/);
  });
});
