// One run of simjs from npm: node peer_simjs.mjs FOLDER WORKLOAD REQUESTS [SEED], FOLDER holding its node_modules.
import { createRequire } from "node:module";
import path from "node:path";

const [folder, workload, count, seed = "1"] = process.argv.slice(2);
// The package was written for browsers, and leaves its classes in the window.
globalThis.window = globalThis;
createRequire(path.join(folder, "x.js"))("simjs");
const { Sim, Entity, Facility, Random } = globalThis.Sim;

const requests = Number(count);
const random = new Random(Number(seed));
const STOPS = {
  mm1: [[1, () => random.exponential(1)]],
  tandem: [
    [1, () => random.exponential(1 / 0.008)],
    [1, () => 0.005],
    [4, () => random.exponential(1 / 0.032)],
    [1, () => 0.006],
    [16, () => random.exponential(1 / 0.128)],
  ],
};
const stops = STOPS[workload].map(([servers, service]) => [new Facility("f", Facility.FCFS, servers), service]);
const rate = workload === "mm1" ? 0.8 : 100;
let total = 0;
let arrived = 0;

class Source extends Entity {
  start() {
    this.setTimer(random.exponential(rate)).done(this.arrive);
  }
  arrive() {
    const came = this.time();
    this.serve(0, came);
    if (++arrived < requests) this.setTimer(random.exponential(rate)).done(this.arrive);
  }
  serve(stop, came) {
    const [facility, service] = stops[stop];
    const duration = service();
    this.useFacility(facility, duration).done(() => {
      if (stop + 1 < stops.length) this.serve(stop + 1, came);
      else total += this.time() - came - (workload === "mm1" ? duration : 0);
    });
  }
}

const start = performance.now();
const sim = new Sim();
sim.addEntity(Source);
sim.simulate(Number.MAX_SAFE_INTEGER);
const seconds = (performance.now() - start) / 1000;
process.stdout.write(
  `${JSON.stringify({
    events_per_s: ((workload === "mm1" ? 2 : 6) * requests) / seconds,
    [workload === "mm1" ? "mean_wait_s" : "mean_latency_s"]: total / requests,
    peak_rss_mb: process.resourceUsage().maxRSS / 1024,
  })}\n`,
);
