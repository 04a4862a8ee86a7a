import { z } from "zod";
import { quantity } from "./common.ts";

/**
 * The stages that a request can pass. The same words name them in predictions, simulations and measured runs:
 * encode (tensors to bytes), transfer (bytes over a link), relay (a tier in between passes the bytes on), decode
 * (bytes to tensors), load (create the inference session, when the session policy asks), infer (run a segment).
 */
export const STAGES = ["encode", "transfer", "relay", "decode", "load", "infer"] as const;
export const stageSchema = z.object({
  stage: z.enum(STAGES),
  resource: z.string().describe('what the stage occupies: "tier:edge" or "link:mobile>edge"'),
  seconds: quantity,
  bytes: quantity.optional().describe("bytes on the wire, for transfer and relay"),
  direction: z.enum(["request", "response"]).describe("on the way to the last tier, or back"),
});
export type Stage = z.infer<typeof stageSchema>;

export const predictionSchema = z.object({
  placement: z.string().describe('"edge", or head and tail tiers: "mobile>edge"'),
  cut: z.string().nullable().describe("id of the cut; null where one tier runs the whole model"),
  codec: z.string(),
  latency_s: quantity,
  low_s: quantity.describe(
    "lower end of its interval: what the profile's own sampling error leaves (95 %), or a calibration's (90 %)",
  ),
  high_s: quantity.describe("upper end of that interval"),
  transferred_bytes: quantity.describe("bytes on all links, request and response"),
  feasible: z.boolean().describe("whether every tier's memory holds its segment"),
  infeasible_because: z.string().optional(),
  stages: z.array(stageSchema),
  extrapolates: z
    .array(z.string())
    .optional()
    .describe("with a calibration: what about this prediction none of its measured runs had"),
});
export type Prediction = z.infer<typeof predictionSchema>;
