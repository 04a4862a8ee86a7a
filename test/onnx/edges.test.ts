import { test } from "@fast-check/vitest";
import { expect } from "vitest";
import { analyse, cutsOf, edgesOf } from "../../src/onnx/index.ts";
import { dags } from "../fixtures/dags.ts";
import { FIXTURES, open } from "../fixtures/models.ts";

/** What crosses after `position` steps, by the edges alone. */
function crossing(edges: ReturnType<typeof edgesOf>, position: number, kept: ReadonlySet<string>): string[] {
  return edges
    .filter(
      ({ tensor, producer, consumers }) =>
        (producer ?? -1) < position && (consumers.some((step) => step >= position) || kept.has(tensor)),
    )
    .map(({ tensor }) => tensor);
}

test.prop([dags()])("edges say what crosses every cut", (model) => {
  const graph = analyse(model);
  const edges = edgesOf(graph);
  const inputs = new Set(graph.inputs.map(({ name }) => name));
  const kept = new Set(model.outputs.map(({ name }) => name).filter((name) => inputs.has(name)));
  for (const { position, tensors } of cutsOf(graph)) {
    expect(new Set(crossing(edges, position, kept))).toEqual(new Set(tensors));
  }
});

test.prop([dags()])("edges lead forward, and name each tensor once", (model) => {
  const edges = edgesOf(analyse(model));
  for (const { producer, consumers } of edges) {
    for (const consumer of consumers) expect(consumer).toBeGreaterThan(producer ?? -1);
    expect(consumers).toEqual(consumers.toSorted((a, b) => a - b));
  }
  expect(new Set(edges.map(({ tensor }) => tensor)).size).toBe(edges.length);
});

test.each(FIXTURES)("every step of $name reads or makes something", (fixture) => {
  const graph = analyse(open(fixture));
  const touched = new Set(edgesOf(graph).flatMap(({ producer, consumers }) => [producer ?? -1, ...consumers]));
  for (let step = 0; step < graph.steps.length; step++) expect(touched.has(step)).toBe(true);
});
