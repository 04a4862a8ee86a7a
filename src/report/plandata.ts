import { z } from "zod";
import { count, quantity } from "../formats/common.ts";
import { planResultSchema } from "../formats/planresult.ts";
import { validationSchema } from "../formats/validation.ts";
import { topologyWordsSchema } from "./data.ts";

const accuracy = z.object({
  metric: z.string(),
  value: z.number(),
  low: z.number().optional().describe("lower end of its 95 % interval, where known"),
  high: z.number().optional(),
  source: z.string().optional().describe("where the figure is from"),
});

/** A variant that the plan could choose, and how its profile was measured. */
const variantSchema = z.object({
  operator: z.string(),
  model: z.string(),
  accuracy: accuracy.nullable().describe("null where it is not known"),
  cpu: z.string(),
  runtime: z.string(),
  threads: count,
  created: z.string().describe("ISO 8601"),
  load_average: quantity.describe("of the host before measuring"),
  converged: z.boolean(),
  relative_ci: quantity.describe("half width of the 95 % interval of the run's median, relative to it"),
  transferred: z.string().optional().describe("where nothing was measured on the host: from which device, and how"),
});
export type PlanVariantFacts = z.infer<typeof variantSchema>;

/** What each input, changed by itself, does to the latency of the plan's choice: as `tierwise whatif --tornado` says it. */
const tornadoSchema = z.object({
  share: quantity.describe("by which inputs are changed, down and up"),
  value: quantity.describe("seconds, with nothing changed"),
  inputs: count.describe("that were changed"),
  bars: z
    .array(
      z.object({
        path: z.string(),
        value: z.string(),
        low: z.string().describe("the input's low value, as people write it"),
        high: z.string(),
        at_low: quantity.describe("seconds, with the low value"),
        at_high: quantity,
        swing: quantity,
      }),
    )
    .describe("the widest first"),
});

/** Everything that a report on a plan shows. It holds no chart: those are made from it. */
export const planReportSchema = z.object({
  format: z.literal("tierwise/plan-report"),
  version: z.literal(1),
  question: z.object({
    name: z.string(),
    description: z.string(),
    constraints: z.array(z.string()).describe("in words"),
    load: z.array(z.string()).describe("who asks how often, in words; empty where a request is alone"),
    requests_per_s: quantity.optional().describe("of the planned class, where known"),
    session: z.enum(["warm", "cold"]),
    latency_at_most_s: quantity.optional(),
    accuracy_at_least: quantity.optional(),
  }),
  topology: topologyWordsSchema,
  variants: z.array(variantSchema),
  plan: planResultSchema,
  calibrated: z
    .array(
      z.object({
        operator: z.string(),
        placement: z.string(),
        latency_s: quantity,
        low_s: quantity.describe("lower end of the 90 % interval"),
        high_s: quantity,
        extrapolates: z.array(z.string()).describe("what no measured run of the calibration had"),
      }),
    )
    .describe("choices as a calibration corrects them; empty where none was given"),
  tornado: tornadoSchema.optional(),
  validation: validationSchema.optional().describe("predictions beside measured runs"),
  validation_of: z.string().optional().describe("base name of the file that the validation is from"),
});
export type PlanReport = z.infer<typeof planReportSchema>;
