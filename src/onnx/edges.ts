import type { Graph } from "./graph.ts";

/** A tensor's way through the graph; steps are known by their position in the graph's order. */
export interface Edge {
  readonly tensor: string;
  /** Position of the step that makes it; null for an input of the model. */
  readonly producer: number | null;
  /** Positions of the steps that need it, ascending. */
  readonly consumers: number[];
}

/**
 * Every tensor that steps need or that leaves the model, inputs first, then in the order in which they are made. Constants
 * are left out, and outputs of steps that nobody takes.
 */
export function edgesOf(graph: Graph): Edge[] {
  const consumers = new Map<string, number[]>();
  graph.steps.forEach((step, position) => {
    for (const tensor of new Set(graph.needs(step))) {
      if (graph.isConstant(tensor)) continue;
      const known = consumers.get(tensor);
      if (known) known.push(position);
      else consumers.set(tensor, [position]);
    }
  });
  const outputs = new Set(graph.model.outputs.map(({ name }) => name));
  const taken = (tensor: string) => consumers.has(tensor) || outputs.has(tensor);
  const edge = (tensor: string, producer: number | null): Edge => ({
    tensor,
    producer,
    consumers: consumers.get(tensor) ?? [],
  });
  return [
    ...graph.inputs.filter(({ name }) => taken(name)).map(({ name }) => edge(name, null)),
    ...graph.steps.flatMap((step, position) =>
      step.outputs.filter((name) => name !== "" && taken(name)).map((name) => edge(name, position)),
    ),
  ];
}
