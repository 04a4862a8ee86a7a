import { z } from "zod";
import { quantity } from "../formats/common.ts";
import { predictionSchema } from "../formats/prediction.ts";
import { profileSchema } from "../formats/profile.ts";

/** A predicted and a measured time of the same segment: how far the profile's cost model is off on its own host. */
export const checkSchema = z.object({
  cut: z.string().nullable().describe("id of the cut; null where the segment is the whole model"),
  segment: z.enum(["head", "tail", "whole"]),
  predicted_s: quantity,
  measured_s: quantity,
  low_s: quantity.describe("lower end of the prediction's interval"),
  high_s: quantity.describe("upper end of the prediction's interval"),
});
export type Check = z.infer<typeof checkSchema>;

/** Each placement's best cut over a range of one link's bandwidth. */
export const crossoverSchema = z.object({
  link: z.string().describe('the link that varies: "mobile>edge"'),
  current_bps: quantity.describe("its bandwidth in the topology, bits per second"),
  points: z.array(
    z.object({
      bandwidth_bps: z.number().finite().positive(),
      placement: z.string(),
      cut: z.string().nullable(),
      latency_s: quantity,
    }),
  ),
});
export type Crossover = z.infer<typeof crossoverSchema>;

/** A topology's facts, in words. */
export const topologyWordsSchema = z.object({
  name: z.string(),
  tiers: z
    .array(z.object({ name: z.string().min(1), text: z.string().describe("the tier's facts, in words") }))
    .describe("in the topology's order, which gives tiers their colours"),
  links: z.array(
    z.object({ from: z.string(), to: z.string(), text: z.string().describe("the link's facts, in words") }),
  ),
});

/** What colours of tiers depend on. */
export interface WithTiers {
  readonly topology: z.infer<typeof topologyWordsSchema>;
}

/** Everything that a report on one model shows. It holds no chart and no wording: those are made from it. */
export const reportSchema = z.object({
  format: z.literal("tierwise/report"),
  version: z.literal(1),
  profile: profileSchema,
  topology: topologyWordsSchema,
  codec: z.string().describe("the codec that the charts show"),
  predictions: z.array(predictionSchema).describe("every cut on every placement; other codecs are passed over"),
  crossover: crossoverSchema.optional(),
  checks: z.array(checkSchema).describe("empty where no self-check was run"),
});
export type ReportData = z.infer<typeof reportSchema>;
