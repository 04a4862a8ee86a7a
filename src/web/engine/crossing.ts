import { type Crossover, crossover } from "../../costmodel/index.ts";
import type { Scene } from "../scene.ts";
import { costModel } from "./models.ts";
import { variantOf } from "./outlook.ts";

const DECADES = 2;
const PER_DECADE = 8;

/**
 * Each placement's best over the bandwidth of the scene's link, from a hundredth to a hundred times what the topology
 * itself says, so that the axis stands still while the bandwidth is dragged.
 *
 * @returns null where there is no link
 */
export function crossingOf(scene: Scene, operator: string): Crossover | null {
  const { sweep, base, topology, codec } = scene;
  if (sweep === null) return null;
  const middle = base.links.find(({ from, to }) => `${from}>${to}` === sweep)!.bandwidth_bps;
  const steps = DECADES * PER_DECADE;
  const bandwidths = Array.from({ length: 2 * steps + 1 }, (_, i) => middle * 10 ** ((i - steps) / PER_DECADE));
  return crossover(costModel(variantOf(scene, operator)), topology, sweep, bandwidths, { codecs: [codec] });
}
