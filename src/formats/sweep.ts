import { z } from "zod";
import { parseYaml } from "./yaml.ts";

const end = z.union([z.number(), z.string()]);

const range = z.strictObject({
  from: end.describe("as the field is written: 1 Mbit/s, 0.5"),
  to: end,
  steps: z.number().int().min(2).optional().describe("values of a grid, both ends included; samples take any between"),
  scale: z.enum(["linear", "log"]).default("linear"),
});

const axis = z.union([z.array(z.unknown()).min(1), range], {
  error: "is neither a list of values nor a range {from, to, steps, scale}",
});
export type SweepAxis = z.output<typeof axis>;

const wholeNumber = z.number().int().nonnegative();

const samples = {
  n: z.number().int().positive().describe("scenarios; best a power of two for sobol"),
  seed: wholeNumber.max(2 ** 32 - 1).default(1),
};

const document = z.strictObject({
  format: z.literal("tierwise/sweep").optional(),
  version: z.literal(1).optional(),
  name: z.string().optional(),
  description: z.string().optional(),
  scenario: z.string().describe("scenario file, relative to this file, or the name of a shipped one"),
  class: z.string().optional().describe("class of requests to look at; left out: the first"),
  set: z.record(z.string(), z.unknown()).default({}).describe("what is changed in the scenario first: values by path"),
  axes: z
    .record(z.string(), axis)
    .describe("what varies, by path such as topology.links.mobile>edge.bandwidth: values, or a range"),
  sampling: z
    .union([
      z.literal("grid"),
      z.strictObject({ method: z.literal("grid") }),
      z.strictObject({ method: z.enum(["sobol", "latin-hypercube"]), ...samples }),
    ])
    .default("grid")
    .describe("every combination, the last axis fastest; or n points that fill the space evenly"),
  load: z
    .union([
      z.literal("none"),
      z.literal("simulate"),
      z.strictObject({
        requests: z.number().int().positive().optional().describe("of each scenario; left out: the scenario's"),
        seed: wholeNumber
          .max(2 ** 32 - 1)
          .default(1)
          .describe("the same in every scenario: common random numbers"),
      }),
    ])
    .default("none")
    .describe("simulate: percentiles and utilisation under the scenario's load as well; thousands of times slower"),
});

/** A sweep file: a scenario, what varies in it, and how the combinations are chosen. `tierwise sweep` reads it. */
export const sweepSchema = document.superRefine(({ axes, sampling }, context) => {
  const isGrid = sampling === "grid" || sampling.method === "grid";
  if (Object.keys(axes).length === 0)
    context.addIssue({ code: "custom", path: ["axes"], message: "needs at least one" });
  for (const [path, values] of Object.entries(axes)) {
    if (isGrid && !Array.isArray(values) && values.steps === undefined)
      context.addIssue({ code: "custom", path: ["axes", path], message: "a range of a grid needs steps" });
  }
});
export type Sweep = z.output<typeof sweepSchema>;

/**
 * Reads a sweep from YAML or JSON text.
 *
 * @param file name of the file, for messages
 * @throws Problem naming the file and the field
 */
export function parseSweep(text: string, file: string): Sweep {
  return parseYaml(sweepSchema, text, file);
}
