import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { Problem } from "../../src/formats/problem.ts";
import { analyse, type Model, memorySource, readModel } from "../../src/onnx/index.ts";
import { openModel } from "../../src/store/index.ts";
import { TRAINED } from "../fixtures/models.ts";
import { chain, float, modelBytes, modelOf, node, parsed } from "../fixtures/protos.ts";

/** The message of the Problem that `action` throws; any other error fails. */
function problem(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof Problem) return error.message;
    throw error;
  }
  throw new Error("no Problem was thrown");
}

/** The model in these bytes, or the Problem they are; any other error fails. */
function modelOrProblem(bytes: Uint8Array): Model | Problem {
  try {
    const model = readModel(memorySource(bytes), "bad.onnx");
    analyse(model);
    return model;
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
}

describe("files that are no models", () => {
  const PNG = Buffer.from(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
    "base64",
  );

  for (const [what, bytes] of [
    ["an image", PNG],
    ["an empty file", new Uint8Array(0)],
    ["text", Buffer.from('{"nodes": []}\n')],
    ["zeros", new Uint8Array(100)],
    ["a message without a graph", Uint8Array.of(0x08, 0x08)],
  ] as const)
    test(what, () => {
      const message = problem(() => parsed(bytes, "holiday.png"));
      expect(message).toMatch(/^holiday\.png is not a readable ONNX model: .+\. Check that the file is complete/);
    });

  test("a folder, and a file that is not there", () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), "tierwise-test-"));
    try {
      expect(problem(() => openModel(folder))).toBe(`${folder} is not a file.`);
      expect(problem(() => openModel(path.join(folder, "none.onnx")))).toMatch(/none\.onnx: there is no such file/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test.prop([fc.uint8Array({ maxLength: 300 })], { numRuns: 1000 })("any bytes", (bytes) => {
    modelOrProblem(bytes);
  });
});

describe("damaged models", () => {
  test("a field that reaches beyond its message, though not beyond the file", () => {
    // A graph of two bytes, the header of a node of five bytes; an operator set follows.
    const bytes = Uint8Array.of(0x08, 8, 0x3a, 2, 0x0a, 5, 0x42, 4, 0x0a, 0, 0x10, 17);
    expect(problem(() => parsed(bytes))).toContain("field 1 at byte 4 ends behind its message");
  });

  const small = modelBytes(chain("a", "b", "c"));

  for (const { name, file } of TRAINED) {
    const whole = readFileSync(file);
    const graph = parsed(whole).fields.find(({ number }) => number === 7)!;
    test.prop([fc.nat(whole.length - 1)], { numRuns: 40 })(`${name}, cut off anywhere`, (length) => {
      const result = modelOrProblem(whole.subarray(0, length));
      // Only a cut between two fields behind the graph leaves a complete model.
      if (result instanceof Problem) expect(result.message).toContain("bad.onnx is not a readable ONNX model");
      else expect(length).toBeGreaterThanOrEqual(graph.end);
    });
  }

  test.prop([fc.nat(small.length - 1), fc.integer({ min: 1, max: 255 })], { numRuns: 2000 })(
    "a byte changed: a model or a Problem, nothing else",
    (index, flip) => {
      const bytes = Uint8Array.from(small);
      bytes[index]! ^= flip;
      modelOrProblem(bytes);
    },
  );
});

describe("graphs that make no sense: the message names the thing", () => {
  const ports = { input: [float("x", 2)], output: [float("y", 2)] };
  const message = (graph: Parameters<typeof modelOf>[0]) => problem(() => analyse(modelOf(graph)));

  test("a cycle", () => {
    const nodes = [node("Add", ["x", "c"], ["b"], "first"), node("Relu", ["b"], ["c"], "second")];
    expect(message({ ...ports, node: [...nodes, node("Relu", ["b"], ["y"], "out")] })).toMatch(
      /cycle through node '(first|second)'/,
    );
  });

  test("a node that needs itself", () => {
    expect(message({ ...ports, node: [node("Add", ["x", "y"], ["y"], "ouroboros")] })).toContain("'ouroboros'");
  });

  test("a cycle is found behind nodes that only depend on it", () => {
    const nodes = [
      node("Relu", ["b"], ["y"], "behind"),
      node("Add", ["x", "c"], ["b"], "first"),
      node("Relu", ["b"], ["c"], "second"),
    ];
    expect(message({ ...ports, node: nodes })).toMatch(/cycle through node '(first|second)'/);
  });

  test("a tensor made twice", () => {
    const twice = [node("Relu", ["x"], ["y"], "one"), node("Neg", ["x"], ["y"], "two")];
    expect(message({ ...ports, node: twice })).toMatch(/tensor 'y' is made twice.*'two'.*'one'/);
    expect(message({ ...ports, node: [node("Relu", ["x"], ["x"], "over")] })).toMatch(
      /tensor 'x' is made twice.*'over'.*graph input/,
    );
  });

  test("a tensor that nothing makes", () => {
    expect(message({ ...ports, node: [node("Add", ["x", "ghost"], ["y"], "lonely")] })).toMatch(
      /node 'lonely' \(Add\) needs tensor 'ghost'/,
    );
  });

  test("an output that nothing makes", () => {
    expect(message({ ...ports, node: [node("Relu", ["x"], ["t"], "a")] })).toContain("graph output 'y'");
  });
});
