/**
 * The report: what a prediction says, for people. From one plain document — a profile, its predictions over a
 * topology, a bandwidth sweep and a self-check — it makes Vega-Lite charts, their SVG, and one HTML page that opens
 * without a network. The room is pure: it reads no file and no clock, and runs in a browser as it is; PNG and the
 * bundles that make the page interactive come from `src/render`.
 */
export { answer, ranking, winner } from "./answer.ts";
export { bestOverBandwidth } from "./charts/bestOverBandwidth.ts";
export { bytesByCut } from "./charts/bytesByCut.ts";
export type { Chart } from "./charts/chart.ts";
export { CHARTS } from "./charts/index.ts";
export { kernelTime } from "./charts/kernelTime.ts";
export { latencyByCut } from "./charts/latencyByCut.ts";
export { selfCheck } from "./charts/selfCheck.ts";
export { type Crossing, crossings, envelope } from "./crossings.ts";
export { type Check, type Crossover, type ReportData, reportSchema } from "./data.ts";
export { type Drawing, type DrawnChart, drawCharts } from "./draw.ts";
export { type Bundles, html } from "./html/page.ts";
export { toSvg, toVega } from "./render.ts";
export type { ChartOptions } from "./theme.ts";
