import { z } from "zod";
import { measureSchema } from "./measure.ts";
import { planSchema, planVariantSchema } from "./plan.ts";
import { bitsPerSecond, quantityOf, seconds } from "./quantities.ts";
import { parseYaml } from "./yaml.ts";

const positive = z.number().positive().finite();
const share = z.number().min(0).max(1);
const wholeNumber = z.number().int().nonnegative();

const arrivals = z
  .union([
    z.strictObject({ rate: positive.describe("Poisson arrivals per second") }),
    z.strictObject({ every: seconds("one request each so often", "50 ms") }),
    z.strictObject({
      rate: positive.describe("mean arrivals per second"),
      gaps: z.enum(["gamma", "weibull"]).describe("distribution of the times between arrivals"),
      cv: positive
        .optional()
        .describe("gamma: their standard deviation over their mean; above 1 is burstier than Poisson"),
      shape: positive.optional().describe("weibull: below 1 is burstier than Poisson"),
    }),
    z.strictObject({
      bursts: z
        .array(
          z.strictObject({
            rate: z.number().nonnegative().finite().describe("Poisson arrivals per second in this state"),
            lasts: seconds("mean duration of the state", "10 s"),
          }),
        )
        .min(1)
        .describe("states in turn, each lasting exponentially (MMPP)"),
    }),
    z.strictObject({ times: z.array(seconds("moment of an arrival", "1.5 s")).min(1).describe("a trace to replay") }),
    z.strictObject({
      users: z.number().int().positive().describe("each waits for the answer before the next request"),
      think: seconds("mean pause of a user between answer and next request, exponential", "2 s"),
    }),
  ])
  .describe("when requests come");

const workload = z.strictObject({
  name: z.string().min(1).optional().describe("left out: request-1, request-2, …"),
  profiles: z
    .array(z.string())
    .min(1)
    .optional()
    .describe("profiles of this class's model, if it is not the scenario's; paths relative to this file"),
  placement: z.string().describe("tiers of the segments: edge, or mobile>edge"),
  cut: z.string().default("best").describe("id of the cut, several joined by > between more than two tiers, or best"),
  codec: z.string().optional().describe("left out: the topology's"),
  arrivals,
  service: z
    .enum(["fixed", "lognormal", "resampled"])
    .default("fixed")
    .describe(
      "how inference times vary: not at all, lognormally as much as the profile's samples do, or as drawn from those samples",
    ),
  priority: z.number().int().default(0).describe("at tiers that serve by priority: lower first"),
  timeout: seconds("after which a request is given up", "2 s").optional(),
  retries: z
    .strictObject({ most: wholeNumber, wait: seconds("before the next attempt", "100 ms") })
    .optional()
    .describe("what a request does that was rejected or given up"),
});

const tier = z.strictObject({
  servers: z
    .union([z.number().int().positive(), z.literal("unlimited")])
    .default(1)
    .describe("requests served at once; unlimited where each has a device of its own"),
  replicas: z.number().int().positive().default(1).describe("such tiers side by side, each with its own queue"),
  balancer: z.enum(["random", "round-robin", "shortest-queue", "two-choices"]).default("shortest-queue"),
  discipline: z.enum(["fifo", "lifo", "priority", "sharing"]).default("fifo"),
  queue: wholeNumber.optional().describe("places to wait; who finds none is rejected. Left out: no limit"),
  batch: z
    .strictObject({
      size: z.number().int().positive(),
      wait: seconds("the most that a request waits for others", "5 ms"),
      marginal: share.describe("time that each further request of a batch adds, relative to the first"),
    })
    .optional(),
  sessions: z
    .strictObject({
      places: wholeNumber.describe("sessions that stay loaded"),
      keep: seconds("how long an unused session stays", "10 min").optional(),
    })
    .optional()
    .describe("sessions are loaded when a request needs one that is not there, whatever the topology says"),
  failures: z
    .strictObject({ every: seconds("mean time up", "1 h"), repair: seconds("mean time down", "30 s") })
    .optional()
    .describe("exponential up and down times"),
});

const link = z.strictObject({
  sharing: z
    .enum(["fifo", "fair"])
    .default("fifo")
    .describe("messages one after the other, or all at once with equal shares"),
  medium: z
    .string()
    .optional()
    .describe("links of the same name share one medium: both directions of a half-duplex radio, say"),
  trace: z
    .array(z.strictObject({ at: seconds("from when on", "30 s"), bandwidth: bitsPerSecond("from then on") }))
    .min(1)
    .optional()
    .describe("bandwidth over time, in place of the topology's; the first from 0 s on"),
  repeat: seconds("after which the trace begins again", "5 min").optional(),
  loss: share.optional().describe("share of packets that is lost and sent again"),
  packet: quantityOf(["size"], "of a packet", "1500 B")
    .transform(({ amount }) => amount)
    .prefault("1500 B"),
  retransmission: seconds("before lost packets are sent again; left out: a round trip", "20 ms").optional(),
});

const document = z.strictObject({
  format: z.literal("tierwise/scenario").optional(),
  version: z.literal(1).optional(),
  name: z.string().optional(),
  description: z.string().optional(),
  profiles: z
    .array(z.string())
    .default([])
    .describe("profile files, relative to this file; one model, one per number of threads"),
  variants: z
    .array(planVariantSchema)
    .min(1)
    .optional()
    .describe("variants of the model that `plan` may choose; left out: the one of `profiles`, its accuracy unknown"),
  topology: z.string().describe("topology file, relative to this file, or the name of a shipped one"),
  workload: z
    .array(workload)
    .default([])
    .describe("classes of requests, for `simulate`; may be left out where there is `measure` or `plan`"),
  measure: measureSchema.optional(),
  plan: planSchema.optional(),
  tiers: z
    .record(z.string(), tier)
    .default({})
    .describe("how tiers serve, by name; a tier left out serves one at a time"),
  links: z.record(z.string(), link).default({}).describe('how links carry, by name such as "mobile>edge"'),
  requests: z.number().int().positive().default(100_000).describe("to simulate"),
  precision: positive.optional().describe("simulate on until intervals are at most ± this share of their value"),
});

/**
 * A scenario file: models, where they run, and who asks for what. `tierwise simulate` reads its workload, `tierwise
 * measure` what it says under `measure`, `tierwise plan` what it says under `plan`; one of the three must be there.
 */
export const scenarioSchema = document.superRefine(({ workload, measure, plan, variants }, context) => {
  if (workload.length === 0 && !measure && !plan)
    context.addIssue({ code: "custom", path: ["workload"], message: "is missing, and so are measure and plan" });
  const operators = variants?.map(({ operator }) => operator) ?? [];
  for (const [i, operator] of operators.entries()) {
    if (operators.indexOf(operator) !== i)
      context.addIssue({ code: "custom", path: ["variants", i, "operator"], message: `"${operator}" is there twice` });
  }
});
export type Scenario = z.output<typeof scenarioSchema>;
export type ScenarioClass = Scenario["workload"][number];

/**
 * Reads a scenario from YAML or JSON text.
 *
 * @param file name of the file, for messages
 * @throws Problem naming the file and the field
 */
export function parseScenario(text: string, file: string): Scenario {
  return parseYaml(scenarioSchema, text, file);
}
