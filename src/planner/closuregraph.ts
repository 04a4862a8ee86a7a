import { type AtomGraph, atomGraph, type CostModel, type MessageCosts, messageCosts } from "../costmodel/index.ts";
import type { CodecName, Profile } from "../formats/profile.ts";
import type { Dag } from "./dag.ts";
import { type Series, seriesOf } from "./series.ts";

/** What the search over all cuts needs of a profile; taken once per profile. */
export interface ClosureGraph {
  readonly profile: Profile;
  readonly atoms: AtomGraph;
  readonly dag: Dag;
  readonly series: Series;
  /** Numbers of the boundaries on both sides of which some kernel has nodes. */
  readonly through: readonly number[];
  /** What messages of nothing and of each flow's tensor alone come to: boundaries 1 and on. */
  messages(codec: CodecName): MessageCosts;
}

/** @returns undefined where the profile does not know its graph's edges */
export function closureGraph(profile: Profile, model: CostModel): ClosureGraph | undefined {
  const atoms = atomGraph(profile);
  if (!atoms) return undefined;
  const dag = { nodes: atoms.nodes, flows: atoms.flows };
  const tensors = [[], ...atoms.flows.map(({ tensor }) => [tensor])].map((own) => ({ tensors: own }));
  const known = new Map<CodecName, MessageCosts>();
  const messages = (codec: CodecName) => {
    const costs = known.get(codec) ?? messageCosts(profile, tensors, codec).get(codec)!;
    known.set(codec, costs);
    return costs;
  };
  return { profile, atoms, dag, series: seriesOf(dag), through: boundariesThrough(profile, model, atoms), messages };
}

function boundariesThrough({ cuts, nodes }: Profile, model: CostModel, { atomOf }: AtomGraph): number[] {
  const [first, last] = [new Map<number, number>(), new Map<number, number>()];
  for (const [node, atom] of atomOf.entries()) {
    if (!first.has(atom)) first.set(atom, node);
    last.set(atom, node);
  }
  // open[p]: kernels with nodes both before position p and from there on.
  const open = new Int32Array(nodes.length + 1);
  for (const [atom, node] of first) {
    for (let position = node + 1; position <= last.get(atom)!; position++) open[position]!++;
  }
  const positions = new Map(cuts.map(({ id, position }) => [id, position]));
  return model.cuts.flatMap((id, i) => (open[positions.get(id)!]! > 0 ? [i + 1] : []));
}
