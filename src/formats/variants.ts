import { z } from "zod";
import { count, quantity } from "./common.ts";
import { parseYaml } from "./yaml.ts";

/** A measured quality of predictions with its 95 % confidence interval. */
export const accuracySchema = z.strictObject({
  metric: z.string().min(1).describe("accuracy (the first guess is right), top-5, f1 or f1-macro"),
  value: quantity.max(1),
  low: quantity.max(1).describe("lower end of the 95 % confidence interval"),
  high: quantity.max(1).describe("upper end of the 95 % confidence interval"),
  n: count.describe("samples that it was measured on"),
});
export type Accuracy = z.infer<typeof accuracySchema>;

const variantDocument = z.strictObject({
  model: z.string().min(1).describe("ONNX file, relative to this file"),
  operator: z
    .string()
    .regex(/^[a-z0-9-]+(\+[a-z0-9-]+)*$/, "an operator is written like qat or distilled+sptq")
    .describe("deployment operator that made this variant of the model, such as identity, qat or distilled+sptq"),
  accuracy: z.array(accuracySchema).default([]).describe("as measured on the data set; a metric appears once"),
  training: z
    .strictObject({
      seconds: quantity.describe("processor time that making the variant took, beyond the model it starts from"),
      device: z.string().min(1).describe("what it ran on"),
      note: z.string().optional(),
    })
    .optional()
    .describe("what the variant cost to make; left out: unknown"),
});

/** The variants file: models that do one task, how good each is, and what it cost. */
export const variantsSchema = z
  .strictObject({
    format: z.literal("tierwise/variants").optional(),
    version: z.literal(1).optional(),
    task: z.string().min(1).describe("what all variants do, in words"),
    data: z.string().min(1).describe("data set document that accuracies are measured on, relative to this file"),
    variants: z.array(variantDocument).min(1),
  })
  .superRefine(({ variants }, context) => {
    const taken = new Set<string>();
    for (const [i, { operator, accuracy }] of variants.entries()) {
      if (taken.has(operator))
        context.addIssue({
          code: "custom",
          path: ["variants", i, "operator"],
          message: `"${operator}" is there twice`,
        });
      taken.add(operator);
      const metrics = accuracy.map(({ metric }) => metric);
      const twice = metrics.find((metric, at) => metrics.indexOf(metric) !== at);
      if (twice)
        context.addIssue({ code: "custom", path: ["variants", i, "accuracy"], message: `"${twice}" is there twice` });
      for (const [j, { value, low, high }] of accuracy.entries())
        if (!(low <= value && value <= high))
          context.addIssue({
            code: "custom",
            path: ["variants", i, "accuracy", j],
            message: "needs low ≤ value ≤ high",
          });
    }
  })
  .describe("variants of a model for one task");
export type Variants = z.infer<typeof variantsSchema>;
export type Variant = Variants["variants"][number];

/**
 * Reads a variants document from YAML or JSON text.
 * @param name name of the file, for messages
 * @throws Problem naming the file and the field
 */
export function parseVariants(text: string, name: string): Variants {
  return parseYaml(variantsSchema, text, name);
}
