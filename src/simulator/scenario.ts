import { type CostModel, compilePipeline, latency, predict } from "../costmodel/index.ts";
import { unknownName } from "../formats/names.ts";
import type { Pipeline } from "../formats/pipeline.ts";
import type { Stage } from "../formats/prediction.ts";
import { Problem } from "../formats/problem.ts";
import type { Profile } from "../formats/profile.ts";
import type { Scenario, ScenarioClass } from "../formats/scenario.ts";
import type { Link, Topology } from "../formats/topology.ts";
import type { Distribution } from "./distributions.ts";
import type { Arrivals, ClassSpec, Network, StationSpec, VisitSpec } from "./network.ts";
import { type Spread, spreadOf } from "./spread.ts";

/** A model of a class: what the cost model predicts from, and the profiles, for how their samples spread. */
export interface ScenarioModel {
  readonly model: CostModel;
  readonly profiles: readonly Profile[];
}

/** A class of a scenario, compiled. */
export interface CompiledClass {
  readonly name: string;
  readonly pipeline: Pipeline;
  /** Of one request in an idle system, by the closed form. */
  readonly unloaded_s: number;
  /** The pipeline's stages, stop by stop of the class's route. */
  readonly stops: readonly (readonly Stage[])[];
}

export interface CompiledScenario {
  readonly network: Network;
  readonly classes: readonly CompiledClass[];
}

/**
 * Compiles a scenario to a network of queues. Each tier is a station that a request comes to once and leaves when all
 * its consecutive stages there are done; an answer, which is only decoded, goes before what waits there. Each link is a
 * station, and its propagation a delay after it.
 *
 * @param models of each class, in the order of the workload
 * @throws Problem when tiers, links, placements or cuts are unknown, or features go against one another
 */
export function compileScenario(
  scenario: Scenario,
  topology: Topology,
  models: readonly ScenarioModel[],
): CompiledScenario {
  const stations: Record<string, StationSpec> = {};
  for (const name of Object.keys(scenario.tiers)) {
    const names = topology.tiers.map((tier) => tier.name);
    if (!names.includes(name)) throw unknownName("tier", name, names);
  }
  for (const name of Object.keys(scenario.links)) {
    const names = topology.links.map(linkName);
    if (!names.includes(name)) throw unknownName("link", name, names);
  }
  for (const { name, cpu_quota, cpu_period_s, host } of topology.tiers) {
    const station = tierStation(scenario, name, cpu_quota, cpu_period_s);
    stations[`tier:${name}`] = host === undefined ? station : { ...station, host: `host:${host}` };
  }
  for (const link of topology.links) Object.assign(stations, linkStation(scenario, link));

  const classes: CompiledClass[] = [];
  const specs: Record<string, ClassSpec> = {};
  for (const [i, workload] of scenario.workload.entries()) {
    const name = workload.name ?? `request-${i + 1}`;
    if (specs[name]) throw new Problem(`workload: two classes are called "${name}"`);
    const compiled = compileClass(scenario, topology, name, workload, models[i]!);
    classes.push(compiled);
    const spread = workload.service === "fixed" ? undefined : spreadOf(models[i]!.profiles, workload.service);
    specs[name] = {
      arrivals: arrivalsOf(workload.arrivals),
      route: compiled.stops.map((stages) => visitOf(scenario, topology, stages, compiled, spread)),
      priority: workload.priority,
      ...(workload.timeout === undefined ? {} : { timeout_s: workload.timeout }),
      ...(workload.retries ? { retries: { most: workload.retries.most, wait_s: workload.retries.wait } } : {}),
    };
  }
  const hosts = Object.fromEntries(Object.entries(topology.hosts ?? {}).map(([name, host]) => [`host:${name}`, host]));
  return { network: { stations, classes: specs, ...(topology.hosts ? { hosts } : {}) }, classes };
}

function compileClass(
  scenario: Scenario,
  topology: Topology,
  name: string,
  { placement, cut, codec }: ScenarioClass,
  { model }: ScenarioModel,
): CompiledClass {
  const tiers = placement.split(">").length;
  const [best] = predict(model, topology, {
    placements: [placement],
    cuts: tiers > 1 ? cut : "best",
    ...(codec === undefined ? {} : { codecs: [codec] }),
  });
  if (!best) throw new Problem(`class "${name}": no cut of the model fits the placement ${placement}`);
  if (!best.feasible) throw new Problem(`class "${name}": ${placement} does not fit: ${best.infeasible_because}`);
  const choice = { placement, cut: best.cut, codec: best.codec };
  const pipeline = compilePipeline(model, topology, choice);
  // Quotas act in the simulation, and sessions are loaded there where the scenario has them managed.
  const bare: Topology = {
    ...topology,
    session: "cold",
    tiers: topology.tiers.map((tier) => ({ ...tier, cpu_quota: null })),
  };
  const stages = compilePipeline(model, bare, choice).stages.filter(
    ({ stage, resource }) => stage !== "load" || topology.session === "cold" || managesSessions(scenario, resource),
  );
  const stops: Stage[][] = [];
  for (const stage of stages) {
    const last = stops.at(-1);
    if (last && last[0]!.resource === stage.resource && stage.stage !== "transfer") last.push(stage);
    else stops.push([stage]);
  }
  return { name, pipeline, unloaded_s: latency(pipeline), stops };
}

const linkName = ({ from, to }: Link) => `${from}>${to}`;

function managesSessions({ tiers }: Scenario, resource: string): boolean {
  return tiers[resource.replace(/^tier:/, "")]?.sessions !== undefined;
}

function tierStation(scenario: Scenario, name: string, quota: number | null, period_s: number): StationSpec {
  const limits = quota === null ? {} : { quota: { cores: quota, period_s } };
  const tier = scenario.tiers[name];
  if (!tier) return limits;
  const { servers, replicas, balancer, discipline, queue, batch, sessions, failures } = tier;
  return {
    ...limits,
    servers: servers === "unlimited" ? Number.POSITIVE_INFINITY : servers,
    replicas,
    ...(replicas > 1 ? { balancer } : {}),
    discipline,
    ...(queue === undefined ? {} : { queue_limit: queue }),
    ...(batch ? { batch: { size: batch.size, wait_s: batch.wait, marginal: batch.marginal } } : {}),
    ...(sessions
      ? { sessions: { places: sessions.places, ...(sessions.keep === undefined ? {} : { keep_s: sessions.keep }) } }
      : {}),
    ...(failures
      ? {
          failures: {
            up: { kind: "exponential", mean: failures.every },
            down: { kind: "exponential", mean: failures.repair },
          },
        }
      : {}),
  };
}

/** A link's station, by name: its own, or the medium that it shares with others. */
function linkStation(scenario: Scenario, link: Link): Record<string, StationSpec> {
  const name = linkName(link);
  const burst = link.burst_bytes * 8 + link.burst_s * link.bandwidth_bps;
  const carrier = scenario.links[name];
  const { sharing = "fifo", medium, trace, repeat, loss = 0, packet = 1500, retransmission } = carrier ?? {};
  const discipline = sharing === "fair" ? { discipline: "sharing" as const } : {};
  if (medium !== undefined) {
    if (trace || burst > 0 || loss > 0) {
      throw new Problem(`links: ${name}: on a shared medium there is no trace, no burst and no loss`);
    }
    // Airtime is what they share, each at its own bandwidth.
    return { [`medium:${medium}`]: discipline };
  }
  if (trace && trace[0]!.at !== 0) throw new Problem(`links: ${name}: the trace's first step is not at 0 s`);
  return {
    [`link:${name}`]: {
      ...discipline,
      rate: trace
        ? {
            steps: trace.map(({ at, bandwidth }) => ({ at_s: at, rate: bandwidth })),
            ...(repeat === undefined ? {} : { repeat_s: repeat }),
          }
        : link.bandwidth_bps,
      ...(burst > 0 ? { burst } : {}),
      ...(loss > 0
        ? { loss: { probability: loss, packet: packet * 8, round_s: retransmission ?? 2 * link.delay_s } }
        : {}),
    },
  };
}

function visitOf(
  scenario: Scenario,
  topology: Topology,
  stages: readonly Stage[],
  { name, pipeline }: CompiledClass,
  spread: Spread | undefined,
): VisitSpec {
  const { resource } = stages[0]!;
  if (stages[0]!.stage === "transfer") {
    const link = topology.links.find((candidate) => `link:${linkName(candidate)}` === resource)!;
    const bits = stages[0]!.bytes! * 8;
    const medium = scenario.links[linkName(link)]?.medium;
    const delay_s = link.delay_s;
    return medium === undefined
      ? { station: resource, work: bits, delay_s }
      : { station: `medium:${medium}`, work: bits / link.bandwidth_bps, delay_s };
  }
  const { threads } = topology.tiers.find((tier) => `tier:${tier.name}` === resource)!;
  const managed = managesSessions(scenario, resource);
  const infer = secondsOf(stages, "infer");
  const load = secondsOf(stages, "load");
  const rest = stages.reduce((sum, { seconds }) => sum + seconds, 0) - infer - load;
  const fixed = rest + (managed ? 0 : load);
  const total = fixed + infer;
  return {
    station: resource,
    work: varied(fixed, infer, spread),
    // Waiting runtime threads spin, so that inference burns all of them; everything else runs on one.
    ...(total > 0 && threads > 1 ? { cores: (fixed + infer * threads) / total } : {}),
    ...(stages.every(({ stage }) => stage === "decode") ? { ahead: true } : {}),
    ...(managed && load > 0 ? { session: { name: `${name} ${pipeline.cut ?? ""} ${resource}`, load } } : {}),
  };
}

function secondsOf(stages: readonly Stage[], stage: Stage["stage"]): number {
  return stages.reduce((sum, { stage: its, seconds }) => sum + (its === stage ? seconds : 0), 0);
}

/** Service times whose inference varies around its median as the profile's samples do. */
function varied(fixed: number, infer: number, spread: Spread | undefined): Distribution {
  if (spread === undefined || infer === 0) return fixed + infer;
  if (spread.kind === "resampled") {
    return { kind: "empirical", values: spread.factors.map((factor) => fixed + infer * factor) };
  }
  const { sigma } = spread;
  if (sigma === 0) return fixed + infer;
  const mean = infer * Math.exp(sigma ** 2 / 2);
  return { kind: "lognormal", mean: fixed + mean, cv: (mean * Math.sqrt(Math.expm1(sigma ** 2))) / (fixed + mean) };
}

function arrivalsOf(arrivals: ScenarioClass["arrivals"]): Arrivals {
  if ("users" in arrivals) {
    const { users, think } = arrivals;
    return { kind: "closed", population: users, think: think > 0 ? { kind: "exponential", mean: think } : 0 };
  }
  if ("times" in arrivals) return { kind: "trace", times_s: arrivals.times };
  if ("bursts" in arrivals) {
    return { kind: "mmpp", states: arrivals.bursts.map(({ rate, lasts }) => ({ rate, mean_s: lasts })) };
  }
  if ("every" in arrivals) return { kind: "renewal", gap: arrivals.every };
  const mean = 1 / arrivals.rate;
  if (!("gaps" in arrivals)) return { kind: "renewal", gap: { kind: "exponential", mean } };
  return {
    kind: "renewal",
    gap:
      arrivals.gaps === "gamma"
        ? { kind: "gamma", mean, cv: arrivals.cv ?? 1 }
        : { kind: "weibull", mean, shape: arrivals.shape ?? 1 },
  };
}
