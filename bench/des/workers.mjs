// Seconds that so many replications take on so many worker threads: node workers.mjs THREADS REPLICATIONS REQUESTS
import { replicate } from "../../dist/workers/index.js";

const [threads, replications, requests] = process.argv.slice(2).map(Number);
const exponential = (mean) => ({ kind: "exponential", mean });
const network = {
  stations: { mobile: {}, uplink: {}, edge: { servers: 4 }, backbone: {}, cloud: { servers: 16 } },
  classes: {
    request: {
      arrivals: { kind: "renewal", gap: exponential(0.01) },
      route: [
        { station: "mobile", work: exponential(0.008) },
        { station: "uplink", work: 0.005 },
        { station: "edge", work: exponential(0.032) },
        { station: "backbone", work: 0.006 },
        { station: "cloud", work: exponential(0.128) },
      ],
    },
  },
};
// The first start of threads, and their compilation, is not what is asked.
await replicate(network, { requests: 100_000, engine: "events" }, { replications: 2, threads });
const start = performance.now();
await replicate(network, { requests, engine: "events" }, { replications, threads });
process.stdout.write(String((performance.now() - start) / 1000));
