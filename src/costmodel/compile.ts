import type { Pipeline } from "../formats/pipeline.ts";
import type { Stage } from "../formats/prediction.ts";
import type { Environment } from "./environment.ts";
import { type CostModel, cutId } from "./model.ts";
import { type Assignment, RequestWalk, type StageSink } from "./request.ts";
import { MEDIAN } from "./segments.ts";

class StageList implements StageSink {
  readonly stages: Stage[] = [];
  stage(stage: Stage["stage"], resource: string, seconds: number, direction: Stage["direction"], bytes?: number): void {
    this.stages.push({ stage, resource, seconds, ...(bytes === undefined ? {} : { bytes }), direction });
  }
}

/** Writes a request's stages down. */
export function compile(model: CostModel, environment: Environment, assignment: Assignment): Pipeline {
  const list = new StageList();
  new RequestWalk(environment).run(assignment, MEDIAN, list);
  return {
    placement: assignment.tiers.map((tier) => environment.places[tier]!.tier.name).join(">"),
    cut: cutId(model, assignment.boundaries),
    codec: assignment.codec,
    stages: list.stages,
  };
}
