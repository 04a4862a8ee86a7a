import { bestOverBandwidth, bestOverBandwidthMissing } from "./bestOverBandwidth.ts";
import { bytesByCut, bytesByCutMissing } from "./bytesByCut.ts";
import type { Chart } from "./chart.ts";
import { kernelTime, kernelTimeMissing } from "./kernelTime.ts";
import { latencyByCut, latencyByCutMissing } from "./latencyByCut.ts";
import { selfCheck, selfCheckMissing } from "./selfCheck.ts";

/** All charts, in the order of the report. */
export const CHARTS: readonly Chart[] = [
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
