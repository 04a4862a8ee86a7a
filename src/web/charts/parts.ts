import type { Prediction, Stage } from "../../formats/prediction.ts";
import { tierVariable } from "../colours.ts";
import type { Scene } from "../scene.ts";

/** A part of a latency with a colour of its own: inference by tier, every other stage as a whole. */
export interface Part {
  readonly key: string;
  readonly label: string;
  readonly fill: string;
  /** What can be read on the fill. */
  readonly on: string;
}

const BETWEEN = ["encode", "transfer", "relay", "decode", "load"] as const;

const keyOf = ({ stage, resource }: Stage) => (stage === "infer" ? resource : stage);

/** The parts that some prediction has, in the order in which a request passes them. */
export function partsOf({ topology: { tiers } }: Scene, placement: string, predictions: readonly Prediction[]): Part[] {
  const infer = (tier: string): Part => ({
    key: `tier:${tier}`,
    label: tier,
    fill: tierVariable(tiers, tier),
    on: tierVariable(tiers, tier, "-on"),
  });
  const used = new Set<string>();
  for (const { stages } of predictions) for (const stage of stages) if (stage.seconds > 0) used.add(keyOf(stage));
  const [head, tail] = placement.split(">");
  const between = BETWEEN.map((key): Part => ({ key, label: key, fill: `var(--${key})`, on: `var(--${key}-on)` }));
  const passed = [...used];
  const isSent = used.has("transfer") && passed.indexOf("transfer") < passed.indexOf(`tier:${head}`);
  // Whole on a tier other than the one where requests enter, it computes after the message has come.
  const all =
    tail !== undefined
      ? [infer(head!), ...between, infer(tail)]
      : isSent
        ? [...between, infer(head!)]
        : [infer(head!), ...between];
  return all.filter(({ key }) => used.has(key));
}

/** Seconds of a prediction by part. */
export function secondsByPart({ stages }: Prediction): Map<string, number> {
  const sums = new Map<string, number>();
  for (const stage of stages) sums.set(keyOf(stage), (sums.get(keyOf(stage)) ?? 0) + stage.seconds);
  return sums;
}
