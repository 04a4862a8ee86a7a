import { z } from "zod";
import { quantity } from "../formats/common.ts";
import { problemOf } from "../formats/issues.ts";
import { Problem } from "../formats/problem.ts";
import { codecSchema } from "../formats/profile.ts";

/** Header of a run: a {@link Plan}. Browsers may not send it across origins, which keeps web pages out. */
export const PLAN_HEADER = "tierwise-plan";
/** Header of a run's answer: a {@link Report}. */
export const REPORT_HEADER = "tierwise-report";
/** Port of an agent that is not told another. */
export const DEFAULT_PORT = 7411;

const stepSchema = z.strictObject({
  tier: z.string().min(1).describe("name of the tier, for reports"),
  url: z.string().optional().describe("where its agent is, as the step before reaches it; none for the first step"),
  token: z.string().optional(),
  segment: z.string().optional().describe("prepared part to run; left out: the tier relays"),
  session: z.enum(["warm", "cold"]).default("warm"),
  delay_s: quantity.default(0).describe("propagation delay that the step before adds on the way here"),
  return_delay_s: quantity.default(0).describe("and on the way back"),
});

/** The way of a request from the agent that reads the plan onwards; that agent is the first step. */
export const planSchema = z.strictObject({
  codec: codecSchema.shape.codec,
  input: z
    .string()
    .optional()
    .describe("input that lies at the agent; the answer then stays there, and only its report is sent"),
  answer: z.boolean().default(false).describe("with `input`: send the answer all the same, as a raw message"),
  timeout_s: z.number().positive().default(600).describe("for each step's answer"),
  steps: z.array(stepSchema).min(1).max(16),
});
export type Plan = z.output<typeof planSchema>;
export type Step = Plan["steps"][number];

/** A part of a model that an agent is asked to cut and keep. */
export const partSchema = z.strictObject({
  model: z.string().min(1).describe("path below the agent's folder of models"),
  sha256: z.string().optional().describe("of the file that is meant"),
  shapes: z.record(z.string(), z.array(z.number().int().positive())).default({}),
  from: z.string().nullable().default(null).describe("cut at which the part begins; null: the model's start"),
  to: z.string().nullable().default(null).describe("cut at which it ends; null: the model's end"),
  threads: z.number().int().positive().max(1024).optional().describe("left out: the agent's"),
  warm: z.boolean().default(false).describe("create its session now"),
  alone: z.boolean().default(false).describe("give up all other sessions first, so that memory holds this part alone"),
});
export type PartRequest = z.output<typeof partSchema>;

/** What a run says about itself: durations on the clocks of the tiers that spent them. */
export const reportSchema = z.object({
  residence_s: quantity.describe("from the last byte of the request to the first of the answer"),
  stages: z.record(z.string(), quantity).describe('seconds by stage, both ways together: "edge_infer"'),
  bytes: z.record(z.string(), quantity).describe('of messages, by link: "mobile>edge"'),
});
export type Report = z.output<typeof reportSchema>;

/** @throws Problem when the text is not what the schema says */
export function parseAs<Schema extends z.ZodType>(schema: Schema, text: string, what: string): z.output<Schema> {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    throw new Problem(`${what} is not JSON`);
  }
  const parsed = schema.safeParse(document);
  if (!parsed.success) throw problemOf(parsed.error, what);
  return parsed.data;
}

/** A report as a header's value; digits below ten nanoseconds would only travel. */
export function headerReport({ residence_s, stages, bytes }: Report): string {
  const rounded = Object.entries(stages).map(([stage, seconds]) => [stage, Number(seconds.toFixed(8))]);
  return headerJson({ residence_s: Number(residence_s.toFixed(8)), stages: Object.fromEntries(rounded), bytes });
}

/** A document as a header's value, which has no letters beyond ASCII. */
export function headerJson(document: unknown): string {
  return JSON.stringify(document).replace(
    /[\u007f-\uffff]/g,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
