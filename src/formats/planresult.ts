import { z } from "zod";
import { quantity } from "./common.ts";
import { OBJECTIVES } from "./plan.ts";
import { stageSchema } from "./prediction.ts";

const estimate = z.object({
  value: quantity,
  low: z.number().describe("lower end of the 95 % interval"),
  high: z.number().describe("upper end of the 95 % interval"),
});
const perTier = z.record(z.string(), z.number().int().positive()).optional();

export const planChoiceSchema = z.object({
  operator: z.string(),
  placement: z.string(),
  cut: z
    .string()
    .nullable()
    .describe(
      "id of the cut; where it follows another order than the profile's, `only` and the last nodes of the head, joined by &; `split` takes both",
    ),
  codec: z.string(),
  along_profile_order: z
    .boolean()
    .describe("false: the cut is no prefix of the profile's order, and its boundary kernels are estimated"),
  head_nodes: z.array(z.string()).optional().describe("with such a cut: the nodes of the first segment"),
  threads: perTier.describe("by tier, where the plan varies them"),
  replicas: perTier,
  batch: perTier,
  accuracy: z.number().nullable().describe("null where it is not known"),
  latency_s: quantity.describe("of a request that is alone"),
  low_s: quantity.describe("lower end of its interval: the profile's sampling error (95 %)"),
  high_s: quantity,
  bytes: quantity.describe("on all links, request and answer"),
  energy_j: quantity.nullable().describe("beyond idling; null where a power or a link's energy is not known"),
  price_per_thousand: quantity.nullable().describe("of a thousand requests; null where a price is not known"),
  throughput: quantity
    .nullable()
    .describe("requests a second that tiers, their quotas, hosts and links sustain; null: nothing limits them"),
  limited_by: z.string().nullable().describe("which of these sustains no more, such as `link:mobile>edge`"),
  under_load: z
    .object({
      mean: estimate,
      p50: estimate,
      p95: estimate,
      p99: estimate,
      throughput: quantity.describe("answers a second"),
      overloaded: z.array(z.string()).describe("stations and hosts asked for more than they can do"),
    })
    .optional()
    .describe("simulated latency in seconds among all requests of the scenario"),
  stages: z.array(stageSchema),
});
export type PlanChoice = z.infer<typeof planChoiceSchema>;

const flipSchema = z.object({
  path: z.string().describe("what changes, as `whatif --set` takes it"),
  now: z.number().describe("its value, in SI units"),
  at: z.number().describe("the nearest value at which another choice is as good"),
  from: z
    .object({ operator: z.string(), placement: z.string() })
    .describe("the best as things are, of a request that is alone; under load the plan's choice can be another"),
  to: z.object({ operator: z.string(), placement: z.string() }),
});
export type PlanFlip = z.infer<typeof flipSchema>;

const policySchema = z.object({
  mean_s: quantity.describe("latency averaged over the trace's time, switching included"),
  worst_regret: quantity.describe("largest latency over the best one possible at the same moment, less one"),
  operator: z.string().optional(),
  placement: z.string().optional(),
  cut: z.string().nullable().optional(),
  switches: z.number().int().nonnegative().optional(),
});

/** What `tierwise plan --json` prints. */
export const planResultSchema = z.object({
  objective: z.enum(OBJECTIVES),
  at: z.string().describe("mean, or the percentile of latency that is meant"),
  best: planChoiceSchema,
  alternatives: z.array(planChoiceSchema).describe("the best of each other operator and placement, best first"),
  pareto: z
    .array(planChoiceSchema)
    .describe("choices that none beats in accuracy and latency, and in energy and price where these are known"),
  explanation: z.object({
    sentence: z.string(),
    binding: z
      .array(
        z.object({ constraint: z.string(), without: z.string(), gain: z.number().describe("share of the objective") }),
      )
      .describe("constraints that cost something, and what would be chosen without each"),
    runner_up: z
      .object({
        operator: z.string(),
        placement: z.string(),
        costs_more: z.number().describe("share of the objective"),
      })
      .optional(),
    flips: z.array(flipSchema).describe("how far each bandwidth and device speed is from where the answer changes"),
    caveats: z.array(z.string()),
  }),
  searched: z.object({
    candidates: z.number().int().describe("operator × setting × placement × codec"),
    closures: z.number().int().describe("candidates whose cuts along all orders were searched"),
    exact: z
      .boolean()
      .describe("whether costs add up on the best choice's way, so that the search is exact over all cuts"),
  }),
  moving: z
    .object({
      duration_s: quantity,
      fixed: policySchema.describe("the one choice with the least mean latency"),
      robust: policySchema.describe("the one choice whose worst regret is least"),
      adaptive: policySchema.describe("switching as bandwidths change, the switches paid for"),
      switches: z.array(
        z.object({ at_s: quantity, operator: z.string(), placement: z.string(), cut: z.string().nullable() }),
      ),
      phases: z
        .array(
          z.object({
            at_s: quantity,
            bandwidths_bps: z.record(z.string(), quantity).describe("of the links with traces"),
            fixed_s: quantity,
            robust_s: quantity,
            adaptive_s: quantity.describe("without what a switch costs"),
          }),
        )
        .describe("times during which no bandwidth changes, and the latency of each policy then"),
    })
    .optional()
    .describe("where links have traces"),
});
export type PlanResult = z.infer<typeof planResultSchema>;
