import { existsSync } from "node:fs";
import path from "node:path";
import type { Profile } from "../formats/profile.ts";
import { parseScenario } from "../formats/scenario.ts";
import { parseSweep } from "../formats/sweep.ts";
import { parseTopology } from "../formats/topology.ts";
import { parseYamlValue } from "../formats/yaml.ts";
import { readText } from "../store/index.ts";
import type { SweepDefinition } from "../sweeps/index.ts";
import { type Documents, modelSource, openWorld } from "../whatif/index.ts";
import { readProfile } from "./profiles.ts";
import { findScenario, topologyOf } from "./scenarios.ts";
import { findTopology, PACKAGE } from "./topologies.ts";
import { VERSION } from "./version.ts";

interface ReadDocuments {
  readonly scenario: unknown;
  readonly topology: unknown;
  readonly files: { readonly scenario: string; readonly topology: string };
  readonly profile: (name: string) => Profile;
  /** Names of the profiles of the scenario and its classes, and of its variants. */
  readonly named: { readonly used: readonly string[]; readonly variants: readonly string[] };
}

/** @throws Problem naming file and field, when a document is wrong as it stands */
function readDocuments(file: string): ReadDocuments {
  const found = findScenario(file);
  const text = readText(found);
  const { topology, profiles, workload, variants = [] } = parseScenario(text, found);
  const topologyFile = findTopology(topologyOf(found, topology));
  const topologyText = readText(topologyFile);
  parseTopology(topologyText, topologyFile);
  return {
    scenario: parseYamlValue(text, found),
    topology: parseYamlValue(topologyText, topologyFile),
    files: { scenario: found, topology: topologyFile },
    profile: (name) => readProfile(path.resolve(path.dirname(found), name)),
    named: {
      used: [...profiles, ...workload.flatMap((one) => one.profiles ?? [])],
      variants: variants.flatMap((variant) => variant.profiles),
    },
  };
}

/**
 * A scenario, or a shipped one by its name, as a world that can be changed.
 * @throws Problem naming file and field
 */
export function readWorld(file: string, className?: string): Documents {
  const { scenario, topology, files, profile } = readDocuments(file);
  return openWorld(scenario, topology, files, modelSource(profile), className);
}

/**
 * A sweep, or a shipped one by its name, with all that its rows depend on.
 * @throws Problem naming file and field
 */
export function readSweep(file: string): SweepDefinition {
  const shipped = path.join(PACKAGE, "sweeps", `${file}.yaml`);
  const found = !existsSync(file) && existsSync(shipped) ? shipped : file;
  const sweep = parseSweep(readText(found), found);
  const beside = path.resolve(path.dirname(found), sweep.scenario);
  const { scenario, topology, files, profile, named } = readDocuments(existsSync(beside) ? beside : sweep.scenario);
  const choosesOperator = "operator" in sweep.axes || "operator" in sweep.set;
  const names = choosesOperator || named.used.length === 0 ? [...named.used, ...named.variants] : named.used;
  return {
    version: VERSION,
    sweep,
    scenario,
    topology,
    files: { sweep: found, ...files },
    profiles: Object.fromEntries([...new Set(names)].map((name) => [name, profile(name)])),
  };
}
