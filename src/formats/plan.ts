import { z } from "zod";
import { codecSchema } from "./profile.ts";
import { quantityOf, seconds } from "./quantities.ts";

const positive = z.number().positive().finite();
const fromOne = z.number().int().positive();
const some = (what: string) => z.array(z.string().min(1)).min(1).optional().describe(what);

/** How good a variant is, measured (`tierwise evaluate`) or published. */
const knownAccuracy = z.strictObject({
  metric: z.string().min(1).default("accuracy"),
  value: z.number().min(0).max(1),
  low: z.number().min(0).max(1).optional().describe("lower end of its 95 % interval, where known"),
  high: z.number().min(0).max(1).optional(),
  source: z.string().optional().describe("where the figure is from"),
});
export type KnownAccuracy = z.output<typeof knownAccuracy>;

/** A variant of the scenario's model that `plan` may choose. */
export const planVariantSchema = z.strictObject({
  operator: z
    .string()
    .regex(/^[a-z0-9-]+(\+[a-z0-9-]+)*$/, "an operator is written like qat or distilled+sptq")
    .describe("deployment operator that made it: identity, sptq, distilled+sptq, …"),
  profiles: z.array(z.string()).min(1).describe("its profiles, one per number of threads; relative to this file"),
  accuracy: knownAccuracy.optional().describe("left out: not known"),
});
export type PlanVariant = z.output<typeof planVariantSchema>;

/** What a plan makes as small, or for throughput as large, as can be. */
export const OBJECTIVES = ["latency", "throughput", "energy", "price", "bytes"] as const;
export type Objective = (typeof OBJECTIVES)[number];

const percentile = z.union([z.literal("mean"), z.literal("p50"), z.literal("p95"), z.literal("p99")]);

/** What a plan must keep to. */
export const constraintsSchema = z.strictObject({
  accuracy_at_least: z.number().min(0).max(1).optional().describe("variants of lower or unknown accuracy are left out"),
  latency_at_most: seconds("the objective: service level", "50 ms").optional(),
  energy_at_most: quantityOf(["energy"], "of one request, on all tiers and links", "2 J").optional(),
  price_at_most: z
    .number()
    .nonnegative()
    .finite()
    .optional()
    .describe("of a thousand requests, in the topology's currency"),
  bytes_at_most: quantityOf(["size"], "that one request sends over all links, answer included", "200 kB").optional(),
  throughput_at_least: positive.optional().describe("requests a second that the slowest resource must sustain"),
  raw_input_stays: z
    .boolean()
    .default(false)
    .describe("inputs of the model do not leave the tier at which requests enter, not even beside other tensors"),
  tiers: z.strictObject({ only: some("no others are used"), not: some("are not used") }).optional(),
  operators: z.strictObject({ only: some("no others are chosen"), not: some("are not chosen") }).optional(),
  links: z.strictObject({ not: some('are not crossed in their direction, such as "edge>cloud"') }).optional(),
});
export type Constraints = z.output<typeof constraintsSchema>;

/** What `tierwise plan` is asked: an objective, constraints, and what it may choose beyond operator, cut and placement. */
export const planSchema = z.strictObject({
  objective: z.enum(OBJECTIVES).default("latency"),
  at: percentile
    .default("mean")
    .describe("of latency, where the scenario has a workload: the mean, or a percentile under load"),
  class: z
    .string()
    .optional()
    .describe("the class of requests to plan for; left out: the first. The others stay as they are"),
  placements: some("candidates such as edge or mobile>edge; left out: every chain of tiers in their order"),
  codecs: z.array(codecSchema.shape.codec).min(1).optional().describe("left out: the topology's"),
  threads: z.record(z.string(), z.array(fromOne).min(1)).default({}).describe("numbers of threads to try, by tier"),
  replicas: z.record(z.string(), z.array(fromOne).min(1)).default({}).describe("numbers of replicas to try, by tier"),
  batch: z
    .record(z.string(), z.array(fromOne).min(1))
    .default({})
    .describe("batch sizes to try, by tier; the tier's own batch says how long to wait and what one more costs"),
  switching: seconds(
    "that changing the placement or cut costs a request, where bandwidths have traces",
    "200 ms",
  ).prefault("0 s"),
  constraints: constraintsSchema.prefault({}),
  finalists: fromOne.default(8).describe("how many of the best unloaded choices are simulated under load"),
});
export type Plan = z.output<typeof planSchema>;
