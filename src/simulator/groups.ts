import type { RandomStream } from "../random/index.ts";
import type { StationSpec } from "./network.ts";
import { Station, type StationTotals, type Surroundings } from "./station.ts";

/** The replicas of a station, and who sends requests to them. */
export class Group {
  readonly name: string;
  readonly spec: StationSpec;
  readonly replicas: readonly Station[];
  readonly #choices: RandomStream;
  #turn = -1;

  constructor(name: string, spec: StationSpec, around: Surroundings, random: RandomStream) {
    this.name = name;
    this.spec = spec;
    this.#choices = random.split("balancer");
    this.replicas = Array.from(
      { length: spec.replicas ?? 1 },
      (_, i) => new Station(spec, around, random.split(`replica ${i}`)),
    );
  }

  /** The replica that the next request goes to. */
  choose(): Station {
    const { replicas } = this;
    const n = replicas.length;
    if (n === 1) return replicas[0]!;
    switch (this.spec.balancer) {
      case "random":
        return replicas[this.#choices.below(n)]!;
      case "round-robin":
        this.#turn = (this.#turn + 1) % n;
        return replicas[this.#turn]!;
      case "two-choices": {
        // Mitzenmacher, The power of two choices in randomized load balancing, 2001.
        const first = this.#choices.below(n);
        const second = (first + 1 + this.#choices.below(n - 1)) % n;
        return replicas[second]!.present < replicas[first]!.present ? replicas[second]! : replicas[first]!;
      }
      default: {
        let best = replicas[0]!;
        for (const replica of replicas) if (replica.present < best.present) best = replica;
        return best;
      }
    }
  }

  totals(): StationTotals {
    const all = this.replicas.map((replica) => replica.finalTotals());
    const sum = { ...all[0]! };
    for (const totals of all.slice(1)) {
      for (const key of Object.keys(sum) as (keyof StationTotals)[]) sum[key] += totals[key];
    }
    return sum;
  }
}
