import { type CutLatency, defaultPlacements, latencyByCut, predict } from "../../costmodel/index.ts";
import type { Prediction } from "../../formats/prediction.ts";
import type { Variant } from "../catalogue.ts";
import type { Scene } from "../scene.ts";
import { costModel } from "./models.ts";

/** A way to answer requests: a variant, and what is predicted for a placement and a cut of it. */
export interface Choice {
  readonly operator: string;
  readonly prediction: Prediction;
}

/** Whether a variant may be chosen, and how it does. */
export interface Standing {
  readonly operator: string;
  /** Null where it is not known. */
  readonly accuracy: number | null;
  /** Why it may not be chosen; null where it may. */
  readonly left_out: string | null;
  /** Each placement's best prediction, the fastest first, what fits in memory before what does not. */
  readonly predictions: readonly Prediction[];
}

/** Every cut of one placement. */
export interface Curve {
  readonly operator: string;
  readonly placement: string;
  /** By position. */
  readonly latencies: readonly CutLatency[];
  /** With their stages, for those that are drawn or listed. */
  predictions(cuts: readonly string[]): Prediction[];
}

/** What the engine says of a scene, recomputed with each move of a control. */
export interface Outlook {
  readonly standings: readonly Standing[];
  /** Each placement with its best variant and cut, in the order of preference. */
  readonly ranking: readonly Choice[];
  /** The fastest that fits, meets the floor, and is of the operator asked for; null where there is none. */
  readonly best: Choice | null;
  /** What is looked at: what the scene pins, or the best. */
  readonly shown: Choice | null;
  /** Of the placement that is shown, or of the best one on two tiers. */
  readonly curve: Curve | null;
}

/** @throws Problem when the scene cannot be predicted */
export function outlook(scene: Scene): Outlook {
  const standings = scene.variants.map((variant) => standing(scene, variant));
  const eligible = standings.filter(({ left_out }) => left_out === null);
  const ranking = defaultPlacements(scene.topology)
    .flatMap((placement) => bestOf(eligible, placement) ?? [])
    .sort((a, b) => byPreference(a.prediction, b.prediction));
  const best = ranking.find(({ prediction }) => prediction.feasible) ?? null;
  const shown = pinned(scene, eligible, ranking) ?? best;
  return { standings, ranking, best, shown, curve: curveOf(scene, ranking, shown) };
}

function standing(scene: Scene, variant: Variant): Standing {
  const { operator } = variant;
  const accuracy = scene.accuracy[operator] ?? null;
  const predictions = predict(costModel(variant), scene.topology, { codecs: [scene.codec] });
  return { operator, accuracy, left_out: leftOut(scene, operator, accuracy), predictions };
}

function leftOut({ operator: asked, floor }: Scene, operator: string, accuracy: number | null): string | null {
  if (asked !== null && asked !== operator) return "not asked for";
  if (floor === null) return null;
  if (accuracy === null) return "accuracy not known";
  return accuracy < floor ? "below the floor" : null;
}

function byPreference(a: Prediction, b: Prediction): number {
  return Number(b.feasible) - Number(a.feasible) || a.latency_s - b.latency_s;
}

function bestOf(standings: readonly Standing[], placement: string): Choice | undefined {
  return standings
    .flatMap(({ operator, predictions }) => {
      const prediction = predictions.find((candidate) => candidate.placement === placement);
      return prediction ? [{ operator, prediction }] : [];
    })
    .sort((a, b) => byPreference(a.prediction, b.prediction))[0];
}

/** The placement that the scene pins, at the cut that it pins, where the variant has that. */
function pinned(scene: Scene, eligible: readonly Standing[], ranking: readonly Choice[]): Choice | null {
  const { placement, cut } = scene;
  if (placement === null) return null;
  const atBest = ranking.find(({ prediction }) => prediction.placement === placement) ?? null;
  if (atBest === null || cut === null) return atBest;
  const choices = eligible.flatMap(({ operator }) => {
    const variant = variantOf(scene, operator);
    if (!costModel(variant).cuts.includes(cut)) return [];
    const options = { placements: [placement], cuts: cut, codecs: [scene.codec] };
    return [{ operator, prediction: predict(costModel(variant), scene.topology, options)[0]! }];
  });
  return choices.sort((a, b) => byPreference(a.prediction, b.prediction))[0] ?? atBest;
}

function curveOf(scene: Scene, ranking: readonly Choice[], shown: Choice | null): Curve | null {
  const onTwo = ({ prediction }: Choice) => prediction.placement.includes(">");
  const choice = shown && onTwo(shown) ? shown : ranking.find(onTwo);
  if (!choice) return null;
  const { operator, prediction } = choice;
  const model = costModel(variantOf(scene, operator));
  const { placement } = prediction;
  return {
    operator,
    placement,
    latencies: latencyByCut(model, scene.topology, placement, scene.codec),
    predictions: (cuts) => predict(model, scene.topology, { placements: [placement], cuts, codecs: [scene.codec] }),
  };
}

/** The scene's variant of this operator, which is one of its own. */
export function variantOf({ variants }: Pick<Scene, "variants">, operator: string): Variant {
  return variants.find((variant) => variant.operator === operator)!;
}
