/**
 * Accuracy: from a classifier's scores and the right classes to a metric with its 95 % confidence interval. Works on
 * numbers alone: who runs the model feeds a {@link Tally}.
 */
export { checkMetric, METRICS, type Metric, measure, parseMetric, Tally } from "./tally.ts";
