/**
 * The report: what a prediction says, for people. From one plain document — a profile, its predictions over a
 * topology, a bandwidth sweep and a self-check — it makes Vega-Lite charts, their SVG, and one HTML page that opens
 * without a network. The room is pure: it reads no file and no clock, and runs in a browser as it is; PNG and the
 * bundles that make the page interactive come from `src/render`. The colours, wordings and measures of text that the charts
 * are made with are for whoever draws by other means, as the what-if page does.
 */
export { answer, capitalised, ranking, winner } from "./answer.ts";
export { bestOverBandwidth } from "./charts/bestOverBandwidth.ts";
export { bytesByCut } from "./charts/bytesByCut.ts";
export type { Chart } from "./charts/chart.ts";
export { CHARTS, PLAN_CHARTS } from "./charts/index.ts";
export { kernelTime } from "./charts/kernelTime.ts";
export { latencyByCut } from "./charts/latencyByCut.ts";
export { selfCheck } from "./charts/selfCheck.ts";
export { choiceName, choices } from "./choices.ts";
export { columns, thinned } from "./columns.ts";
export { type Crossing, crossings, envelope, linesByPlacement } from "./crossings.ts";
export { type Check, type Crossover, type ReportData, reportSchema } from "./data.ts";
export { dodge } from "./dodge.ts";
export { type Drawing, type DrawnChart, drawCharts } from "./draw.ts";
export { bitRate, byteSize, counted, duration, factor, interval, percent, rounded } from "./format.ts";
export { html } from "./html/page.ts";
export { planHtml } from "./html/planpage.ts";
export type { Bundles } from "./html/shell.ts";
export { contrast, inked, readableOn, STAGE_COLOURS, tierColourAt } from "./palette.ts";
export { type PlanReport, planReportSchema } from "./plandata.ts";
export { toSvg, toVega } from "./render.ts";
export { logTicks } from "./scales.ts";
export { shorten, textWidth } from "./text.ts";
export type { ChartOptions } from "./theme.ts";
