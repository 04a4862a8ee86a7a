import { z } from "zod";
import { count, quantity } from "./common.ts";

const number = z.number().finite();

/** What `tierwise calibrate` writes: parameters fitted to measured runs, how sure they are, and what they leave unexplained. */
export const calibrationSchema = z.object({
  format: z.literal("tierwise/calibration"),
  version: z.literal(1),
  runs: z.string().describe("base name of the table that was fitted"),
  rows: count,
  profiled: z.boolean().describe("whether it was fitted with profiles: it then corrects their stages"),
  route: z
    .object({
      chain: z.array(z.string()).describe("tiers in the order in which requests meet them"),
      fetches: z.boolean().describe("whether the entering tier fetches the input over the first link before all else"),
    })
    .describe("how requests go"),
  parameters: z
    .array(
      z.object({
        name: z.string(),
        unit: z.enum(["s", "bit", "bit/s", ""]),
        value: quantity.describe("most probable value; a factor where it has no unit"),
        low: quantity.describe("lower end of its 90 % interval"),
        high: quantity,
        identified: z.boolean().describe("whether the runs say more about it than was assumed beforehand"),
        log_value: number.describe("natural logarithm of the value, unrounded"),
        prior: number.describe("logarithm of the prior's median, less that of the parents"),
        spread: quantity.describe("standard deviation of the logarithm beforehand"),
        parents: z.array(count).describe("indices of the parameters whose product it is expected to be near"),
      }),
    )
    .describe("in an order in which parents come first"),
  covariance: z.array(z.array(number)).describe("of the logarithms: rows of the lower triangle"),
  widths: z
    .object({ within: quantity, beyond: quantity, n_within: count, n_beyond: count })
    .describe("half widths of 90 % intervals in units of a prediction's spread, by conformal prediction"),
  cells: z
    .array(
      z.object({
        run: z.record(z.string(), z.string()).describe("the cell's conditions, as columns of a table of runs"),
        n: count.describe("runs"),
        median_s: quantity,
        typical_s: quantity.describe(
          "what parameters are fitted to: the median of an input's repeats where stages were timed, else their lower third's bound",
        ),
        scatter: quantity.describe("standard deviation of repeats' logarithms"),
        noise: quantity.describe("standard error of the typical latency's logarithm"),
        from_start: z.boolean().describe("whether the first run is that of a fresh start"),
        stages_s: z.record(z.string(), quantity).describe("median seconds by stage"),
        first_s: quantity.describe("by how much that first run took longer"),
      }),
    )
    .describe("what was fitted"),
  residuals: z
    .array(z.object({ cell: z.string(), measured_s: quantity, predicted_s: quantity, error: number }))
    .describe("fitted cells beside their predictions"),
});
export type Calibration = z.infer<typeof calibrationSchema>;
