import { unknownName } from "../formats/names.ts";
import { Problem } from "../formats/problem.ts";
import { type Distribution, meanOf } from "./distributions.ts";
import type { Arrivals, Network, RateTrace, StationSpec } from "./network.ts";

/**
 * Looks for what cannot be simulated.
 *
 * @throws Problem naming the station or class and the field
 */
export function checkNetwork({ stations, classes, hosts = {} }: Network): void {
  if (Object.keys(classes).length === 0) throw new Problem("a network needs a class of requests");
  for (const [name, { cores }] of Object.entries(hosts)) positive(`host "${name}": cores`, cores);
  for (const [name, station] of Object.entries(stations)) {
    checkStation(`station "${name}"`, station);
    if (station.host !== undefined && !hosts[station.host]) throw unknownName("host", station.host, Object.keys(hosts));
  }
  for (const [name, { arrivals, route, timeout_s, retries }] of Object.entries(classes)) {
    const where = `class "${name}"`;
    checkArrivals(where, arrivals);
    if (route.length === 0) throw new Problem(`${where}: its route has no stops`);
    for (const [i, visit] of route.entries()) {
      if (!stations[visit.station]) throw unknownName("station", visit.station, Object.keys(stations));
      checkDistribution(`${where}, stop ${i}: work`, visit.work);
      if (visit.session) checkDistribution(`${where}, stop ${i}: session.load`, visit.session.load);
      positive(`${where}, stop ${i}: cores`, visit.cores);
      notNegative(`${where}, stop ${i}: delay_s`, visit.delay_s);
    }
    positive(`${where}: timeout_s`, timeout_s);
    if (retries) {
      whole(`${where}: retries.most`, retries.most, 0);
      notNegative(`${where}: retries.wait_s`, retries.wait_s);
    }
  }
}

function checkStation(where: string, station: StationSpec): void {
  if (station.servers !== Number.POSITIVE_INFINITY) whole(`${where}: servers`, station.servers, 1);
  whole(`${where}: replicas`, station.replicas, 1);
  whole(`${where}: queue_limit`, station.queue_limit, 0);
  if (typeof station.rate === "number") positive(`${where}: rate`, station.rate);
  else if (station.rate) checkTrace(`${where}: rate`, station.rate);
  notNegative(`${where}: burst`, station.burst);
  if (station.loss) {
    const { probability, packet, round_s } = station.loss;
    if (!(probability >= 0 && probability < 1)) {
      throw new Problem(`${where}: loss.probability is ${probability}; it must be at least 0 and below 1`);
    }
    positive(`${where}: loss.packet`, packet);
    notNegative(`${where}: loss.round_s`, round_s);
  }
  if (station.batch) {
    whole(`${where}: batch.size`, station.batch.size, 1);
    notNegative(`${where}: batch.wait_s`, station.batch.wait_s);
    notNegative(`${where}: batch.marginal`, station.batch.marginal);
    if (station.discipline === "sharing" || station.discipline === "lifo") {
      throw new Problem(
        `${where}: batches are formed first come, first served, or by priority, not "${station.discipline}"`,
      );
    }
  }
  if (station.quota) {
    positive(`${where}: quota.cores`, station.quota.cores);
    positive(`${where}: quota.period_s`, station.quota.period_s);
  }
  if (station.sessions) {
    whole(`${where}: sessions.places`, station.sessions.places, 0);
    notNegative(`${where}: sessions.keep_s`, station.sessions.keep_s);
  }
  if (station.failures) {
    checkDistribution(`${where}: failures.up`, station.failures.up);
    checkDistribution(`${where}: failures.down`, station.failures.down);
    positive(`${where}: failures.up's mean`, meanOf(station.failures.up));
  }
}

function checkTrace(where: string, { steps, repeat_s }: RateTrace): void {
  if (steps.length === 0) throw new Problem(`${where}: a trace needs steps`);
  if (steps[0]!.at_s !== 0) throw new Problem(`${where}: the first step is at ${steps[0]!.at_s} s; it must be at 0`);
  for (const [i, { at_s, rate }] of steps.entries()) {
    if (i > 0 && !(at_s > steps[i - 1]!.at_s)) throw new Problem(`${where}: step ${i} is not after the one before`);
    notNegative(`${where}: step ${i}`, rate);
  }
  if (!steps.some(({ rate }) => rate > 0)) throw new Problem(`${where}: no step has a rate above zero`);
  const last = steps.at(-1)!;
  if (repeat_s === undefined && last.rate === 0) {
    throw new Problem(`${where}: its last step has rate 0, and it does not repeat: requests would wait for ever`);
  }
  if (repeat_s !== undefined && !(repeat_s > last.at_s)) {
    throw new Problem(`${where}: repeats after ${repeat_s} s, which is not after its last step`);
  }
}

function checkArrivals(where: string, arrivals: Arrivals): void {
  switch (arrivals.kind) {
    case "renewal":
      checkDistribution(`${where}: arrivals.gap`, arrivals.gap);
      positive(`${where}: arrivals.gap's mean`, meanOf(arrivals.gap));
      return;
    case "mmpp":
      if (arrivals.states.length === 0) throw new Problem(`${where}: arrivals have no states`);
      for (const [i, { rate, mean_s }] of arrivals.states.entries()) {
        notNegative(`${where}: arrivals.states[${i}].rate`, rate);
        positive(`${where}: arrivals.states[${i}].mean_s`, mean_s);
      }
      if (!arrivals.states.some(({ rate }) => rate > 0)) throw new Problem(`${where}: no state has a rate above zero`);
      return;
    case "trace":
      if (arrivals.times_s.length === 0) throw new Problem(`${where}: the arrival trace is empty`);
      for (const [i, at] of arrivals.times_s.entries()) {
        if (!(at >= (arrivals.times_s[i - 1] ?? 0))) {
          throw new Problem(`${where}: arrival ${i}, at ${at} s, comes before the one before it`);
        }
      }
      return;
    case "closed":
      whole(`${where}: arrivals.population`, arrivals.population, 1);
      checkDistribution(`${where}: arrivals.think`, arrivals.think);
  }
}

function checkDistribution(where: string, distribution: Distribution): void {
  if (typeof distribution === "number") {
    notNegative(where, distribution);
    return;
  }
  switch (distribution.kind) {
    case "uniform":
      notNegative(`${where}.low`, distribution.low);
      if (!(distribution.high >= distribution.low && distribution.high < Number.POSITIVE_INFINITY)) {
        throw new Problem(`${where}: high is ${distribution.high}, below low, ${distribution.low}`);
      }
      return;
    case "empirical":
      if (distribution.values.length === 0) throw new Problem(`${where}: no values to draw from`);
      for (const value of distribution.values) notNegative(`${where}.values`, value);
      notNegative(`${where}.scale`, distribution.scale);
      return;
    case "weibull":
      positive(`${where}.shape`, distribution.shape);
      break;
    case "lognormal":
    case "gamma":
      positive(`${where}.cv`, distribution.cv);
  }
  positive(`${where}.mean`, distribution.mean);
}

function positive(where: string, value: number | undefined): void {
  if (value !== undefined && !(value > 0 && value < Number.POSITIVE_INFINITY)) {
    throw new Problem(`${where} is ${value}; it must be a number above zero`);
  }
}

function notNegative(where: string, value: number | undefined): void {
  if (value !== undefined && !(value >= 0 && value < Number.POSITIVE_INFINITY)) {
    throw new Problem(`${where} is ${value}; it must be a number and not negative`);
  }
}

function whole(where: string, value: number | undefined, least: number): void {
  if (value !== undefined && !(Number.isSafeInteger(value) && value >= least)) {
    throw new Problem(`${where} is ${value}; it must be a whole number, at least ${least}`);
  }
}
