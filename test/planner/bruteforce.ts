import {
  atomGraph,
  chainCost,
  environmentOf,
  loadModel,
  PlacementCosts,
  parsePlacement,
  partitionModel,
  predict,
} from "../../src/costmodel/index.ts";
import { planSchema } from "../../src/formats/plan.ts";
import type { Profile } from "../../src/formats/profile.ts";
import { parseScenario } from "../../src/formats/scenario.ts";
import type { Topology } from "../../src/formats/topology.ts";
import type { PlanQuestion } from "../../src/planner/index.ts";

/** Asks for a plan of one profile. */
export function questionOf(profile: Profile, topology: Topology, plan = {}): PlanQuestion {
  return {
    scenario: parseScenario(JSON.stringify({ topology: "none", plan: {} }), "test.yaml"),
    plan: planSchema.parse(plan),
    topology,
    variants: [{ operator: "identity", accuracy: undefined, model: loadModel(profile), profiles: [profile] }],
    models: [],
  };
}

/** Every lawful labelling of a profile's nodes with so many segments, none empty, no kernel cut through. */
function* partitions(profile: Profile, segments: number): Generator<number[]> {
  const { atomOf, nodes, flows } = atomGraph(profile)!;
  for (let code = 0; code < segments ** nodes; code++) {
    const atoms = Array.from({ length: nodes }, (_, atom) => Math.floor(code / segments ** atom) % segments);
    const lawful = flows.every(
      ({ producer, consumers }) => producer === null || consumers.every((atom) => atoms[atom]! >= atoms[producer]!),
    );
    if (lawful && new Set(atoms).size === segments) yield Array.from(atomOf, (atom) => atoms[atom]!);
  }
}

const followsOrder = (labels: readonly number[]) => labels.every((label, i) => i === 0 || label >= labels[i - 1]!);

/** The least latency of a placement by trying every partition, by the rule that closures.ts states. */
export function bruteForce(profile: Profile, topology: Topology, placement: string): number {
  const model = loadModel(profile);
  const tiers = parsePlacement(topology, placement);
  const codec = topology.codec;
  const along = predict(model, topology, { placements: [placement], cuts: tiers.length > 1 ? "all" : "best" });
  const exact = along.map(({ latency_s }) => latency_s).reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  if (tiers.length === 1) return exact;
  const summed = (labels: readonly number[]) => {
    const of = partitionModel(model, [profile], { labels, segments: tiers.length })!;
    const costs = new PlacementCosts(environmentOf(of, topology), tiers, codec, tiers.length);
    return chainCost(
      costs,
      Array.from({ length: tiers.length + 1 }, (_, i) => i),
    );
  };
  let ordered = Number.POSITIVE_INFINITY;
  let free = Number.POSITIVE_INFINITY;
  for (const labels of partitions(profile, tiers.length)) {
    const cost = summed(labels);
    if (followsOrder(labels)) ordered = Math.min(ordered, cost);
    else free = Math.min(free, cost);
  }
  if (free >= ordered * (1 - 1e-9)) return exact;
  // What boundary kernels take is seen at the best cuts along the order that go through no kernel.
  const { atomOf } = atomGraph(profile)!;
  const references = along.flatMap(({ cut, latency_s }) => {
    const positions = positionsOf(profile, cut!);
    const labels = profile.nodes.map((_, node) => positions.filter((position) => position <= node).length);
    const whole = labels.every((label, node) => label === labels[atomOf.indexOf(atomOf[node]!)]);
    return whole ? [{ labels, latency_s }] : [];
  });
  const [reference] = references.sort((x, y) => x.latency_s - y.latency_s);
  return Math.min(exact, free + (reference ? reference.latency_s - summed(reference.labels) : 0));
}

function positionsOf({ cuts }: Profile, id: string): number[] {
  return id.split(">").map((one) => cuts.find((cut) => cut.id === one)!.position);
}
