import { Problem } from "../formats/problem.ts";
import type { Topology } from "../formats/topology.ts";
import { tierIndex } from "./environment.ts";

/** Every tier by itself, then every pair a>b in the topology's order. */
export function defaultPlacements({ tiers }: Topology): string[] {
  const names = tiers.map(({ name }) => name);
  return [...names, ...names.flatMap((a, i) => names.slice(i + 1).map((b) => `${a}>${b}`))];
}

/**
 * Tiers of a placement written "edge", "mobile>edge" or "mobile>edge>cloud".
 *
 * @returns indices into the topology's tiers
 * @throws Problem when a tier is unknown, or the tiers do not follow the topology's order
 */
export function parsePlacement(topology: Topology, placement: string): number[] {
  const tiers = placement.split(">").map((name) => tierIndex(topology, name.trim()));
  if (tiers.some((tier, i) => i > 0 && tier <= tiers[i - 1]!)) {
    const order = topology.tiers.map(({ name }) => name).join(", ");
    throw new Problem(`placement "${placement}" is not in the topology's order: ${order}`);
  }
  return tiers;
}

/** The placement on these tiers, as {@link parsePlacement} reads it. */
export function placementName({ tiers }: Topology, indices: readonly number[]): string {
  return indices.map((tier) => tiers[tier]!.name).join(">");
}
