import { z } from "zod";
import { count, quantity } from "./common.ts";
import { stageSchema } from "./prediction.ts";

const estimateSchema = z.object({
  value: quantity,
  low: z.number().describe("lower end of the 95 % interval"),
  high: z.number().describe("upper end of the 95 % interval"),
});

const latencySchema = z
  .object({ mean: estimateSchema, min: quantity, max: quantity })
  .catchall(estimateSchema)
  .describe("seconds from a request's coming to its answer: the mean, and p50, p95, p99, each with its interval");

/** What `tierwise simulate --json` prints. */
export const simulationSchema = z.object({
  latency_s: latencySchema.describe("over all classes"),
  throughput: quantity.describe("answers per second"),
  utilisation: z.record(z.string(), quantity).describe("share of each station's server time that was used"),
  mean_queue: z.record(z.string(), quantity).describe("mean number of requests that wait at each station"),
  offered_load: z
    .record(z.string(), quantity)
    .describe("work that comes over work that can be done, of stations and of hosts; from 1 on queues grow"),
  overloaded: z
    .array(z.string())
    .describe("stations and hosts where queues grow without end: the latencies are of this run only"),
  settled: z.boolean().describe("whether a steady state was reached, after the warm-up that is left out"),
  precise: z.boolean().describe("whether intervals are as narrow as was asked for"),
  requests: count,
  warmup: count.describe("requests at the beginning that the latencies leave out"),
  simulated_s: quantity,
  seed: z.number().int(),
  engine: z.enum(["columnar", "events", "general"]),
  classes: z.array(
    z.object({
      name: z.string(),
      placement: z.string(),
      cut: z.string().nullable(),
      codec: z.string(),
      unloaded_s: quantity.describe("latency of one request in an idle system, by the closed form"),
      latency_s: latencySchema,
      arrived: count,
      completed: count,
      rejected: count,
      timed_out: count,
      retries: count,
      stops: z.array(
        z.object({
          station: z.string(),
          wait_s: quantity.describe("mean time before the service"),
          service_s: quantity.describe("mean time of the service, propagation included"),
          stages: z.array(stageSchema).describe("what the service is made of, as the closed form has it"),
        }),
      ),
    }),
  ),
});
export type Simulation = z.infer<typeof simulationSchema>;
