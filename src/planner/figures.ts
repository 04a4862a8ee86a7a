import { chainCost } from "../costmodel/index.ts";
import { costsOf, type Ground, type Measure, unknownFigure } from "./measures.ts";
import { busiest, occupanciesOf } from "./occupancy.ts";

/** Figures of one request under a choice; null where a price or a power is not known. */
export interface Figures {
  /** Seconds, alone. */
  readonly latency_s: number;
  readonly energy_j: number | null;
  readonly price: number | null;
  readonly bytes: number;
  /** Requests a second that all that they occupy sustains; null where nothing limits them. */
  readonly throughput: number | null;
  /** What would sustain no more: `link:mobile>edge`. */
  readonly limited_by: string | null;
}

/** @param boundaries one more than there are tiers */
export function figuresOf(ground: Ground, boundaries: readonly number[]): Figures {
  const { environment, tiers } = ground;
  const of = (measure: Measure, rate = ground.rate) => chainCost(costsOf(measure, { ...ground, rate }), boundaries);
  const occupied = busiest(occupanciesOf(ground), boundaries);
  return {
    latency_s: chainCost(costsOf("latency", { ...ground, rate: undefined }), boundaries),
    energy_j: unknownFigure("energy", environment, tiers) === undefined ? of("energy") : null,
    price: unknownFigure("price", environment, tiers) === undefined ? of("price") : null,
    bytes: of("bytes"),
    throughput: occupied ? 1 / occupied.seconds : null,
    limited_by: occupied?.name ?? null,
  };
}
