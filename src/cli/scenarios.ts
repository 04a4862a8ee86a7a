import { existsSync } from "node:fs";
import path from "node:path";
import { loadModel } from "../costmodel/index.ts";
import { Problem } from "../formats/problem.ts";
import { parseScenario, type Scenario } from "../formats/scenario.ts";
import type { Topology } from "../formats/topology.ts";
import type { ScenarioModel } from "../simulator/index.ts";
import { readText } from "../store/index.ts";
import { readProfile } from "./profiling.ts";
import { PACKAGE, readTopology } from "./topologies.ts";

export interface LoadedScenario {
  readonly scenario: Scenario;
  readonly topology: Topology;
  /** Of each class, in the order of the workload. */
  readonly models: readonly ScenarioModel[];
}

/** The file of a scenario: as given, or a shipped one by its name. */
export function findScenario(file: string): string {
  const shipped = path.join(PACKAGE, "scenarios", `${file}.yaml`);
  return !existsSync(file) && existsSync(shipped) ? shipped : file;
}

/**
 * Reads a scenario, or a shipped one by its name, and the profiles and the topology that it names.
 *
 * @throws Problem naming file and field
 */
export function readScenario(file: string): LoadedScenario {
  const found = findScenario(file);
  const scenario = parseScenario(readText(found), found);
  if (scenario.workload.length === 0)
    throw new Problem(`${found}: workload: is missing; what is under \`measure\` is for \`tierwise measure\``);
  const beside = (name: string) => path.resolve(path.dirname(found), name);
  const models = readClassModels(scenario, found);
  const topology = existsSync(beside(scenario.topology)) ? beside(scenario.topology) : scenario.topology;
  return { scenario, topology: readTopology(topology), models };
}

/**
 * Reads the profiles of each class of a scenario's workload, in its order.
 *
 * @param file the scenario's, to which paths are relative
 * @param fallback of classes that name no profiles where the scenario names none either
 * @throws Problem naming file and field
 */
export function readClassModels(scenario: Scenario, file: string, fallback?: ScenarioModel): ScenarioModel[] {
  const read = new Map<string, ScenarioModel>();
  return scenario.workload.map(({ profiles = scenario.profiles }, i): ScenarioModel => {
    if (profiles.length === 0 && fallback) return fallback;
    if (profiles.length === 0) {
      throw new Problem(`${file}: workload[${i}]: no profiles, neither here nor in the scenario`);
    }
    const key = profiles.join("\n");
    const known = read.get(key);
    if (known) return known;
    const documents = profiles.map((profile) => readProfile(path.resolve(path.dirname(file), profile)));
    const model = { model: loadModel(documents), profiles: documents };
    read.set(key, model);
    return model;
  });
}
