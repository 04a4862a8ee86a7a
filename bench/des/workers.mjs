// Seconds that so many replications take on so many worker threads: node workers.mjs THREADS REPLICATIONS REQUESTS
import { replicate } from "../../dist/workers/index.js";
import { NETWORKS } from "./networks.mjs";

const [threads, replications, requests] = process.argv.slice(2).map(Number);
const network = NETWORKS.tandem;
// The first start of threads, and their compilation, is not what is asked.
await replicate(network, { requests: 100_000, engine: "events" }, { replications: 2, threads });
const start = performance.now();
await replicate(network, { requests, engine: "events" }, { replications, threads });
process.stdout.write(String((performance.now() - start) / 1000));
