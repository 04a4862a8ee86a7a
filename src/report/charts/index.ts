import type { ReportData } from "../data.ts";
import type { PlanReport } from "../plandata.ts";
import { accuracyFront, accuracyFrontMissing } from "./accuracyFront.ts";
import { bestOverBandwidth, bestOverBandwidthMissing } from "./bestOverBandwidth.ts";
import { bytesByCut, bytesByCutMissing } from "./bytesByCut.ts";
import type { Chart } from "./chart.ts";
import { flips, flipsMissing } from "./flips.ts";
import { kernelTime, kernelTimeMissing } from "./kernelTime.ts";
import { latencyByCut, latencyByCutMissing } from "./latencyByCut.ts";
import { overTrace, overTraceMissing } from "./overTrace.ts";
import { predictedMeasured, predictedMeasuredMissing } from "./predictedMeasured.ts";
import { selfCheck, selfCheckMissing } from "./selfCheck.ts";
import { stagesOfChoices, stagesOfChoicesMissing } from "./stagesOfChoices.ts";
import { tornado, tornadoMissing } from "./tornado.ts";
import { underLoad, underLoadMissing } from "./underLoad.ts";

/** All charts of the report on a model, in its order. */
export const CHARTS: readonly Chart<ReportData>[] = [
  { name: "latencyByCut", heading: "Latency by cut", missing: latencyByCutMissing, spec: latencyByCut },
  {
    name: "bestOverBandwidth",
    heading: "Which placement at which bandwidth",
    missing: bestOverBandwidthMissing,
    spec: bestOverBandwidth,
  },
  { name: "bytesByCut", heading: "Bytes by cut", missing: bytesByCutMissing, spec: bytesByCut },
  { name: "kernelTime", heading: "Where the time goes", missing: kernelTimeMissing, spec: kernelTime },
  { name: "selfCheck", heading: "Predicted against measured", missing: selfCheckMissing, spec: selfCheck },
];

/** All charts of the report on a plan, in its order. */
export const PLAN_CHARTS: readonly Chart<PlanReport>[] = [
  { name: "stagesOfChoices", heading: "Where the time goes", missing: stagesOfChoicesMissing, spec: stagesOfChoices },
  { name: "accuracyFront", heading: "Accuracy against latency", missing: accuracyFrontMissing, spec: accuracyFront },
  { name: "underLoad", heading: "Under load", missing: underLoadMissing, spec: underLoad },
  { name: "flips", heading: "What would change the answer", missing: flipsMissing, spec: flips },
  { name: "tornado", heading: "Which inputs matter", missing: tornadoMissing, spec: tornado },
  { name: "overTrace", heading: "While bandwidths change", missing: overTraceMissing, spec: overTrace },
  {
    name: "predictedMeasured",
    heading: "Predicted against measured",
    missing: predictedMeasuredMissing,
    spec: predictedMeasured,
  },
];
