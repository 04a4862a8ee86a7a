import path from "node:path";
import { loadModel } from "../costmodel/index.ts";
import { type Plan, planSchema } from "../formats/plan.ts";
import { Problem } from "../formats/problem.ts";
import { parseScenario } from "../formats/scenario.ts";
import type { PlanQuestion, VariantModel } from "../planner/index.ts";
import { readText } from "../store/index.ts";
import { readProfile } from "./profiles.ts";
import { findScenario, readClassModels, topologyOf } from "./scenarios.ts";
import { readTopology } from "./topologies.ts";

/**
 * Reads a scenario, or a shipped one by its name, and all that a plan for it needs. A scenario without a `plan` is asked for
 * the least latency.
 *
 * @throws Problem naming file and field
 */
export function readPlanQuestion(file: string, overrides: Partial<Plan> = {}): PlanQuestion {
  const found = findScenario(file);
  const scenario = parseScenario(readText(found), found);
  const beside = (name: string) => path.resolve(path.dirname(found), name);
  const written = scenario.variants ?? fromProfiles(scenario.profiles, found);
  const variants = written.map(({ operator, profiles, accuracy }): VariantModel => {
    const documents = profiles.map((profile) => readProfile(beside(profile)));
    return {
      operator: operator ?? documents[0]!.model.operator,
      accuracy,
      model: loadModel(documents),
      profiles: documents,
    };
  });
  return {
    scenario,
    plan: { ...(scenario.plan ?? planSchema.parse({})), ...overrides },
    topology: readTopology(topologyOf(found, scenario.topology)),
    variants,
    models: readClassModels(scenario, found, variants[0]!),
  };
}

function fromProfiles(profiles: readonly string[], file: string) {
  if (profiles.length === 0) throw new Problem(`${file}: no profiles: give the scenario \`variants\`, or \`profiles\``);
  return [{ operator: undefined, profiles, accuracy: undefined }];
}

/** What the planner is doing, for progress. */
export const PLAN_PHASES = {
  search: "searching",
  simulate: "simulating the finalists",
  explain: "looking for what would change it",
} as const;
