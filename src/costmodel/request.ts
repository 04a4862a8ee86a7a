import type { Stage } from "../formats/prediction.ts";
import type { CodecName } from "../formats/profile.ts";
import type { Environment } from "./environment.ts";
import { transferSeconds } from "./link.ts";
import { meanFromIdle } from "./quota.ts";
import type { Statistic } from "./segments.ts";

/** What takes a request's stages as they come, in order. */
export interface StageSink {
  /** @param bytes on the wire, for transfer and relay */
  stage(stage: Stage["stage"], resource: string, seconds: number, direction: Stage["direction"], bytes?: number): void;
}

/** Which tier runs which segment: segment k lies between boundaries k and k + 1 and runs on tier tiers[k]. */
export interface Assignment {
  readonly tiers: readonly number[];
  readonly boundaries: readonly number[];
  readonly codec: CodecName;
}

/**
 * The one description of what a request passes; searches add its stages up, and the compiler writes them down.
 *
 * The request enters at the topology's entering tier. Where the next segment, or at the end the asker, is on another tier,
 * the tensors at the boundary are encoded, travel along the shortest way, store-and-forward, and are decoded. Tiers on
 * the way relay the bytes as they are. A segment's session is loaded first where sessions are cold.
 *
 * A tier's consecutive stages draw on one processor allowance. Under a quota, therefore, a stage takes the difference
 * that it makes to the mean time from the request's arrival at the tier, which had been idle before
 * (see elapsedFromIdle). Runtime threads spin while they wait, so that inference burns all of the tier's threads.
 */
export class RequestWalk {
  readonly #environment: Environment;
  /** Since the request came to the tier where it is: processor seconds, and seconds they take without a quota. */
  #cpu_s = 0;
  #wall_s = 0;
  /** The mean time that these take under the quota. */
  #elapsed_s = 0;

  constructor(environment: Environment) {
    this.#environment = environment;
  }

  /** Tells the sink each stage. `statistic` says which figure of the kernels to take. */
  run({ tiers, boundaries, codec }: Assignment, statistic: Statistic, sink: StageSink): void {
    const { enters, cold, places } = this.#environment;
    this.#arrive();
    let at = enters;
    for (let segment = 0; segment < tiers.length; segment++) {
      const [a, b] = [boundaries[segment]!, boundaries[segment + 1]!];
      const tier = tiers[segment]!;
      this.#carry(at, tier, a, codec, "request", sink);
      at = tier;
      const { segments } = places[tier]!.tables!;
      if (cold) this.#compute("load", tier, segments.loadSeconds(a, b), 1, "request", sink);
      const { threads } = places[tier]!.tier;
      this.#compute("infer", tier, segments.inferSeconds(a, b, statistic), threads, "request", sink);
    }
    this.#carry(at, enters, boundaries[tiers.length]!, codec, "response", sink);
  }

  #carry(from: number, to: number, boundary: number, codec: CodecName, way: Stage["direction"], sink: StageSink): void {
    if (from === to) return;
    const { places, ways } = this.#environment;
    const sender = places[from]!.coding.messages.get(codec)!;
    const bytes = sender.bytes[boundary]!;
    this.#compute("encode", from, sender.encode_s[boundary]!, 1, way, sink);
    for (const { link, resource, to: next } of ways[from]![to]!) {
      sink.stage("transfer", resource, transferSeconds(bytes, link), way, bytes);
      this.#arrive();
      const { relay_s_per_byte } = places[next]!.coding;
      if (next !== to) this.#compute("relay", next, bytes * relay_s_per_byte, 1, way, sink, bytes);
    }
    const receiver = places[to]!.coding.messages.get(codec)!;
    this.#compute("decode", to, receiver.decode_s[boundary]!, 1, way, sink);
  }

  /** The request leaves one tier for another, which has its allowance before it. */
  #arrive(): void {
    this.#cpu_s = 0;
    this.#wall_s = 0;
    this.#elapsed_s = 0;
  }

  #compute(
    stage: Stage["stage"],
    tier: number,
    profiled_s: number,
    threads: number,
    direction: Stage["direction"],
    sink: StageSink,
    bytes?: number,
  ): void {
    const { quota, resource, tier: at } = this.#environment.places[tier]!;
    const wall_s = profiled_s / at.speed;
    let seconds = wall_s;
    if (quota) {
      const before = this.#elapsed_s;
      this.#cpu_s += wall_s * threads;
      this.#wall_s += wall_s;
      // Rounding must not make time run backwards.
      this.#elapsed_s = Math.max(before, meanFromIdle(this.#cpu_s, this.#wall_s, quota));
      seconds = this.#elapsed_s - before;
    }
    sink.stage(stage, resource, seconds, direction, bytes);
  }
}
