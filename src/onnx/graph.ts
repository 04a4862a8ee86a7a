import { Problem } from "../formats/problem.ts";
import type { Model, Node, ValueInfo } from "./model.ts";

/** Operators whose outputs differ between runs on the same inputs: never constant. */
const RANDOM = /^(Random(Normal|Uniform)(Like)?|Bernoulli|Multinomial)$/;

/** Who makes and who uses each tensor of a model, and what is constant in it. */
export interface Graph {
  readonly model: Model;
  /** Inputs that a request must bring: graph inputs that no initializer gives a value. */
  readonly inputs: readonly ValueInfo[];
  /**
   * Nodes that run for each request, in topological order, the file's order where it leaves a choice. Nodes that no
   * graph output depends on are not among them: no runtime executes them.
   */
  readonly steps: readonly Node[];
  /** Nodes whose outputs depend on constants alone, in topological order: each segment carries its own copy. */
  readonly constantNodes: readonly Node[];
  /** The node that makes each tensor. */
  readonly producers: ReadonlyMap<string, Node>;
  /** Whether a tensor is the same for every request: an initializer, or made from constants only. */
  isConstant(tensor: string): boolean;
  /** Tensors that a node needs, captured ones included, omitted optional inputs left out, each once. */
  needs(node: Node): readonly string[];
}

/**
 * Resolves names and orders the nodes.
 * @throws Problem naming the node when a tensor is made twice or nowhere, or when the graph has a cycle.
 */
export function analyse(model: Model): Graph {
  const producers = new Map<string, Node>();
  const given = new Set<string>([...model.inputs.map((input) => input.name), ...model.initializers.keys()]);
  for (const node of model.nodes) {
    for (const output of node.outputs) {
      if (output === "") continue;
      const other = producers.get(output);
      if (other || given.has(output))
        throw new Problem(
          `tensor '${output}' is made twice, by node '${node.name}' and by ${other ? `node '${other.name}'` : "a graph input or initializer"}.`,
        );
      producers.set(output, node);
    }
  }
  const needsByNode = new Map<Node, readonly string[]>(
    model.nodes.map((node) => [node, [...new Set([...node.inputs, ...node.captured])].filter((name) => name !== "")]),
  );
  const needs = (node: Node) => needsByNode.get(node)!;
  for (const node of model.nodes)
    for (const tensor of needs(node))
      if (!given.has(tensor) && !producers.has(tensor))
        throw new Problem(`node '${node.name}' (${node.op}) needs tensor '${tensor}', which nothing makes.`);
  for (const output of model.outputs)
    if (!given.has(output.name) && !producers.has(output.name))
      throw new Problem(`nothing makes the graph output '${output.name}'.`);

  const useful = new Set<Node>();
  const toVisit = model.outputs.flatMap((output) => producers.get(output.name) ?? []);
  for (let node = toVisit.pop(); node; node = toVisit.pop()) {
    if (useful.has(node)) continue;
    useful.add(node);
    for (const tensor of needs(node)) {
      const maker = producers.get(tensor);
      if (maker) toVisit.push(maker);
    }
  }
  const ordered = topologicalOrder(model.nodes, needs, producers).filter((node) => useful.has(node));
  const constants = new Set(model.initializers.keys());
  const constantNodes: Node[] = [];
  const steps: Node[] = [];
  for (const node of ordered) {
    if (needs(node).every((tensor) => constants.has(tensor)) && !RANDOM.test(node.op)) {
      constantNodes.push(node);
      for (const output of node.outputs) constants.add(output);
    } else steps.push(node);
  }
  return {
    model,
    inputs: model.inputs.filter((input) => !model.initializers.has(input.name)),
    steps,
    constantNodes,
    producers,
    isConstant: (tensor) => constants.has(tensor),
    needs,
  };
}

/** Kahn's algorithm (1962) with the file's order as tie-break, so that a file in order keeps its order. */
function topologicalOrder(
  nodes: readonly Node[],
  needs: (node: Node) => readonly string[],
  producers: ReadonlyMap<string, Node>,
): Node[] {
  const waitingFor = new Map<Node, number>();
  const users = new Map<Node, Node[]>();
  for (const node of nodes) {
    const makers = new Set(needs(node).flatMap((tensor) => producers.get(tensor) ?? []));
    waitingFor.set(node, makers.size);
    for (const maker of makers) {
      const list = users.get(maker);
      if (list) list.push(node);
      else users.set(maker, [node]);
    }
  }
  const ordered: Node[] = [];
  const done = new Set<Node>();
  const finish = (first: Node) => {
    const stack = [first];
    for (let node = stack.pop(); node; node = stack.pop()) {
      done.add(node);
      ordered.push(node);
      for (const user of users.get(node) ?? []) {
        const left = waitingFor.get(user)! - 1;
        waitingFor.set(user, left);
        // A user earlier in the file has been passed over already; it is due as soon as its last input is made.
        if (left === 0 && user.index < node.index) stack.push(user);
      }
    }
  };
  for (let round = nodes; round.length > 0; ) {
    const before = ordered.length;
    for (const node of round) if (!done.has(node) && waitingFor.get(node) === 0) finish(node);
    if (ordered.length === before) {
      const node = onCycle(
        round[0]!,
        (waiting) => needs(waiting).flatMap((tensor) => producers.get(tensor) ?? []),
        done,
      );
      throw new Problem(`the graph has a cycle through node '${node.name}' (${node.op}).`);
    }
    round = round.filter((node) => !done.has(node));
  }
  return ordered;
}

/** A node of a cycle: walking backwards over nodes that wait for one another must come past one of them twice. */
function onCycle(start: Node, makers: (node: Node) => readonly Node[], done: ReadonlySet<Node>): Node {
  const seen = new Set<Node>();
  let node = start;
  while (!seen.has(node)) {
    seen.add(node);
    node = makers(node).find((maker) => !done.has(maker)) ?? node;
  }
  return node;
}
