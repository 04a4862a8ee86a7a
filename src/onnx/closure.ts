import { unknownName } from "../formats/names.ts";
import { Problem } from "../formats/problem.ts";
import { type Cut, cutsOf, findCut } from "./cuts.ts";
import type { Graph } from "./graph.ts";

/** Begins the id of a cut whose head is only the named nodes and what these need, whatever stands between in the graph's order. */
const ONLY = "only ";
const AND = " & ";

/**
 * The cut with this id, and the graph in an order in which its head comes first: the graph itself for cuts along its own order, one
 * whose steps stand otherwise for ids such as `only a & b`.
 *
 * @throws Problem when there is no such cut
 */
export function cutAt(graph: Graph, id: string): { readonly graph: Graph; readonly cut: Cut } {
  const cuts = cutsOf(graph);
  if (!id.startsWith(ONLY) || cuts.some((cut) => cut.id === id)) return { graph, cut: findCut(cuts, id) };
  const steps = new Map(graph.steps.map((step) => [step.name, step]));
  const wanted = id.slice(ONLY.length).split(AND);
  const head = new Set(
    wanted.map((name) => {
      const step = steps.get(name);
      if (!step) throw unknownName("node", name, [...steps.keys()]);
      return step;
    }),
  );
  // A set yields what is added while it is iterated over.
  for (const step of head) {
    for (const tensor of graph.needs(step)) {
      const maker = graph.producers.get(tensor);
      if (maker && !graph.isConstant(tensor)) head.add(maker);
    }
  }
  const ordered = {
    ...graph,
    steps: [...graph.steps.filter((step) => head.has(step)), ...graph.steps.filter((step) => !head.has(step))],
  };
  const cut = cutsOf(ordered).find(({ position }) => position === head.size);
  if (!cut)
    throw new Problem(
      `"${id}" is no cut: ${wanted.join(" and ")} and what they need are the whole model, or nothing of them is needed`,
    );
  return { graph: ordered, cut: { ...cut, id } };
}
