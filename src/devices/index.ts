/**
 * The devices room: what a kernel is in terms in which devices can be compared, and how a profile measured on one device
 * predicts another, from both devices' micro-kernels or from published figures alone. Pure.
 */
export { transferByCatalogue } from "./catalogue.ts";
export { type Estimate, Pair } from "./pair.ts";
export { Rooflines } from "./roofline.ts";
export { benchOf, transferByBench, transferToVariant } from "./transfer.ts";
export { type Executed, keyOf, type Work, workOf } from "./work.ts";
