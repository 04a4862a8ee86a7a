import { z } from "zod";
import { count, quantity } from "./common.ts";

const errors = z.object({
  n: count.describe("predicted cells"),
  mape: quantity.describe("mean absolute relative error of the cells' medians"),
  median_ape: quantity,
  within_10: quantity.describe("share of cells within ±10 %"),
  worst: quantity,
});

const regretOfChoice = z.object({
  n: count.describe("choices to make"),
  right: quantity.describe("share of choices that were the best one"),
  median: quantity.describe("by how much the choice was slower than the best, relative"),
  p95: quantity,
  worst: quantity,
});

const regret = z.object({ operator: regretOfChoice.nullable(), placement: regretOfChoice.nullable() });

/** What `tierwise validate` says of predictions beside measured runs; a cell is what runs have in common but request and repeat. */
export const validationSchema = errors.extend({
  n_fit: count.describe("cells that parameters were fitted to"),
  rows_fit: count,
  rows: count.describe("rows of the predicted cells"),
  coverage_90: quantity.describe("share of cells whose median lies in the predicted 90 % interval"),
  interval_90: quantity.describe("median half width of these intervals, relative"),
  extrapolating: count.describe("predicted cells with conditions that no fitted run had"),
  rank_correlation: z.number().describe("Spearman's, between predicted and measured medians"),
  noise_floor: z
    .object({ mape: quantity, median_ape: quantity, n: count })
    .nullable()
    .describe("how well one repeat of a cell predicts another"),
  regret,
  baselines: z.array(errors.extend({ name: z.string(), regret })),
  groups: z.array(errors.extend({ by: z.string(), value: z.string(), coverage_90: quantity })),
  cells: z
    .array(
      z.object({
        cell: z.string(),
        measured_s: quantity,
        predicted_s: quantity,
        low_s: quantity,
        high_s: quantity,
        extrapolates: z.array(z.string()),
      }),
    )
    .describe("every predicted cell"),
});
export type Validation = z.infer<typeof validationSchema>;
export type ErrorSummary = z.infer<typeof errors>;
export type Regret = z.infer<typeof regretOfChoice>;
