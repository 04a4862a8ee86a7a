/**
 * The room between people's quantities and the program's: outside, `50 Mbit/s`, `20 ms` and `4 GiB`; inside, SI
 * numbers only. Units are parsed at the doors (files, options) and written back there; no other room knows them.
 */
export { formatBandwidth, formatDuration, formatSize } from "./format.ts";
export { parseQuantity, type QuantityKind, type Reading, readQuantity } from "./parse.ts";
