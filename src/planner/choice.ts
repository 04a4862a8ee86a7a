import { type CostModel, compilePipeline, cutId, predict } from "../costmodel/index.ts";
import type { PlanChoice } from "../formats/planresult.ts";
import type { Candidate } from "./candidates.ts";
import { type Figures, figuresOf } from "./figures.ts";
import type { Loaded } from "./loaded.ts";

/** A candidate with its cuts, all figures known. */
export interface Chosen {
  readonly candidate: Candidate;
  /** The variant's own cost model, or that of a partition along another order. */
  readonly model: CostModel;
  readonly boundaries: readonly number[];
  /** The segment of each of the profile's nodes, where the cuts follow no prefix of its order. */
  readonly labels: Uint8Array | undefined;
  /** What the search minimised, in closed form. */
  readonly cost: number;
  readonly figures: Figures;
  /** Where the scenario has a workload and the choice was simulated. */
  readonly loaded: Loaded | undefined;
}

export function chosen(
  candidate: Candidate,
  boundaries: readonly number[],
  cost: number,
  other?: { readonly model: CostModel; readonly labels: Uint8Array },
): Chosen {
  let figures: Figures | undefined;
  return {
    candidate,
    model: other?.model ?? candidate.variant.model,
    labels: other?.labels,
    boundaries,
    cost,
    // Most choices of a search are never looked at.
    get figures() {
      figures ??= figuresOf(candidate.ground, boundaries);
      return figures;
    },
    loaded: undefined,
  };
}

export function cutOf({ model, boundaries }: Chosen): string | null {
  return cutId(model, boundaries);
}

/** A choice as files and people get it. */
export function describeChoice(one: Chosen): PlanChoice {
  const { candidate, model, figures, loaded, labels } = one;
  const { variant, setting, placement, topology, ground } = candidate;
  const cut = cutOf(one);
  const choice = { placement, cut, codec: ground.codec };
  const [prediction] = predict(model, topology, {
    placements: [placement],
    cuts: cut ?? "best",
    codecs: [ground.codec],
  });
  const { accuracy } = variant;
  return {
    operator: variant.operator,
    ...choice,
    along_profile_order: labels === undefined,
    ...(labels ? { head_nodes: headNodes(one) } : {}),
    ...(Object.keys(setting.threads).length > 0 ? { threads: setting.threads } : {}),
    ...(Object.keys(setting.replicas).length > 0 ? { replicas: setting.replicas } : {}),
    ...(Object.keys(setting.batch).length > 0 ? { batch: setting.batch } : {}),
    accuracy: accuracy?.value ?? null,
    latency_s: prediction!.latency_s,
    low_s: prediction!.low_s,
    high_s: prediction!.high_s,
    bytes: figures.bytes,
    energy_j: figures.energy_j,
    price_per_thousand: figures.price === null ? null : figures.price * 1000,
    throughput: figures.throughput,
    limited_by: figures.limited_by,
    ...(loaded ? { under_load: { ...loaded, overloaded: [...loaded.overloaded] } } : {}),
    stages: [...compilePipeline(model, topology, choice).stages],
  };
}

/** Names of the nodes before the first seam: the part of a model that a placement's first tier runs. */
function headNodes({ labels, candidate }: Chosen): string[] {
  const [profile] = candidate.variant.profiles;
  return profile!.nodes.flatMap(({ name }, node) => (labels![node] === 0 ? [name] : []));
}
