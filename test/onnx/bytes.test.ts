import { readFileSync } from "node:fs";
import { fromBinary } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { fc, test } from "@fast-check/vitest";
import { ModelProtoSchema } from "onnx-buf";
import onnxProto from "onnx-proto";
import { describe, expect } from "vitest";
import {
  analyse,
  type ByteSource,
  cutsOf,
  extractSegment,
  memorySource,
  readModel,
  replaceFields,
  ropeSource,
  spanOf,
} from "../../src/onnx/index.ts";
import { loadSession } from "../../src/profiler/index.ts";
import { dags } from "../fixtures/dags.ts";
import { FIXTURES, open } from "../fixtures/models.ts";
import { chain, float, floats, modelBytes, node, parsed } from "../fixtures/protos.ts";

const all = (source: ByteSource) => source.read(0, source.length);

describe("reading and writing again", () => {
  for (const fixture of FIXTURES)
    test(`${fixture.name}: gives the file's bytes`, () => {
      const model = open(fixture);
      expect(Buffer.compare(all(replaceFields(model, () => undefined)), readFileSync(fixture.file))).toBe(0);
      expect(Buffer.compare(all(ropeSource(model.fields)), readFileSync(fixture.file))).toBe(0);
    });

  test.prop([dags()], { numRuns: 50 })("random graphs: gives the same bytes", (model) => {
    expect(all(replaceFields(model, () => undefined))).toEqual(all(model.source));
  });

  test.prop([
    fc.array(fc.uint8Array({ maxLength: 20 }), { maxLength: 8 }),
    fc.array(fc.tuple(fc.nat(160), fc.nat(160)), { minLength: 1, maxLength: 20 }),
  ])("a rope reads as its pieces joined", (pieces, ranges) => {
    const joined = Buffer.concat(pieces);
    const rope = ropeSource(pieces.map(spanOf));
    expect(rope.length).toBe(joined.length);
    for (const [a, b] of ranges) {
      const [from, to] = [Math.min(a, b), Math.max(a, b)];
      if (to <= joined.length) expect(Buffer.from(rope.read(from, to - from))).toEqual(joined.subarray(from, to));
      else expect(() => rope.read(from, to - from)).toThrow(RangeError);
    }
  });
});

describe("a head and a tail, read by another decoder (onnx-proto)", () => {
  for (const fixture of FIXTURES)
    test(`${fixture.name}: every node and weight is in its place, bytes as in the file`, () => {
      const graph = analyse(open(fixture));
      const cuts = cutsOf(graph);
      const whole = onnxProto.onnx.ModelProto.decode(readFileSync(fixture.file)).graph!;
      const weights = new Map(whole.initializer!.map((tensor) => [tensor.name, tensor]));
      const { position } = cuts[cuts.length >> 1]!;
      for (const [from, to] of [
        [0, position],
        [position, graph.steps.length],
      ] as const) {
        const segment = extractSegment(graph, from, to, new Map());
        const decoded = onnxProto.onnx.ModelProto.decode(all(segment.source)).graph!;
        expect(decoded.node!.map(({ name }) => name).sort()).toEqual(segment.nodes.map(({ name }) => name).sort());
        expect(decoded.initializer!.map(({ name }) => name)).toEqual(segment.initializers);
        for (const tensor of decoded.initializer!)
          expect(Buffer.compare(tensor.rawData!, weights.get(tensor.name)!.rawData!)).toBe(0);
        expect(decoded.input!.map(({ name }) => name)).toEqual(segment.inputs);
        expect(decoded.output!.map(({ name }) => name)).toEqual(segment.outputs);
        const steps = new Set(graph.steps.slice(from, to));
        for (const step of steps) {
          const found = decoded.node!.find(({ name }) => name === step.name)!;
          expect([found.opType, found.input, found.output]).toEqual([step.op, step.inputs, step.outputs]);
        }
      }
    });
});

describe("what this version does not know", () => {
  const unknown = (text: string) => new BinaryWriter().tag(999, WireType.LengthDelimited).string(text).finish();
  const field = (number: number, content: Uint8Array) =>
    new BinaryWriter().tag(number, WireType.LengthDelimited).bytes(content).finish();
  /** A model of two nodes with a field 999 in the model, its graph and each node, a function and metadata. */
  function strange(): Uint8Array {
    const base = fromBinary(ModelProtoSchema, modelBytes(chain("a", "b")));
    const bytes = modelBytes(chain());
    const model = parsed(bytes);
    const nodes = base.graph!.node.map((proto) => {
      const [input, output] = [proto.input[0]!, proto.output[0]!];
      const plain = new BinaryWriter().tag(1, 2).string(input).tag(2, 2).string(output).tag(3, 2).string(proto.name);
      return field(
        1,
        Buffer.concat([plain.tag(4, 2).string("Twice").tag(7, 2).string("own").finish(), unknown(proto.name)]),
      );
    });
    const ports = model.graphFields.map((part) => Buffer.from(part.source.read(part.start, part.end - part.start)));
    const graph = field(7, Buffer.concat([...ports, ...nodes, unknown("graph")]));
    const rest = model.fields.filter(({ number }) => number !== 7);
    return Buffer.concat([
      ...rest.map((part) => Buffer.from(part.source.read(part.start, part.end - part.start))),
      field(8, new BinaryWriter().tag(1, 2).string("own").tag(2, 0).int64(1n).finish()),
      field(14, new BinaryWriter().tag(1, 2).string("author").tag(2, 2).string("tests").finish()),
      graph,
      field(25, twice()),
      unknown("model"),
    ]);
  }
  /** own.Twice(X) = X + X */
  function twice(): Uint8Array {
    const add = new BinaryWriter()
      .tag(1, 2)
      .string("X")
      .tag(1, 2)
      .string("X")
      .tag(2, 2)
      .string("Y")
      .tag(4, 2)
      .string("Add");
    return new BinaryWriter()
      .tag(1, 2)
      .string("Twice")
      .tag(4, 2)
      .string("X")
      .tag(5, 2)
      .string("Y")
      .tag(7, 2)
      .bytes(add.finish())
      .tag(9, 2)
      .bytes(new BinaryWriter().tag(1, 2).string("").tag(2, 0).int64(17n).finish())
      .tag(10, 2)
      .string("own")
      .finish();
  }

  test("is kept byte for byte in both parts, and they still run", async () => {
    const graph = analyse(parsed(strange()));
    for (const [from, to, name, other] of [
      [0, 1, "a", "b"],
      [1, 2, "b", "a"],
    ] as const) {
      const types = new Map([["t0", { dtype: "float32", shape: [2] } as const]]);
      const { source } = extractSegment(graph, from, to, types);
      const bytes = Buffer.from(all(source));
      for (const text of ["model", "graph", name]) expect(bytes.includes(Buffer.from(unknown(text))), text).toBe(true);
      expect(bytes.includes(Buffer.from(unknown(other)))).toBe(false);
      expect(bytes.includes(Buffer.from(field(25, twice())))).toBe(true);
      const model = readModel(memorySource(bytes), "part");
      expect(model.metadata.get("author")).toBe("tests");
      expect(model.opsets.get("own")).toBe(1);
      await (await loadSession(source, { threads: 1, optimisation: "all" })).release();
    }
  });

  test("a node that gets a name keeps its unknown fields", () => {
    const plain = new BinaryWriter().tag(1, 2).string("x").tag(2, 2).string("y").tag(4, 2).string("Relu").finish();
    const { input, output } = chain("a");
    const bytes = modelBytes({ input: input!, output: output! });
    const model = parsed(bytes);
    const graphBytes = Buffer.concat([
      ...model.graphFields.map((part) => Buffer.from(part.source.read(part.start, part.end - part.start))),
      field(1, Buffer.concat([plain, unknown("node")])),
    ]);
    const rest = model.fields.filter(({ number }) => number !== 7);
    const full = Buffer.concat([
      ...rest.map((part) => Buffer.from(part.source.read(part.start, part.end - part.start))),
      field(7, graphBytes),
    ]);
    const { source } = extractSegment(analyse(parsed(full)), 0, 1, new Map());
    expect(Buffer.from(all(source)).includes(Buffer.from(unknown("node")))).toBe(true);
    expect(readModel(source, "part").nodes[0]!.proto.name).toBe("Relu#0");
  });

  test("each part describes its own tensors, and those at the seam once", () => {
    const valueInfo = [float("t0", 2), float("t1", 2)];
    const graph = analyse(parsed(modelBytes({ ...chain("a", "b", "c"), valueInfo })));
    const tail = readModel(extractSegment(graph, 1, 3, new Map()).source, "tail");
    expect(tail.inputs.map(({ name, shape }) => [name, shape])).toEqual([["t0", [2]]]);
    expect([...tail.valueInfos.keys()]).toEqual(["t1"]);
    const head = readModel(extractSegment(graph, 0, 1, new Map()).source, "head");
    expect(head.outputs.map(({ name, dtype }) => [name, dtype])).toEqual([["t0", "float32"]]);
    expect([...head.valueInfos.keys()]).toEqual([]);
  });

  test("weights that a part does not need are not in it", () => {
    const graph = analyse(
      parsed(
        modelBytes({
          ...chain(),
          initializer: [floats("w", [1, 2]), floats("v", [3, 4]), floats("unused", [5])],
          node: [node("Add", ["x", "w"], ["t"], "a"), node("Add", ["t", "v"], ["y"], "b")],
          output: chain("a").output!,
        }),
      ),
    );
    expect(extractSegment(graph, 0, 1, new Map()).initializers).toEqual(["w"]);
    expect(extractSegment(graph, 1, 2, new Map()).initializers).toEqual(["v"]);
  });
});
