import { type AtomGraph, atomGraph, type MessageCosts, messageCosts } from "../costmodel/index.ts";
import type { CodecName, Profile } from "../formats/profile.ts";
import type { Dag } from "./dag.ts";
import { type Series, seriesOf } from "./series.ts";

/** What the search over all cuts needs of a profile; taken once per profile. */
export interface ClosureGraph {
  readonly profile: Profile;
  readonly atoms: AtomGraph;
  readonly dag: Dag;
  readonly series: Series;
  /** What messages of nothing and of each flow's tensor alone come to: boundaries 1 and on. */
  messages(codec: CodecName): MessageCosts;
}

/** @returns undefined where the profile does not know its graph's edges */
export function closureGraph(profile: Profile): ClosureGraph | undefined {
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
  return { profile, atoms, dag, series: seriesOf(dag), messages };
}
