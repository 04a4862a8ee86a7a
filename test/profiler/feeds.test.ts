import { create } from "@bufbuild/protobuf";
import { TypeProtoSchema, ValueInfoProtoSchema } from "onnx-buf";
import { describe, expect, test } from "vitest";
import { Problem } from "../../src/formats/problem.ts";
import { analyse, type TensorType } from "../../src/onnx/index.ts";
import { inputTypes, makeFeeds, type Shapes } from "../../src/profiler/index.ts";
import { float, modelOf, node, typed } from "../fixtures/protos.ts";

const graph = analyse(
  modelOf({
    input: [float("image", "N", 3, "H"), typed("mask", "int64", 4)],
    output: [float("y")],
    node: [node("Relu", ["image"], ["y"], "a")],
  }),
);

describe("input shapes", () => {
  test("the user's for free dimensions, the file's for the rest", () => {
    const types = inputTypes(graph, { image: [2, 3, 8] });
    expect([...types]).toEqual([
      ["image", { dtype: "float32", shape: [2, 3, 8] }],
      ["mask", { dtype: "int64", shape: [4] }],
    ]);
  });

  for (const [what, shapes, message] of [
    ["an unknown input", { picture: [1] }, /^--shape: the model has no input 'picture'.* 'image', 'mask'\.$/],
    ["too few dimensions", { image: [1, 3] }, /^--shape image=1x3 has 2 dimensions, the input has 3: Nx3xH\.$/],
    ["too many dimensions", { image: [1, 3, 8, 8] }, /^--shape image=1x3x8x8 has 4 dimensions/],
    [
      "another size than a fixed one",
      { image: [1, 4, 8] },
      /^--shape image=1x4x8: dimension 2 is fixed at 3 in the model \(Nx3xH\)\.$/,
    ],
    [
      "nothing for free dimensions",
      {},
      /^input 'image' has free dimensions \(Nx3xH\); give them with --shape image=…x3x….$/,
    ],
    ["a size of zero", { image: [0, 3, 8] }, /^--shape image=0x3x8: dimensions are whole numbers from 1 on\.$/],
    ["a broken size", { image: [1.5, 3, 8] }, /whole numbers/],
  ] as [string, Shapes, RegExp][])
    test(`${what}: a Problem that says so`, () => {
      expect(() => inputTypes(graph, shapes)).toThrow(Problem);
      expect(() => inputTypes(graph, shapes)).toThrow(message);
    });

  test("an input of unknown rank needs all its dimensions", () => {
    const info = create(ValueInfoProtoSchema, {
      name: "x",
      type: create(TypeProtoSchema, { value: { case: "tensorType", value: { elemType: 1 } } }),
    });
    const open = analyse(modelOf({ input: [info], output: [float("y")], node: [node("Relu", ["x"], ["y"])] }));
    expect(inputTypes(open, { x: [5, 6] }).get("x")!.shape).toEqual([5, 6]);
    expect(() => inputTypes(open, {})).toThrow(/'x' has free dimensions \(unknown rank\)/);
  });

  test("an input that is no tensor cannot be run", () => {
    const sequence = { case: "sequenceType", value: {} } as const;
    const info = create(ValueInfoProtoSchema, { name: "s", type: { value: sequence } });
    const odd = analyse(modelOf({ input: [info], output: [float("y")], node: [node("SequenceLength", ["s"], ["y"])] }));
    expect(() => inputTypes(odd, {})).toThrow(/input 's' is not a tensor/);
  });
});

describe("input values", () => {
  const types = new Map<string, TensorType & { shape: readonly number[] }>([
    ["x", { dtype: "float32", shape: [2, 3] }],
    ["ids", { dtype: "int64", shape: [3] }],
    ["on", { dtype: "bool", shape: [] }],
    ["h", { dtype: "float16", shape: [64] }],
  ]);

  test("floats in [0, 1), ones for the rest, the same every time", () => {
    const feeds = makeFeeds(types);
    expect(feeds.x!.dims).toEqual([2, 3]);
    for (const value of feeds.x!.data as Float32Array) expect(value >= 0 && value < 1).toBe(true);
    expect(new Set(feeds.x!.data as Float32Array).size).toBe(6);
    expect([...(feeds.ids!.data as BigInt64Array)]).toEqual([1n, 1n, 1n]);
    expect([...(feeds.on!.data as Uint8Array)]).toEqual([1]);
    expect(makeFeeds(types).x!.data).toEqual(feeds.x!.data);
  });

  test("the user's bytes where given", () => {
    const raw = new Map([["x", new Uint8Array(Float32Array.of(1, 2, 3, 4, 5, 6).buffer)]]);
    expect([...(makeFeeds(types, raw).x!.data as Float32Array)]).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test("bytes that do not fit, for inputs that are not there, and types without values are Problems", () => {
    expect(() => makeFeeds(types, new Map([["x", new Uint8Array(20)]]))).toThrow(
      /^--input x: 20 bytes given, 24 expected for float32\[2x3\]\.$/,
    );
    expect(() => makeFeeds(types, new Map([["z", new Uint8Array(1)]]))).toThrow(/no input 'z'. Its inputs are x, ids/);
    expect(() => makeFeeds(new Map([["s", { dtype: "string", shape: [1] }]]))).toThrow(
      /'s' has the element type string/,
    );
  });
});
