import type { Prediction, Stage } from "../formats/prediction.ts";
import type { WithTiers } from "./data.ts";
import { stageColour } from "./palette.ts";

/** A part of a latency that has a colour of its own: inference by tier, every other stage as a whole. */
export interface Part {
  key: string;
  label: string;
  colour: string;
}

const BETWEEN = ["encode", "transfer", "relay", "decode", "load"] as const;

/** All parts, in the order in which a request from `head` to `tail` passes them; other tiers follow. */
export function parts(data: WithTiers, head: string, tail: string): Part[] {
  const infer = (tier: string) => partOf(data, { stage: "infer", resource: `tier:${tier}` });
  const between = BETWEEN.map((stage) => partOf(data, { stage, resource: "" }));
  const last = head === tail ? [] : [infer(tail)];
  const rest = data.topology.tiers.filter(({ name }) => name !== head && name !== tail);
  return [infer(head), ...between, ...last, ...rest.map(({ name }) => infer(name))];
}

/** The part that a stage belongs to. */
export function partOf(data: WithTiers, stage: Pick<Stage, "stage" | "resource">): Part {
  const tier = tierOf(stage);
  const label = stage.stage === "infer" ? `infer on ${tier}` : stage.stage;
  return { key: partKey(stage), label, colour: stageColour(data, stage.stage, tier) };
}

/** Seconds by part. */
export function secondsByPart(prediction: Pick<Prediction, "stages">): Map<string, number> {
  const sums = new Map<string, number>();
  for (const stage of prediction.stages) {
    const key = partKey(stage);
    sums.set(key, (sums.get(key) ?? 0) + stage.seconds);
  }
  return sums;
}

/** The first and the last tier of a placement: of "mobile>edge", mobile and edge. */
export function ends(placement: string): [head: string, tail: string] {
  const tiers = placement.split(">");
  return [tiers[0]!, tiers.at(-1)!];
}

function partKey(stage: Pick<Stage, "stage" | "resource">): string {
  return stage.stage === "infer" ? `infer ${tierOf(stage)}` : stage.stage;
}

function tierOf({ resource }: Pick<Stage, "resource">): string {
  return resource.replace(/^tier:/, "");
}
