import { Problem } from "../formats/problem.ts";
import type { Graph } from "./graph.ts";

/** A cut after the first `position` steps of the graph: they are the head, the rest is the tail. */
export interface Cut {
  /** Name of the head's last node. */
  readonly id: string;
  /** Number of steps in the head, from 1 to steps − 1. */
  readonly position: number;
  /** Exactly the tensors that the tail needs and does not make: made by the head, or graph inputs. */
  readonly tensors: readonly string[];
}

/**
 * Every cut along the topological order, from the earliest to the latest, one sweep over the graph. Cuts that nothing
 * crosses (the model falls apart there) are left out. Constants never cross: each segment has its own copy.
 */
export function cutsOf(graph: Graph): Cut[] {
  const lastUse = new Map<string, number>();
  graph.steps.forEach((step, index) => {
    for (const tensor of graph.needs(step)) if (!graph.isConstant(tensor)) lastUse.set(tensor, index);
  });
  const inputs = new Set(graph.inputs.map((input) => input.name));
  // An input that is an output as well leaves the model with the tail.
  for (const { name } of graph.model.outputs) if (inputs.has(name)) lastUse.set(name, graph.steps.length);
  const alive = new Set([...inputs].filter((name) => lastUse.has(name)));
  const cuts: Cut[] = [];
  graph.steps.forEach((step, index) => {
    for (const output of step.outputs) if (lastUse.has(output)) alive.add(output);
    for (const tensor of graph.needs(step)) if (lastUse.get(tensor) === index) alive.delete(tensor);
    if (index + 1 < graph.steps.length && alive.size > 0)
      cuts.push({ id: step.name, position: index + 1, tensors: [...alive] });
  });
  return cuts;
}

/**
 * The cut with this id.
 * @throws Problem that names the nearest ids.
 */
export function findCut(cuts: readonly Cut[], id: string): Cut {
  const cut = cuts.find((candidate) => candidate.id === id);
  if (cut) return cut;
  const near = cuts.filter((candidate) => candidate.id.toLowerCase().includes(id.toLowerCase())).slice(0, 5);
  throw new Problem(
    `there is no cut '${id}'. ${near.length ? `Did you mean ${near.map(({ id }) => `'${id}'`).join(", ")}?` : `\`tierwise inspect\` lists all ${cuts.length}.`}`,
  );
}
