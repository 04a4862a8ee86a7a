import type { Stage } from "../formats/prediction.ts";
import type { CodecName } from "../formats/profile.ts";
import type { Topology } from "../formats/topology.ts";
import { type Environment, environmentOf } from "./environment.ts";
import { fits } from "./feasibility.ts";
import { boundariesOf, type CostModel, cutId } from "./model.ts";
import { codecsOf, type PredictOptions, placementsOf } from "./options.ts";
import { placementName } from "./placement.ts";
import type { Quota } from "./quota.ts";
import { type Assignment, RequestWalk, type StageSink } from "./request.ts";
import { fastest } from "./search.ts";
import { MEDIAN } from "./segments.ts";

/** Where a number is in a topology, such as `["links", 0, "bandwidth_bps"]`. */
export type TopologyLeaf = readonly [list: "tiers" | "links", index: number, field: string];

/**
 * One question about a model, asked again and again while numbers of the topology change: a million times a second and
 * more where placement and cut are given. It answers what `predict` answers for a topology with these numbers, to the
 * last bit: both add up the stages that one description of a request tells them (request.ts).
 */
export class Evaluator {
  readonly #model: CostModel;
  readonly #topology: Topology;
  readonly #environment: Environment;
  readonly #walk: RequestWalk;
  readonly #sums = new PartSums();
  readonly #candidates: readonly Candidate[];
  #found: Assignment | undefined;
  #feasible = false;

  /**
   * @param options as `predict` takes them; several placements, cuts or codecs mean the fastest of them that fits. `cuts`
   *   is "best" or a cut's id
   * @throws Problem as `predict` does
   */
  constructor(
    model: CostModel,
    topology: Topology,
    options: Omit<PredictOptions, "cuts"> & { readonly cuts?: string | undefined } = {},
  ) {
    this.#model = model;
    this.#topology = structuredClone(topology);
    this.#environment = environmentOf(model, this.#topology);
    this.#walk = new RequestWalk(this.#environment);
    const cuts = options.cuts ?? "best";
    const placements = placementsOf(model, topology, options.placements, cuts);
    this.#candidates = codecsOf(model, topology, options.codecs).flatMap((codec) =>
      placements.map((tiers): Candidate => {
        const open = tiers.length > 1 && cuts === "best";
        return {
          tiers,
          codec,
          boundaries: open ? null : boundariesOf(model, tiers.length > 1 ? cuts : null, tiers.length),
        };
      }),
    );
    // One candidate without a search stays the same, whatever the numbers.
    const [only] = this.#candidates;
    if (this.#candidates.length === 1 && only!.boundaries) this.#found = only as Assignment;
  }

  /** What sets a number of the topology; undefined where latency does not depend on it, or more than numbers would change. */
  setter([list, index, field]: TopologyLeaf): ((value: number) => void) | undefined {
    if (list === "links") {
      const link = this.#topology.links[index] as Writable<Topology["links"][number]>;
      switch (field) {
        case "bandwidth_bps":
          return (value) => {
            link.bandwidth_bps = value;
          };
        case "delay_s":
          return (value) => {
            link.delay_s = value;
          };
        case "burst_bytes":
          return (value) => {
            link.burst_bytes = value;
          };
        case "burst_s":
          return (value) => {
            link.burst_s = value;
          };
      }
      return undefined;
    }
    const tier = this.#topology.tiers[index] as Writable<Topology["tiers"][number]>;
    const place = this.#environment.places[index] as { quota: Writable<Quota> | null };
    switch (field) {
      case "speed":
        return (value) => {
          tier.speed = value;
        };
      case "memory_bytes":
        return (value) => {
          tier.memory_bytes = value;
        };
      case "cpu_quota":
        return (value) => {
          place.quota ??= { cores: value, period_s: tier.cpu_period_s };
          place.quota.cores = value;
        };
      case "cpu_period_s":
        return (value) => {
          tier.cpu_period_s = value;
          if (place.quota) place.quota.period_s = value;
        };
    }
    return undefined;
  }

  /** Answers with the numbers as they are now. @returns false where the model has too few cuts for any placement */
  evaluate(): boolean {
    if (this.#candidates.length > 1 || this.#candidates[0]?.boundaries === null) this.#search();
    if (!this.#found) return false;
    this.#sums.clear();
    this.#walk.run(this.#found, MEDIAN, this.#sums);
    this.#feasible = fits(this.#environment, this.#found);
    return true;
  }

  /** In the order in which `predict` ranks: what fits first, then the faster, then the earlier. */
  #search(): void {
    this.#found = undefined;
    let least = Number.POSITIVE_INFINITY;
    let feasible = false;
    for (const { tiers, codec, boundaries } of this.#candidates) {
      const fixed = boundaries ? this.#look({ tiers, boundaries, codec }) : undefined;
      const found = fixed ?? fastest(this.#environment, tiers, codec, this.#model.cuts.length);
      if (!found) continue;
      const better = found.feasible === feasible ? found.latency_s < least : found.feasible;
      if (this.#found && !better) continue;
      this.#found = { tiers, boundaries: found.boundaries, codec };
      least = found.latency_s;
      feasible = found.feasible;
    }
  }

  #look(assignment: Assignment) {
    this.#sums.clear();
    this.#walk.run(assignment, MEDIAN, this.#sums);
    return {
      boundaries: assignment.boundaries,
      latency_s: this.#sums.latency_s,
      feasible: fits(this.#environment, assignment),
    };
  }

  get latency_s(): number {
    return this.#sums.latency_s;
  }
  get compute_s(): number {
    return this.#sums.compute_s;
  }
  get network_s(): number {
    return this.#sums.network_s;
  }
  get coding_s(): number {
    return this.#sums.coding_s;
  }
  get load_s(): number {
    return this.#sums.load_s;
  }
  /** On all links, there and back. */
  get bytes(): number {
    return this.#sums.bytes;
  }
  get feasible(): boolean {
    return this.#feasible;
  }
  get placement(): string {
    return placementName(this.#topology, this.#found!.tiers);
  }
  get cut(): string | null {
    return cutId(this.#model, this.#found!.boundaries);
  }
  get codec(): CodecName {
    return this.#found!.codec;
  }
}

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

interface Candidate {
  readonly tiers: readonly number[];
  readonly codec: CodecName;
  /** Null: the best. */
  readonly boundaries: readonly number[] | null;
}

/** Adds stages up by what they are, each sum in the order of the stages. */
class PartSums implements StageSink {
  latency_s = 0;
  compute_s = 0;
  network_s = 0;
  coding_s = 0;
  load_s = 0;
  bytes = 0;

  clear(): void {
    this.latency_s = 0;
    this.compute_s = 0;
    this.network_s = 0;
    this.coding_s = 0;
    this.load_s = 0;
    this.bytes = 0;
  }

  stage(stage: Stage["stage"], _resource: string, seconds: number, _direction: Stage["direction"], bytes = 0): void {
    this.latency_s += seconds;
    switch (stage) {
      case "infer":
        this.compute_s += seconds;
        break;
      case "transfer":
        this.network_s += seconds;
        this.bytes += bytes;
        break;
      case "relay":
        this.network_s += seconds;
        break;
      case "load":
        this.load_s += seconds;
        break;
      default:
        this.coding_s += seconds;
    }
  }
}
