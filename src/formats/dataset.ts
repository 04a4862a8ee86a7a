import { z } from "zod";
import { parseYaml } from "./yaml.ts";

const file = z.string().min(1).describe("path, relative to root");
const shape = z.array(z.number().int().positive()).describe("dimensions of one sample, without the batch");
/** A number, or a fraction such as 1/255. */
const factor = z.union([
  z.number(),
  z
    .string()
    .regex(/^\s*\d+(\.\d+)?\s*\/\s*\d*[1-9]\d*(\.\d+)?\s*$/, "must be a number or a fraction such as 1/255")
    .transform((text) => {
      const [above, below] = text.split("/").map(Number);
      return above! / below!;
    }),
]);
const perChannel = z.union([z.number(), z.array(z.number()).min(1)]);
const divisor = z.number().refine((value) => value !== 0, "must not be 0");

/** What is done to each value, in this order. Everything but dtype makes float32 of them. */
const transform = {
  dtype: z
    .enum(["float32", "int64", "int32", "uint8", "int8", "bool"])
    .optional()
    .describe("what the model takes; left out: float32 for images, CSV and whatever is scaled, else as stored"),
  shape: shape.optional().describe("dimensions of one sample as the model takes them; left out: as stored"),
  scale: factor.optional().describe("each value times this: a number, or a fraction such as 1/255"),
  mean: perChannel.optional().describe("taken off after scaling: one number, or one per channel"),
  std: z
    .union([divisor, z.array(divisor).min(1)])
    .optional()
    .describe("divided by after that: one number, or one per channel"),
};

const rows = {
  idx: z.strictObject({
    kind: z.literal("idx").describe("the MNIST family's format, also gzipped"),
    file,
    ...transform,
  }),
  npy: z.strictObject({
    kind: z.literal("npy").describe("NumPy's format; its first axis is the sample"),
    file,
    ...transform,
  }),
  raw: z.strictObject({
    kind: z.literal("raw").describe("little-endian values, sample after sample, without a header"),
    file,
    stored: z
      .strictObject({
        dtype: z.enum(["float32", "float64", "int64", "int32", "uint16", "int16", "uint8", "int8"]),
        shape,
      })
      .describe("what is in the file: element type, and dimensions of one sample"),
    ...transform,
  }),
  safetensors: z.strictObject({
    kind: z.literal("safetensors").describe("one tensor of a safetensors file; its first axis is the sample"),
    file,
    tensor: z.string(),
    ...transform,
  }),
  csv: z.strictObject({
    kind: z.literal("csv").describe("numeric columns of a table with a heading"),
    file,
    columns: z.array(z.string()).min(1).describe("columns, in the order of the model's features"),
    delimiter: z.string().length(1).default(","),
    ...transform,
  }),
  images: z.strictObject({
    kind: z.literal("images").describe("a folder of pictures: a sub-folder per class, or as a CSV file lists them"),
    folder: z.string().min(1).describe("path, relative to root"),
    list: z
      .strictObject({ file, column: z.string() })
      .optional()
      .describe(
        "CSV file whose column names the pictures, relative to folder; left out: every picture of the sub-folders",
      ),
    size: z.tuple([z.number().int().positive(), z.number().int().positive()]).describe("height and width in pixels"),
    resize: z
      .number()
      .int()
      .positive()
      .optional()
      .describe("shorter side after resizing, of which size is then cut from the middle, such as 256; replaces fit"),
    fit: z
      .enum(["cover", "contain", "fill"])
      .default("cover")
      .describe(
        "cover: resized to cover the size and cropped in the middle; contain: padded with black; fill: stretched",
      ),
    channels: z.enum(["rgb", "bgr", "grey"]).default("rgb"),
    layout: z.enum(["nchw", "nhwc"]).default("nchw"),
    dtype: transform.dtype,
    scale: transform.scale,
    mean: transform.mean,
    std: transform.std,
  }),
};

const inputDocument = z.discriminatedUnion("kind", [
  rows.idx,
  rows.npy,
  rows.raw,
  rows.safetensors,
  rows.csv,
  rows.images,
]);

const plain = { kind: true, file: true } as const;
const labelsDocument = z.discriminatedUnion("kind", [
  rows.idx.pick(plain),
  rows.npy.pick(plain),
  rows.raw.pick({ ...plain, stored: true }),
  rows.safetensors.pick({ ...plain, tensor: true }),
  z.strictObject({
    kind: z.literal("csv"),
    file,
    column: z.string().describe("column of class numbers, or of class names where classes are listed"),
    delimiter: z.string().length(1).default(","),
  }),
  z.strictObject({ kind: z.literal("folders").describe("the sub-folder that a picture lies in is its class") }),
]);

/** The data set file: where samples and labels lie, and how values become what a model takes. */
export const datasetSchema = z
  .strictObject({
    format: z.literal("tierwise/dataset").optional(),
    version: z.literal(1).optional(),
    name: z.string().min(1).describe("how reports call it"),
    description: z.string().optional(),
    root: z.string().default(".").describe("folder that paths begin in, relative to this file; or an absolute path"),
    inputs: z
      .record(z.string(), inputDocument)
      .refine((inputs) => Object.keys(inputs).length > 0, "lists no input")
      .describe("by the names of the model's inputs"),
    labels: labelsDocument
      .optional()
      .describe("class numbers, from 0; left out: the data can calibrate but not evaluate"),
    classes: z
      .array(z.string())
      .min(2)
      .optional()
      .describe("names of the classes, in the order of the model's outputs"),
  })
  .describe("a data set");

export type DatasetDocument = z.infer<typeof datasetSchema>;
export type InputDocument = z.infer<typeof inputDocument>;
export type LabelsDocument = z.infer<typeof labelsDocument>;

/**
 * Reads a data set document from YAML or JSON text.
 * @param name name of the file, for messages
 * @throws Problem naming the file and the field
 */
export function parseDataset(text: string, name: string): DatasetDocument {
  return parseYaml(datasetSchema, text, name);
}
