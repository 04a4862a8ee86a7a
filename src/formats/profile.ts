import { z } from "zod";
import { count, measurementSchema, quantity, tensorSchema } from "./common.ts";

/** One node of the source graph, in topological order. */
export const nodeSchema = z.object({
  name: z.string().min(1).describe("the node's name, or Op#index where the file gives none"),
  op: z.string().min(1),
  flops: quantity.describe("floating-point operations: a multiply-add counts as two"),
  bytes: quantity.describe("bytes read and written, weights included"),
  parameters: count,
  shapes: z
    .object({
      inputs: z.array(z.array(count).nullable()).describe("dimensions of each input; null where there is none"),
      output: z.array(count).describe("dimensions of the first output"),
    })
    .optional()
    .describe("what transferring the profile to another device needs; profiles of earlier versions have none"),
  attributes: z
    .record(z.string(), z.union([z.number(), z.array(z.number()), z.string()]))
    .optional()
    .describe("those of the node's attributes that decide how much work it is: kernel_shape, strides, group, …"),
});

/**
 * One kernel that the runtime executes. Kernels of the whole model come first, in execution order; after them come
 * boundary kernels, which exist only in the head or tail of some cut (layout reorders, parts of a fusion).
 */
export const kernelSchema = measurementSchema.extend({
  name: z.string().describe("the runtime's name for the kernel"),
  op: z.string().min(1).describe("operator as executed, with its domain where that is not ONNX's own"),
  nodes: z.array(count).describe("indices of the source nodes that the kernel covers"),
  flops: quantity.describe("floating-point operations of the nodes covered"),
  bytes: quantity.describe("bytes read and written by the kernel"),
  estimated: z.literal(true).optional().describe("set when the time is inferred from kernels of the same operator"),
});

/** Kernels of one segment: indices into `kernels`, as ranges such as "0-41,43", and boundary kernels one by one. */
export const segmentSchema = z.object({
  kernels: z
    .string()
    .regex(/^(\d+(-\d+)?(,\d+(-\d+)?)*)?$/)
    .describe('indices into kernels, as ranges: "0-41,43"'),
  weight_bytes: count.describe("bytes of the weights that the segment needs"),
  peak_activation_bytes: count.describe("largest sum of tensors alive at once, in the order of the file"),
});

/** A cut of the source graph after `position` nodes of its topological order. */
export const cutSchema = z.object({
  id: z.string().min(1).describe("name of the last node of the head"),
  position: count.describe("number of source nodes in the head"),
  tensors: z.array(count).min(1).describe("indices into tensors: exactly those that cross"),
  bytes: count.describe("sum of the crossing tensors' bytes"),
  head: segmentSchema,
  tail: segmentSchema,
});

/** How a tensor travels. Costs are per element of a float32 tensor, measured on the host of the profile. */
export const codecSchema = z.object({
  codec: z.enum(["json", "base64", "raw", "float16"]),
  bytes_per_element: quantity.describe("bytes on the wire per float32 element, measured"),
  encode_s_per_element: quantity,
  decode_s_per_element: quantity,
  encode_base_s: quantity.describe("encode time of an empty tensor"),
  decode_base_s: quantity.describe("decode time of an empty tensor"),
  integers: z
    .object({ encode_s_per_byte: quantity, decode_s_per_byte: quantity })
    .optional()
    .describe(
      "of tensors of integers, per byte on the wire, where they differ; left out: like float32 ones of as many bytes",
    ),
});
export type CodecName = z.infer<typeof codecSchema>["codec"];
export type CodecCost = z.infer<typeof codecSchema>;

/** One tensor's way through the source graph. Constants have none: each segment has its own copy. */
export const edgeSchema = z.object({
  tensor: count.describe("index into tensors"),
  producer: count.nullable().describe("index into nodes; null for an input of the model"),
  consumers: z.array(count).describe("indices into nodes, ascending; empty where the tensor is only an output"),
});

export const hostSchema = z.object({
  id: z.string().min(1).describe("fingerprint: hash of processor, features, cores and runtime version"),
  cpu: z.string(),
  cores: count,
  cpu_features: z.array(z.string()),
  memory_bytes: quantity,
  platform: z.string().describe("operating system and architecture, such as linux-x64"),
  node: z.string(),
  runtime: z.string().describe("inference runtime and its version"),
});

/** Kernel latencies of one variant on one device: the file that `tierwise profile` writes. */
export const profileSchema = z.object({
  format: z.literal("tierwise/profile"),
  version: z.literal(1),
  created: z.string().describe("ISO 8601 time at which measuring ended"),
  model: z.object({
    name: z.string().min(1),
    file: z.string().describe("base name of the ONNX file"),
    fingerprint: z.string().describe("hash of all that decides the profile; equal for repetitions of a measurement"),
    sha256: z.string().regex(/^[0-9a-f]{64}$/),
    bytes: count,
    operator: z.string().describe("deployment operator of the variant: identity, sptq, distilled+sptq, …"),
    parameters: count,
    flops: quantity,
    weight_bytes: count,
    inputs: z.array(count).describe("indices into tensors"),
    outputs: z.array(count).describe("indices into tensors"),
  }),
  host: hostSchema,
  settings: z.object({
    threads: z.number().int().positive().describe("intra-op threads"),
    optimisation: z.enum(["all", "extended", "basic", "disabled"]),
    trace_cost_s: quantity.describe("what tracing adds to a kernel's reported time; already taken off"),
    trace_cost_per_input_s: quantity
      .optional()
      .describe("what it adds on top of that for each tensor that the kernel reads; already taken off"),
    load_average: quantity.describe("one-minute load average of the host before measuring"),
    budget_s: quantity.describe("time budget for repetitions"),
    converged: z.boolean().describe("whether the run's median reached the ±2 % interval within the budget"),
    relative_ci: quantity.describe("half width of the 95 % interval of the run's median, relative to it"),
  }),
  session: z.object({
    cold_load: measurementSchema.describe("creating an inference session from the file, file cache warm"),
    first_load_s: quantity.describe("the first creation in a fresh process, libraries included"),
    base_s: quantity.describe("load model: fixed part"),
    per_kernel_s: quantity.describe("load model: part per kernel"),
    per_weight_byte_s: quantity.describe("load model: part per weight byte"),
    resident_bytes: quantity.describe("memory that session and first run added to the process"),
  }),
  run: z.object({
    warmup_runs: count,
    kernels: measurementSchema.describe("time inside kernels in one run of the whole model"),
    request: measurementSchema.describe("one run of the whole model as JavaScript sees it, nothing traced"),
    request_samples_s: z
      .array(quantity)
      .optional()
      .describe("some of the request times that the median is of, in the order in which they were taken"),
    skew: z
      .number()
      .positive()
      .describe("median of a run's kernel sum ÷ sum of the kernels' medians: what medians of single kernels leave out"),
    request_base_s: quantity.describe("request time beyond kernels: fixed part"),
    request_per_kernel_s: quantity.describe("request time beyond kernels: part per kernel"),
    request_per_byte_s: quantity.describe("request time beyond kernels: part per output byte"),
  }),
  nodes: z.array(nodeSchema),
  tensors: z.array(tensorSchema),
  kernels: z.array(kernelSchema),
  whole_kernels: count.describe("how many of kernels belong to the uncut model: the first so many"),
  cuts: z.array(cutSchema),
  edges: z
    .array(edgeSchema)
    .optional()
    .describe("the source graph's edges, for cuts along any order of it; older profiles have none"),
  anchors: z
    .array(
      z.object({
        cut: z.string().describe("id of one of cuts"),
        head_s: quantity.describe("time inside kernels of the cut's head, measured as a whole"),
        tail_s: quantity.describe("the same of its tail"),
        head_request_s: quantity.optional().describe("time of a run of the head, as JavaScript sees it"),
        tail_request_s: quantity.optional().describe("the same of the tail"),
      }),
    )
    .optional()
    .describe("cuts whose sides were measured whole, to see how kernels of a segment differ from those of the model"),
  codecs: z.array(codecSchema),
  transferred: z
    .object({
      from: z.string().describe("name of the device that the profile was measured on"),
      to: z.string().describe("name of the device that it predicts"),
      method: z.enum(["bench", "catalogue"]).describe("from the target's micro-kernels, or from published figures"),
      from_model: z.string().optional().describe("the measured model, where this profile is of a variant of it"),
      notes: z.array(z.string()).describe("what is not known, and what was taken over unchanged"),
    })
    .optional()
    .describe("set when nothing in the profile was measured on its host: it was predicted from another device's"),
});
export type Profile = z.infer<typeof profileSchema>;
export type ProfileKernel = z.infer<typeof kernelSchema>;
export type ProfileNode = z.infer<typeof nodeSchema>;
export type ProfileCut = z.infer<typeof cutSchema>;
export type ProfileSegment = z.infer<typeof segmentSchema>;
export type ProfileEdge = z.infer<typeof edgeSchema>;
export type Host = z.infer<typeof hostSchema>;
