import { quantile } from "simple-statistics";
import { Problem } from "../formats/problem.ts";
import type { Profile } from "../formats/profile.ts";

/** How inference times vary around their median. */
export type Spread =
  | { readonly kind: "lognormal" /** Standard deviation of the logarithm. */; readonly sigma: number }
  | { readonly kind: "resampled" /** Measured times over their median. */; readonly factors: readonly number[] };

/** Relative deviation of a normal sample's median: √(π/2) of the mean's. */
const MEDIAN_FACTOR = Math.sqrt(Math.PI / 2);
const Z95 = 1.959964;

/**
 * The spread of the profile's own samples of whole runs, which stand for each of its segments.
 *
 * @throws Problem when samples are to be drawn from and the profile has kept none
 */
export function spreadOf(profiles: readonly Profile[], service: "lognormal" | "resampled"): Spread {
  const { run, model } = profiles[0]!;
  const samples = run.request_samples_s ?? [];
  const { median_s, low_s, high_s } = run.request;
  if (service === "resampled") {
    if (samples.length === 0) {
      throw new Problem(
        `the profile of ${model.name} has no samples to draw from; profile it again, or write service: lognormal`,
      );
    }
    return { kind: "resampled", factors: samples.map((sample) => sample / median_s) };
  }
  if (samples.length >= 10) {
    // Half of the way between the two quantiles that lie a deviation below and above the median.
    const [low, high] = [quantile(samples, 0.1587), quantile(samples, 0.8413)];
    return { kind: "lognormal", sigma: Math.log(high / low) / 2 };
  }
  // From the median's interval, which is as wide as the samples' deviation over the root of their number.
  const halfWidth = (high_s - low_s) / 2 / median_s;
  return { kind: "lognormal", sigma: (halfWidth / Z95 / MEDIAN_FACTOR) * Math.sqrt(run.request.samples) };
}
