import { formatSize } from "../units/index.ts";
import type { Environment } from "./environment.ts";
import type { Assignment } from "./request.ts";

/** Whether every tier's memory holds its segment. */
export function fits(environment: Environment, { tiers, boundaries }: Assignment): boolean {
  for (let segment = 0; segment < tiers.length; segment++) {
    const { tier, tables } = environment.places[tiers[segment]!]!;
    if (tier.memory_bytes === null) continue;
    if (tables!.segments.memoryBytes(boundaries[segment]!, boundaries[segment + 1]!) > tier.memory_bytes) return false;
  }
  return true;
}

/** Why an assignment does not fit, in words, or undefined where it does. */
export function misfit(environment: Environment, { tiers, boundaries }: Assignment): string | undefined {
  const reasons = tiers.flatMap((index, segment) => {
    const { tier, tables } = environment.places[index]!;
    const needed = tables!.segments.memoryBytes(boundaries[segment]!, boundaries[segment + 1]!);
    if (tier.memory_bytes === null || needed <= tier.memory_bytes) return [];
    return [`${tier.name} has ${formatSize(tier.memory_bytes)} of memory, its segment needs ${formatSize(needed)}`];
  });
  return reasons.length === 0 ? undefined : reasons.join("; ");
}
