import type { CostModel } from "../costmodel/index.ts";
import type { KnownAccuracy, Plan } from "../formats/plan.ts";
import type { Profile } from "../formats/profile.ts";
import type { Scenario } from "../formats/scenario.ts";
import type { Topology } from "../formats/topology.ts";
import type { ScenarioModel } from "../simulator/index.ts";

/** A variant that a plan may choose. */
export interface VariantModel {
  /** Deployment operator that made it. */
  readonly operator: string;
  /** Undefined where nobody knows. */
  readonly accuracy: KnownAccuracy | undefined;
  readonly model: CostModel;
  /** What the model was loaded from: one per number of threads. */
  readonly profiles: readonly Profile[];
}

/** All that a plan depends on. */
export interface PlanQuestion {
  readonly scenario: Scenario;
  readonly plan: Plan;
  readonly topology: Topology;
  readonly variants: readonly VariantModel[];
  /** Of each class of the workload, in its order. */
  readonly models: readonly ScenarioModel[];
}
