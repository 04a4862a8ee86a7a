import type { Pipeline } from "../formats/pipeline.ts";
import type { Topology } from "../formats/topology.ts";
import { compile } from "./compile.ts";
import { environmentOf } from "./environment.ts";
import { boundariesOf, modelOf, type ProfileSource, requireCodec, requireThreads } from "./model.ts";
import { parsePlacement } from "./placement.ts";

/** One way to answer requests. */
export interface PipelineChoice {
  readonly placement: string;
  /** Id of the cut, several joined by ">" between more than two tiers, or null where one tier runs the whole model. */
  readonly cut: string | null;
  /** @default the topology's codec */
  readonly codec?: string | undefined;
}

/**
 * Compiles one choice to its pipeline, whose stages take the times that `predict` reports.
 *
 * @throws Problem when a name is unknown, or a tier's thread count was not profiled
 */
export function compilePipeline(profiles: ProfileSource, topology: Topology, choice: PipelineChoice): Pipeline {
  const model = modelOf(profiles);
  const codec = requireCodec(model, choice.codec ?? topology.codec);
  const tiers = parsePlacement(topology, choice.placement);
  for (const tier of tiers) requireThreads(model, topology.tiers[tier]!);
  const boundaries = boundariesOf(model, choice.cut, tiers.length);
  return compile(model, environmentOf(model, topology), { tiers, boundaries, codec });
}
