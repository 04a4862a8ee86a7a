/**
 * The zoo: well-known architectures built offline, node for node as their exporters write them, with seeded random
 * weights. They run as fast as the real ones and know nothing: what hangs on the graph and its shapes (latency, sizes,
 * cuts) can be studied on them, accuracy cannot. Their metadata say so.
 */
export { type Architecture, architecture, randomWeightsOf, weightCount, ZOO } from "./catalogue.ts";
