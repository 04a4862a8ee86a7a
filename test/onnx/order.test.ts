import { describe, expect, test } from "vitest";
import { analyse, cutsOf, extractSegment, readModel } from "../../src/onnx/index.ts";
import { chain, float, modelOf, node } from "../fixtures/protos.ts";

const ids = (...args: Parameters<typeof modelOf>) => analyse(modelOf(...args)).steps.map((step) => step.name);

describe("the order of steps", () => {
  test("nodes out of order in the file are put in order", () => {
    const graph = chain("a", "b", "c", "d");
    const [a, b, c, d] = graph.node;
    expect(ids({ ...graph, node: [d!, c!, b!, a!] })).toEqual(["a", "b", "c", "d"]);
    expect(ids({ ...graph, node: [c!, a!, d!, b!] })).toEqual(["a", "b", "c", "d"]);
  });

  test("where there is a choice, the file's order: what stood too early comes as soon as it can", () => {
    const early = node("Neg", ["t"], ["u"], "early");
    const nodes = [early, node("Relu", ["x"], ["t"], "t"), node("Abs", ["x"], ["v"], "v")];
    const end = node("Add", ["u", "v"], ["y"], "end");
    const ports = { input: [float("x", 2)], output: [float("y", 2)] };
    expect(ids({ ...ports, node: [...nodes, end] })).toEqual(["t", "early", "v", "end"]);
  });

  test("nodes that no output depends on are no steps", () => {
    const graph = chain("a", "b");
    const dead = [node("Relu", ["t0"], ["d0"], "dead"), node("Relu", ["d0"], ["d1"], "deader")];
    const model = modelOf({ ...graph, node: [graph.node[0]!, ...dead, graph.node[1]!] });
    expect(analyse(model).steps.map((step) => step.name)).toEqual(["a", "b"]);
    expect(cutsOf(analyse(model)).map((cut) => cut.tensors)).toEqual([["t0"]]);
  });
});

describe("names", () => {
  test("a node without a name, or with one taken, is called by operator and place", () => {
    expect(ids(chain("", "same", "same", ""))).toEqual(["Relu#0", "same", "Relu#2", "Relu#3"]);
  });

  test("no name is given twice, even where the file uses ones like these", () => {
    for (const names of [
      ["Relu#1", "", "Relu#1"],
      ["Relu#2", "Relu#1", ""],
      ["", "Relu#0", ""],
      ["Relu#1", "Relu#1", "Relu#1", "Relu#3", ""],
    ]) {
      const found = ids(chain(...names));
      expect(new Set(found).size, found.join()).toBe(found.length);
    }
  });

  test("a part's nodes bear the names that its cuts go by", () => {
    const graph = analyse(modelOf(chain("", "same", "same", "")));
    const part = extractSegment(graph, 1, 4, new Map());
    expect(readModel(part.source, "part").nodes.map(({ proto }) => proto.name)).toEqual(["same", "Relu#2", "Relu#3"]);
  });
});

describe("tensors across cuts", () => {
  const skip = modelOf({
    input: [float("x", 2)],
    output: [float("y", 2)],
    node: [
      node("Relu", ["x"], ["a"], "a"),
      node("Neg", ["a"], ["b"], "b"),
      node("Abs", ["b"], ["c"], "c"),
      node("Add", ["a", "c"], ["d"], "d"),
      node("Add", ["d", "x"], ["y"], "e"),
    ],
  });

  test("a skip connection crosses every cut that it spans, an input all up to its last use", () => {
    expect(cutsOf(analyse(skip)).map(({ id, tensors }) => [id, ...[...tensors].sort()])).toEqual([
      ["a", "a", "x"],
      ["b", "a", "b", "x"],
      ["c", "a", "c", "x"],
      ["d", "d", "x"],
    ]);
  });

  test("a tensor used twice by one step crosses once", () => {
    const graph = chain("a", "b");
    const model = modelOf({ ...graph, node: [graph.node[0]!, node("Add", ["t0", "t0"], ["y"], "b")] });
    expect(cutsOf(analyse(model)).map((cut) => cut.tensors)).toEqual([["t0"]]);
  });

  test("an output that only leaves the model does not cross", () => {
    const model = modelOf({
      input: [float("x", 2)],
      output: [float("early", 2), float("y", 2)],
      node: [node("Relu", ["x"], ["early"], "a"), node("Neg", ["x"], ["t"], "b"), node("Abs", ["t"], ["y"], "c")],
    });
    expect(cutsOf(analyse(model)).map((cut) => cut.tensors)).toEqual([["x"], ["t"]]);
  });

  test("a model that falls apart has no cut there", () => {
    const model = modelOf({
      input: [float("p", 2), float("q", 2)],
      output: [float("y", 2), float("z", 2)],
      node: [node("Relu", ["p"], ["y"], "a"), node("Relu", ["q"], ["z"], "b")],
    });
    // The second half still needs its own input.
    expect(cutsOf(analyse(model)).map((cut) => cut.tensors)).toEqual([["q"]]);
    const joined = modelOf({
      input: [float("p", 2)],
      output: [float("y", 2), float("z", 2)],
      node: [node("Relu", ["p"], ["y"], "a"), node("RandomNormal", [], ["z"], "b")],
    });
    expect(cutsOf(analyse(joined))).toEqual([]);
  });
});
