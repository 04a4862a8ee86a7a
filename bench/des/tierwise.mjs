// One run of one of Tierwise's engines: node tierwise.mjs ENGINE WORKLOAD REQUESTS [SEED]
import { Simulation } from "../../dist/simulator/process.js";
import { simulate } from "../../dist/simulator/simulate.js";
import { NETWORKS } from "./networks.mjs";

const [engine, workload, count, seed = "1"] = process.argv.slice(2);
const requests = Number(count);
const EVENTS = { mm1: 2, tandem: 6, featured: 6 };

const start = performance.now();
const result = engine === "process" ? processes() : declared();
const seconds = (performance.now() - start) / 1000;
const figures = {
  events_per_s: (EVENTS[workload] * requests) / seconds,
  ...result,
  peak_rss_mb: process.resourceUsage().maxRSS / 1024,
};
process.stdout.write(`${JSON.stringify(figures)}\n`);

function declared() {
  const { classes, latency } = simulate(NETWORKS[workload], { requests, engine, seed: Number(seed) });
  return workload === "mm1"
    ? { mean_wait_s: classes.customer.stops[0].wait_s }
    : { mean_latency_s: latency.mean.value };
}

/** The same as generator processes: one per request. */
function processes() {
  const simulation = new Simulation(Number(seed));
  const { classes, stations } = NETWORKS[workload];
  const [{ arrivals, route }] = Object.values(classes);
  const gap = simulation.draw(arrivals.gap, "arrivals");
  const stops = route.map(({ station, work }) => [
    simulation.resource(stations[station].servers ?? 1),
    simulation.draw(work, station),
  ]);
  let waited = 0;
  let total = 0;
  function* request() {
    const came = simulation.now;
    for (const [resource, service] of stops) {
      yield resource;
      if (workload === "mm1") waited += simulation.now - came;
      yield service();
      resource.release();
    }
    total += simulation.now - came;
  }
  function* source() {
    for (let i = 0; i < requests; i++) {
      yield gap();
      simulation.process(request());
    }
  }
  simulation.process(source());
  simulation.run();
  return workload === "mm1" ? { mean_wait_s: waited / requests } : { mean_latency_s: total / requests };
}
