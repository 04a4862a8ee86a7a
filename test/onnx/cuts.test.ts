import { test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { analyse, cutsOf, extractSegment, findCut, type Graph } from "../../src/onnx/index.ts";
import { dags } from "../fixtures/dags.ts";
import { FIXTURES, open } from "../fixtures/models.ts";
import { chain, modelOf } from "../fixtures/protos.ts";

/** What the tail needs and does not make, straight from the definition. */
function crossing(graph: Graph, position: number): Set<string> {
  const { model } = graph;
  const tail = graph.steps.slice(position);
  const made = new Set(tail.flatMap((step) => step.outputs));
  const inputs = model.inputs.map(({ name }) => name).filter((name) => !model.initializers.has(name));
  const passed = model.outputs.map(({ name }) => name).filter((name) => inputs.includes(name));
  const needed = [...tail.flatMap((step) => [...step.inputs, ...step.captured]), ...passed];
  const head = new Set([...inputs, ...graph.steps.slice(0, position).flatMap((step) => step.outputs)]);
  return new Set(needed.filter((name) => name !== "" && head.has(name) && !made.has(name)));
}

function expectExact(graph: Graph): void {
  const expected = new Map<number, Set<string>>();
  for (let position = 1; position < graph.steps.length; position++) {
    const tensors = crossing(graph, position);
    if (tensors.size > 0) expected.set(position, tensors);
  }
  const cuts = cutsOf(graph);
  expect(new Map(cuts.map((cut) => [cut.position, new Set(cut.tensors)]))).toEqual(expected);
  for (const cut of cuts) {
    expect(cut.id).toBe(graph.steps[cut.position - 1]!.name);
    expect(new Set(cut.tensors).size).toBe(cut.tensors.length);
  }
}

describe("tensors that cross a cut are exactly those that the tail needs and does not make", () => {
  for (const fixture of FIXTURES)
    test(fixture.name, () => {
      const graph = analyse(open(fixture));
      expectExact(graph);
      expect(cutsOf(graph).length).toBeGreaterThan(10);
    });

  test.prop([dags()], { numRuns: 300 })("random graphs", (model) => expectExact(analyse(model)));

  test.prop([dags()], { numRuns: 100 })("the tail's inputs are the tensors that cross", (model) => {
    const graph = analyse(model);
    for (const cut of cutsOf(graph)) {
      const tail = extractSegment(graph, cut.position, graph.steps.length, new Map());
      expect([...tail.inputs].sort()).toEqual([...cut.tensors].sort());
    }
  });
});

describe("a graph's steps", () => {
  test.prop([dags()], { numRuns: 200 })("stand behind what they need, and all of them are needed", (model) => {
    const graph = analyse(model);
    const known = new Set([...graph.inputs.map(({ name }) => name)]);
    for (const step of graph.steps) {
      for (const tensor of graph.needs(step)) expect(known.has(tensor) || graph.isConstant(tensor)).toBe(true);
      for (const output of step.outputs) known.add(output);
    }
    const used = new Set([...graph.steps.flatMap((step) => graph.needs(step)), ...model.outputs.map((o) => o.name)]);
    for (const step of graph.steps) expect(step.outputs.some((output) => used.has(output))).toBe(true);
  });

  test.prop([dags()], { numRuns: 100 })("keep the file's order where it is in order", (model) => {
    const order = analyse(model).steps.map((step) => step.index);
    expect(order).toEqual(order.toSorted((a, b) => a - b));
  });
});

describe("a cut by its name", () => {
  const cuts = cutsOf(analyse(modelOf(chain("encoder.Relu", "encoder.Relu_1", "decoder.Relu"))));

  test("is found", () => {
    expect(findCut(cuts, "encoder.Relu_1").position).toBe(2);
  });

  test("unknown: the nearest names are given", () => {
    expect(() => findCut(cuts, "RELU_1")).toThrow(/no cut 'RELU_1'.*Did you mean 'encoder.Relu_1'\?/);
    expect(() => findCut(cuts, "encoder")).toThrow(/'encoder.Relu', 'encoder.Relu_1'/);
  });

  test("the last node is no cut, and a name like no other leads to the list", () => {
    expect(() => findCut(cuts, "decoder.Relu")).toThrow(/no cut 'decoder.Relu'/);
    expect(() => findCut(cuts, "zebra")).toThrow(/no cut 'zebra'.*tierwise inspect.*all 2/);
  });
});
