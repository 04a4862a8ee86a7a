import type { Pricing } from "../costmodel/index.ts";
import type { Candidate } from "./candidates.ts";
import type { ClosureGraph } from "./closuregraph.ts";
import type { Found } from "./cuts.ts";
import type { PartitionCosts } from "./dag.ts";
import { type Ground, linksOf, type Measure, pricingOf } from "./measures.ts";
import { addsUp } from "./pricing.ts";

/** What a second of work on each segment's tier and a byte over each seam cost, in the measure's unit. */
export interface Slopes {
  /** By segment: a second of one thread, and of inference on all threads, of the tier's device. */
  readonly single: readonly number[];
  readonly infer: readonly number[];
  /** By seam. */
  readonly byte: readonly number[];
}

/** Proportional costs: those at the best cuts along the order, of the next second and byte, and without bursts. */
export function slopesAround({ candidate, boundaries }: Found, measure: Measure): Slopes[] {
  const { ground } = candidate;
  const pricing = pricingOf(measure, ground);
  const { environment, tiers, codec } = ground;
  const at = (share: number): Slopes => ({
    single: tiers.map((_, k) => workSlope(pricing, ground, k, boundaries, 1, share)),
    infer: tiers.map((tier, k) =>
      workSlope(pricing, ground, k, boundaries, environment.places[tier]!.tier.threads, share),
    ),
    byte: tiers.slice(1).map((tier, k) => {
      const { bytes } = environment.places[tiers[k]!]!.coding.messages.get(codec)!;
      return byteSlope(pricing, ground, tiers[k]!, tier, bytes[boundaries[k + 1]!]!, share);
    }),
  });
  const links = linksOf(environment, tiers).map(({ link }) => link);
  const proportional = ground.rate === undefined && addsUp(candidate.topology, tiers, links);
  return proportional ? [at(1)] : [at(1), at(0.05)];
}

/** Cost of a second of work: over the last `share` of the work that the segment has at the best cuts along the order. */
function workSlope(
  pricing: Pricing,
  { environment, tiers }: Ground,
  k: number,
  boundaries: readonly number[],
  threads: number,
  share: number,
): number {
  const place = environment.places[tiers[k]!]!;
  const wall_s = place.tables!.segments.inferSeconds(boundaries[k]!, boundaries[k + 1]!, 0) / place.tier.speed;
  if (wall_s <= 0) return 0;
  const rest = wall_s * (1 - share);
  const slope =
    (pricing.work(place, wall_s * threads, wall_s) - pricing.work(place, rest * threads, rest)) / (wall_s - rest);
  return Number.isFinite(slope) ? Math.max(0, slope) : 0;
}

function byteSlope(
  pricing: Pricing,
  { environment }: Ground,
  from: number,
  to: number,
  bytes: number,
  share: number,
): number {
  const size = Math.max(1, bytes);
  const rest = size * (1 - share);
  return environment.ways[from]![to]!.reduce((sum, { link, to: next }) => {
    const place = environment.places[next]!;
    const relay_s = next === to ? 0 : place.coding.relay_s_per_byte / place.tier.speed;
    const slope = (pricing.transfer(size, link) - pricing.transfer(rest, link)) / (size - rest);
    return (
      sum +
      (Number.isFinite(slope) ? Math.max(0, slope) : 0) +
      (relay_s > 0 ? pricing.work(place, relay_s, relay_s) : 0)
    );
  }, 0);
}

/** Costs of atoms and flows in proportion to their work and bytes. */
export function linearCosts(
  { ground, forbidden }: Candidate,
  graphs: readonly ClosureGraph[],
  slopes: Slopes,
): PartitionCosts {
  const { environment, tiers, codec } = ground;
  const node = graphs.map(({ atoms, profile }, k) => {
    const { speed } = environment.places[tiers[k]!]!.tier;
    const { request_per_kernel_s } = profile.run;
    const { per_kernel_s, per_weight_byte_s } = profile.session;
    return atoms.seconds[0]!.map((seconds, atom) => {
      const kernels = atoms.kernels[atom]!;
      const load_s = environment.cold ? per_kernel_s * kernels + per_weight_byte_s * atoms.weightBytes[atom]! : 0;
      return ((seconds + request_per_kernel_s * kernels) * slopes.infer[k]! + load_s * slopes.single[k]!) / speed;
    });
  });
  const { profile, dag, atoms } = graphs[0]!;
  const inputs = new Set(profile.model.inputs);
  // A message of one tensor less one of none: headers, separators and all that grows with it. Boundary 0 is the model's inputs.
  const messages = graphs[0]!.messages(codec);
  const one = (values: Float64Array, t: number) => Math.max(0, values[t + 2]! - values[1]!);
  const dear = forbidden.size > 0 ? 1e9 : 0;
  const flow = slopes.byte.map((byte, k): Float64Array => {
    const [sender, receiver] = [
      environment.places[tiers[k]!]!.tier.speed,
      environment.places[tiers[k + 1]!]!.tier.speed,
    ];
    return Float64Array.from(dag.flows, (_, t) => {
      const { tensor } = atoms.flows[t]!;
      const given = inputs.has(tensor);
      const copy_s = given ? 0 : profile.run.request_per_byte_s * profile.tensors[tensor]!.bytes;
      return (
        one(messages.bytes, t) * byte +
        (one(messages.encode_s, t) * slopes.single[k]! + copy_s * slopes.infer[k]!) / sender +
        (one(messages.decode_s, t) * slopes.single[k + 1]!) / receiver +
        (given ? dear : 0)
      );
    });
  });
  return { node, flow };
}
