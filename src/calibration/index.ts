/**
 * Calibration: fits what cannot be known beforehand to measured runs, says how sure it is of each parameter and how wide
 * an honest interval must be, and compares predictions with runs that were not fitted. Pure: runs come in as data, and nothing
 * here reads a clock.
 */
export { type Cell, cellKey, cellName, cellsOf } from "./cells.ts";
export { calibratedFrom, calibrationDocument } from "./document.ts";
export { type JointDraws, priorDraws } from "./draws.ts";
export { condition } from "./expression.ts";
export { type CellPrediction, Fit, type Known } from "./fit.ts";
export { calibratedPredictions } from "./predictions.ts";
export { type Calibrated, calibrate, type Fold, validate } from "./validate.ts";
