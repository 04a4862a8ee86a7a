import type { CodecName } from "../formats/profile.ts";
import { fits } from "./feasibility.ts";
import { RequestWalk } from "./request.ts";
import { MEDIAN } from "./segments.ts";
import { Sum } from "./sum.ts";
import type { World } from "./world.ts";

/** What a search found. */
export interface Found {
  readonly boundaries: readonly number[];
  readonly latency_s: number;
  readonly feasible: boolean;
}

/**
 * The fastest cut of one placement by trying every one: cuts that fit in memory before those that do not, then by
 * latency, then the earliest. Three tiers try every pair of cuts. Undefined where the model has too few cuts.
 */
export function fastest(world: World, tiers: readonly number[], codec: CodecName, cuts: number): Found | undefined {
  const walk = new RequestWalk(world);
  const sum = new Sum();
  const boundaries = [0, ...tiers.map(() => cuts + 1)];
  const assignment = { tiers, boundaries, codec };
  let best: Found | undefined;
  const tryBoundaries = () => {
    sum.seconds = 0;
    walk.run(assignment, MEDIAN, sum);
    // Fitting is looked at last: most cuts are slower than the best so far, whether they fit or not.
    if (best?.feasible && sum.seconds >= best.latency_s) return;
    const feasible = fits(world, assignment);
    if (best && (feasible === best.feasible ? sum.seconds >= best.latency_s : best.feasible)) return;
    best = { boundaries: [...boundaries], latency_s: sum.seconds, feasible };
  };
  const place = (index: number) => {
    if (index === tiers.length) return tryBoundaries();
    for (let cut = boundaries[index - 1]! + 1; cut <= cuts; cut++) {
      boundaries[index] = cut;
      place(index + 1);
    }
  };
  place(1);
  return best;
}
