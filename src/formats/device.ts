import { z } from "zod";
import { count, measurementSchema, quantity } from "./common.ts";
import { codecSchema, hostSchema } from "./profile.ts";
import { parseYaml } from "./yaml.ts";

/** Above zero: a rate, a size, a price. */
const positive = z.number().finite().positive();

/**
 * One figure of a device, with where it is from. A figure that nobody has published and nobody measured is left out:
 * there is no default for it.
 */
const figureSchema = z
  .strictObject({
    value: positive.describe("in the SI unit that the field's name says"),
    source: z
      .string()
      .min(1)
      .describe("address or title of the document that gives it; or the command that measured it"),
    date: z.iso.date().optional().describe("day on which the source was read, or the figure was measured"),
    measured: z.boolean().default(false).describe("measured by Tierwise on the device, rather than published"),
    verified: z
      .boolean()
      .default(true)
      .describe("the source itself was read for this figure; false: known from it, and still to be checked there"),
    note: z
      .string()
      .optional()
      .describe("what the figure holds for: clock, sparsity, number of cores; how it is derived"),
  })
  .refine(({ verified, date }) => !verified || date !== undefined, {
    error: "a verified figure needs the date on which its source was read",
    path: ["date"],
  });
export type Figure = z.infer<typeof figureSchema>;

/** Element types that devices have peak rates for. int8 counts its multiply-adds as two operations, as the others do. */
export const PEAK_DTYPES = ["float32", "float16", "int8"] as const;
export type PeakDtype = (typeof PEAK_DTYPES)[number];

const KINDS = ["phone", "single-board", "edge-accelerator", "laptop", "desktop", "server-cpu", "gpu", "host"] as const;

/** A micro-kernel: what it computes, and how long it takes on the device. */
export const microKernelSchema = measurementSchema.extend({
  kind: z.string().min(1).describe("class of kernel, such as conv, depthwise, matmul, unary:Sigmoid"),
  op: z.string().min(1).describe("operator that the runtime executed for it, with its domain"),
  dims: z.record(z.string(), quantity).describe("sizes that decide its time; which ones hangs on the class"),
  dtype: z.enum(["float32", "int8"]).describe("what it computes in"),
  flops: quantity.describe("operations: a multiply-add counts as two"),
  bytes: quantity.describe("bytes read and written"),
});
export type MicroKernel = z.infer<typeof microKernelSchema>;

/** What `tierwise device bench` measured. */
const benchSchema = z.object({
  host: hostSchema,
  threads: z.number().int().positive().describe("intra-op threads"),
  created: z.string().describe("ISO 8601 time at which measuring ended"),
  seconds: quantity.describe("how long measuring took"),
  load_average: quantity.describe("one-minute load average of the host before measuring"),
  passes: count.describe("times that all micro-kernels were gone through"),
  trace_cost_s: quantity.describe("what tracing adds to a kernel's reported time; already taken off"),
  trace_cost_per_input_s: quantity.describe("what it adds for each tensor that the kernel reads; already taken off"),
  kernels: z.array(microKernelSchema).min(1),
  run: z.object({
    request_base_s: quantity.describe("request time beyond kernels: fixed part"),
    request_per_kernel_s: quantity.describe("request time beyond kernels: part per kernel"),
    request_per_byte_s: quantity.describe("request time beyond kernels: part per output byte"),
  }),
  session: z.object({
    base_s: quantity.describe("creating a session: fixed part"),
    per_kernel_s: quantity.describe("creating a session: part per kernel"),
    per_weight_byte_s: quantity.describe("creating a session: part per weight byte"),
  }),
  codecs: z.array(codecSchema).describe("what coding a tensor of random numbers costs"),
});
export type Bench = z.infer<typeof benchSchema>;

/** A device: what it can do, with each figure's source; and, where it was at hand, what was measured on it. */
export const deviceSchema = z.strictObject({
  format: z.literal("tierwise/device"),
  version: z.literal(1),
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9.-]*$/, "small letters, digits, dots and hyphens")
    .describe("short name, as commands take it"),
  title: z.string().min(1).describe("what the maker calls it"),
  kind: z.enum(KINDS),
  cores: figureSchema.optional().describe("processor cores, or what the maker counts instead"),
  peak_flops_per_s: z
    .partialRecord(z.enum(PEAK_DTYPES), figureSchema)
    .default({})
    .describe("peak rate of dense arithmetic of the whole device by element type, operations per second"),
  memory_bandwidth_bytes_per_s: figureSchema.optional().describe("peak rate between processor and main memory"),
  memory_bytes: figureSchema.optional().describe("main memory; of accelerators, their own"),
  kernel_overhead_s: figureSchema.optional().describe("time of a kernel that computes next to nothing"),
  session_load_bytes_per_s: figureSchema.optional().describe("weight bytes taken into a session per second"),
  thread_scaling: z
    .array(
      z.strictObject({
        threads: z.number().int().positive(),
        speedup: positive.describe("of a chain of convolutions, over one thread"),
      }),
    )
    .optional()
    .describe("measured speed-up by number of threads"),
  power_w: figureSchema.optional().describe("power at full work, watts: of the board or package, as the note says"),
  price_usd: figureSchema.optional().describe("price at launch, US dollars"),
  price_usd_per_hour: figureSchema.optional().describe("price of renting it, US dollars per hour"),
  bench: benchSchema.optional().describe("micro-kernels measured on the device"),
});
export type Device = z.infer<typeof deviceSchema>;
export type ThreadScaling = NonNullable<Device["thread_scaling"]>[number];

/**
 * Reads a device document from YAML or JSON text.
 * @param name name of the file, for messages
 * @throws Problem naming the file and the field
 */
export function parseDevice(text: string, name: string): Device {
  return parseYaml(deviceSchema, text, name);
}
