import { readdirSync, readFileSync } from "node:fs";
import type { Profile } from "../../src/formats/profile.ts";
import { parseTopology } from "../../src/formats/topology.ts";
import { type Catalogue, withProfile } from "../../src/web/catalogue.ts";
import { type Scene, sceneOf } from "../../src/web/scene.ts";
import { readState } from "../../src/web/state.ts";

const ROOT = new URL("../../", import.meta.url);
const read = (file: string) => readFileSync(new URL(file, ROOT), "utf8");
/** Folders within are left out, as the page's build leaves them out. */
const filesIn = (folder: string) =>
  readdirSync(new URL(folder, ROOT))
    .filter((file) => /\.(json|yaml)$/.test(file))
    .sort()
    .map((file) => `${folder}/${file}`);

export const PROFILES: readonly Profile[] = [...filesIn("profiles"), ...filesIn("calibration/profiles")].map(
  (file) => JSON.parse(read(file)) as Profile,
);

/** What the built page carries. */
export const SHIPPED: Catalogue = PROFILES.reduce(withProfile, {
  variants: [],
  topologies: filesIn("topologies").map((file) => parseTopology(read(file), file)),
} as Catalogue);

/** The scene that the page shows at an address. */
export function sceneAt(fragment: string, catalogue = SHIPPED): Scene {
  const { state, faults } = readState(fragment);
  const { scene, faults: unknown } = sceneOf(catalogue, state);
  if (faults.length + unknown.length > 0) throw new Error([...faults, ...unknown].join("\n"));
  return scene;
}
