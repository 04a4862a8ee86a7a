import { predict } from "../../costmodel/index.ts";
import { paretoFront } from "../../planner/index.ts";
import type { Scene } from "../scene.ts";
import { costModel } from "./models.ts";
import type { Standing } from "./outlook.ts";

/** One way to answer requests, as the front sees it. */
export interface FrontPoint {
  readonly operator: string;
  readonly placement: string;
  readonly cut: string | null;
  readonly latency_s: number;
  /** Accuracy, to be had as high as possible, or bytes on the links, to be had as low as possible. */
  readonly other: number;
}

export interface Front {
  /** Accuracy where two variants' are known; else there is only what is sent to trade latency for. */
  readonly against: "accuracy" | "bytes";
  readonly points: readonly FrontPoint[];
  /** Those that none is at least as good as in both and better in one, by latency. */
  readonly efficient: readonly FrontPoint[];
}

/** The trade-off of operators × placements × cuts, of what fits in memory. */
export function frontOf(scene: Scene, standings: readonly Standing[]): Front {
  const known = standings.filter(({ accuracy }) => accuracy !== null);
  if (known.length >= 2) {
    // A variant's accuracy is the same wherever it is cut: of each placement only the fastest cut matters.
    const points = known.flatMap(({ operator, accuracy, predictions }) =>
      predictions.filter(({ feasible }) => feasible).map((prediction) => point(operator, prediction, accuracy!)),
    );
    return {
      against: "accuracy",
      points,
      efficient: paretoFront(points, ({ latency_s, other }) => [latency_s, -other]),
    };
  }
  const points = scene.variants.flatMap((variant) => {
    const options = { cuts: "all", codecs: [scene.codec] };
    const predictions = predict(costModel(variant), scene.topology, options).filter(({ feasible }) => feasible);
    return predictions.map((prediction) => point(variant.operator, prediction, prediction.transferred_bytes));
  });
  return { against: "bytes", points, efficient: paretoFront(points, ({ latency_s, other }) => [latency_s, other]) };
}

function point(
  operator: string,
  { placement, cut, latency_s }: { placement: string; cut: string | null; latency_s: number },
  other: number,
): FrontPoint {
  return { operator, placement, cut, latency_s, other };
}
