import { z } from "zod";
import { codecSchema } from "./profile.ts";
import { bitsPerSecond, seconds } from "./quantities.ts";

const positive = z.number().positive().finite();
const countFromOne = z.number().int().positive();

/** One value, or a list of values that the grid spans. */
function oneOrMany<One extends z.ZodType>(one: One) {
  return z
    .union([one, z.array(one).min(1)], {
      error: (issue) => {
        // Of the two readings, the one that came further says what is wrong.
        const faults = ("errors" in issue ? (issue.errors as z.core.$ZodIssue[][]) : []).flatMap(([first]) =>
          first ? [first] : [],
        );
        const [fault] = faults.toSorted((a, b) => b.path.length - a.path.length);
        if (!fault) return "must be one value or a list of them";
        return fault.path.length > 0 ? `at ${fault.path.join(".")}: ${fault.message}` : fault.message;
      },
    })
    .transform((value) => (Array.isArray(value) ? value : [value]) as z.output<One>[]);
}

const shape = z
  .union([z.array(countFromOne), z.string().regex(/^\d+(x\d+)*$/, "write dimensions such as 1x3x224x224")])
  .transform((value) => (typeof value === "string" ? value.split("x").map(Number) : value));

const cuts = z
  .union([countFromOne, z.string(), z.array(z.string()).min(1)])
  .transform((value) => (typeof value === "string" ? [value] : value))
  .describe("ids of cuts (several joined by > between more than two tiers), or a number: so many, evenly spread");

const model = z
  .union([
    z.string(),
    z.strictObject({
      file: z.string().describe("ONNX file, relative to the scenario"),
      name: z.string().min(1).optional().describe("in the column `model`; left out: the file's name without .onnx"),
      operator: z.string().min(1).optional().describe("deployment operator that made it; left out: as the file says"),
      shapes: z.record(z.string(), shape).default({}).describe("of inputs with free dimensions: 1x3x224x224"),
      inputs: z
        .record(z.string(), z.string())
        .default({})
        .describe("files with an input's raw little-endian values; left out: random floats and ones"),
      cuts: cuts.optional().describe("of this model, if they are not those of all"),
    }),
  ])
  .transform((value) => (typeof value === "string" ? { file: value, shapes: {}, inputs: {} } : value));

const link = z.strictObject({
  bandwidth: oneOrMany(bitsPerSecond("sustained rate").refine((rate) => rate > 0, "must be above zero")).optional(),
  delay: oneOrMany(seconds("one-way propagation delay", "10 ms")).optional(),
});

const tier = z.strictObject({
  cpus: oneOrMany(positive).optional().describe("processor quota in cores"),
  threads: oneOrMany(countFromOne).optional().describe("intra-op threads"),
  cores: z
    .string()
    .regex(/^\d+(-\d+)?(,\d+(-\d+)?)*$/, "write processors such as 0-1 or 0,2")
    .optional()
    .describe("processors that the tier's process may run on, such as 0-1"),
});

const agent = z.strictObject({
  url: z.string().regex(/^https?:\/\//, "write a URL such as http://10.0.0.5:7411"),
  token: z.string().min(1).optional().describe("left out: what the variable TIERWISE_TOKEN says"),
});

/**
 * What `tierwise measure` runs for real: the product of all that is listed. Whatever takes a list takes one value as
 * well.
 */
export const measureSchema = z
  .strictObject({
    models: z.array(model).min(1).describe("ONNX files, relative to the scenario; each says which operator made it"),
    placements: oneOrMany(z.string())
      .optional()
      .describe("edge, or mobile>edge; left out: every tier, and every pair of tiers"),
    cuts: cuts.default(3),
    codecs: oneOrMany(codecSchema.shape.codec).optional().describe("left out: the topology's"),
    sessions: oneOrMany(z.enum(["warm", "cold"]))
      .optional()
      .describe("left out: the topology's"),
    links: z
      .record(z.string(), link)
      .default({})
      .describe('by name such as "mobile>edge"; a direction that is left out keeps its proportion to the other'),
    tiers: z.record(z.string(), tier).default({}).describe("by name; what is left out is as in the topology"),
    rates: oneOrMany(z.union([positive, z.literal("closed")]))
      .prefault("closed")
      .describe("requests per second offered, as a Poisson stream; or closed: one at a time is in flight"),
    requests: countFromOne.default(100).describe("of each stream"),
    repeats: countFromOne.default(3).describe("of each cell; all cells are run before the next repeat"),
    until: z
      .strictObject({
        precision: positive.max(1).describe("half width of a median's 95 % interval, as a share of it: 0.05 is ±5 %"),
        repeats: countFromOne.default(30).describe("at most, of each cell"),
      })
      .optional()
      .describe(
        "go on with cells whose median latency is not known so well after their repeats; six of them at least are needed to know it",
      ),
    stolen_at_most: z
      .number()
      .nonnegative()
      .max(1)
      .optional()
      .describe(
        "share of its tiers' processor time that the hypervisor may take while a stream is measured: one that lost more is measured again, up to five times, and the one that lost least is kept",
      ),
    warmups: z
      .number()
      .int()
      .nonnegative()
      .default(1)
      .describe("requests before a measured one, where sessions are warm"),
    sample: countFromOne.optional().describe("run only so many cells of the product, drawn at random"),
    seed: z.number().int().nonnegative().default(1).describe("of all that is drawn: sample, order, arrivals"),
    timeout: seconds("after which a request has failed", "10 min").prefault("10 min"),
    agents: z
      .record(z.string(), agent)
      .default({})
      .describe("tiers that run elsewhere, as `tierwise agent`; all others are processes of this machine"),
  })
  .describe("what `tierwise measure` runs for real");
export type Measure = z.output<typeof measureSchema>;
