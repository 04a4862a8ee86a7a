/**
 * The page's one door to the engine: what is predicted, searched and simulated comes from here, from the project's own
 * pure rooms, in the browser. `outlook` is for every move of a control; the others take longer and are for a worker.
 */
export { crossingOf } from "./crossing.ts";
export { type Front, type FrontPoint, frontOf } from "./front.ts";
export { type Choice, type Curve, type Outlook, outlook, type Standing, variantOf } from "./outlook.ts";
export { type LoadPoint, type LoadStudy, loadStudy } from "./queueing.ts";
