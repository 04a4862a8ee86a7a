import type { CodecName } from "../formats/profile.ts";
import type { Link } from "../formats/topology.ts";
import type { ChainCosts } from "./chain.ts";
import type { Environment, Place } from "./environment.ts";
import { transferSeconds } from "./link.ts";
import { meanFromIdle } from "./quota.ts";
import { MEDIAN } from "./segments.ts";

/** What work and transfers count for, in any one unit. */
export interface Pricing {
  /**
   * A tier's consecutive work for one request.
   *
   * @param cpu_s processor seconds over all threads, on the tier's device
   * @param wall_s the same work's duration where nothing limits it
   */
  work(place: Place, cpu_s: number, wall_s: number): number;
  /**
   * Decoding the answer where requests enter. Left out: as other work.
   *
   * @param seconds of one thread, on the tier's device
   */
  answer?(place: Place, seconds: number): number;
  /** A message on one link. */
  transfer(bytes: number, link: Link): number;
  /** What a second of work on a tier costs at least: `work` is never below that times `wall_s`. */
  floor(place: Place): number;
}

/** Seconds of a request that is alone. */
export const LATENCY: Pricing = {
  work: ({ quota }, cpu_s, wall_s) => (quota ? meanFromIdle(cpu_s, wall_s, quota) : wall_s),
  transfer: transferSeconds,
  floor: () => 1,
};

/**
 * What one placement costs as a sum of terms that depend on one boundary or on two neighbouring ones. In seconds it is what
 * RequestWalk adds up, but for rounding: a tier's consecutive stages draw on one allowance, and what they take together
 * is what the walk's differences come to.
 */
export class PlacementCosts implements ChainCosts {
  readonly segments: number;
  readonly last: number;
  readonly #environment: Environment;
  readonly #places: readonly Place[];
  readonly #codec: CodecName;
  /** By seam and boundary: links, and tiers in between. */
  readonly #seams: readonly Float64Array[];
  /** Seconds of one thread around a segment, by tier and boundary: decoding what comes in, encoding what goes out. */
  readonly #decode_s: readonly Float64Array[];
  readonly #encode_s: readonly Float64Array[];
  /** Before the first tier's own and after the last one's. */
  readonly constant: number;
  #known: ChainCosts["parts"] | null = null;

  readonly #pricing: Pricing;

  /** @param last number of the model's last boundary: one more than it has cuts */
  constructor(
    environment: Environment,
    tiers: readonly number[],
    codec: CodecName,
    last: number,
    pricing: Pricing = LATENCY,
  ) {
    this.#environment = environment;
    this.#pricing = pricing;
    this.#codec = codec;
    this.segments = tiers.length;
    this.last = last;
    this.#places = tiers.map((tier) => environment.places[tier]!);
    const [first, final] = [tiers[0]!, tiers.at(-1)!];
    const carry = (from: number, to: number) => (from === to ? undefined : this.#carry(from, to));
    this.#seams = tiers.slice(1).map((tier, i) => this.#carry(tiers[i]!, tier));
    const [entry, exit] = [carry(environment.enters, first), carry(final, environment.enters)];
    this.#decode_s = tiers.map((tier, i) => (i > 0 || entry ? this.#coding(tier, "decode_s") : zeros(last + 1)));
    this.#encode_s = tiers.map((tier, i) =>
      i < tiers.length - 1 || exit ? this.#coding(tier, "encode_s") : zeros(last + 1),
    );
    const enters = environment.places[environment.enters]!;
    const single = (seconds: number) => pricing.work(enters, seconds, seconds);
    const answer = (seconds: number) => pricing.answer?.(enters, seconds) ?? single(seconds);
    this.constant =
      (entry ? single(this.#coding(environment.enters, "encode_s")[0]!) + entry[0]! : 0) +
      (exit ? exit[last]! + answer(this.#coding(environment.enters, "decode_s")[last]!) : 0);
  }

  /** Undefined where some tier's segments have none. Made when a search asks: short chains do without. */
  get parts(): ChainCosts["parts"] {
    if (this.#known === null) this.#known = this.#parts();
    return this.#known;
  }

  #parts(): ChainCosts["parts"] {
    const { cold } = this.#environment;
    const parts = this.#places.map((place, k) => {
      const { inferParts, loadParts } = place.tables?.segments ?? {};
      if (!inferParts || !loadParts) return undefined;
      const factor = this.#pricing.floor(place);
      const sum = (which: "start" | "end", coding: Float64Array) =>
        coding.map(
          (seconds, at) =>
            factor * (seconds + (inferParts[which][at]! + (cold ? loadParts[which][at]! : 0)) / place.tier.speed),
        );
      return { start: sum("start", this.#decode_s[k]!), end: sum("end", this.#encode_s[k]!) };
    });
    return parts.every((own) => own !== undefined) ? parts : undefined;
  }

  #coding(tier: number, which: "encode_s" | "decode_s"): Float64Array {
    const { coding, tier: at } = this.#environment.places[tier]!;
    return coding.messages.get(this.#codec)![which].map((seconds) => seconds / at.speed);
  }

  #carry(from: number, to: number): Float64Array {
    const { places, ways } = this.#environment;
    const pricing = this.#pricing;
    const { bytes } = places[from]!.coding.messages.get(this.#codec)!;
    return bytes.map((size) =>
      ways[from]![to]!.reduce((sum, { link, to: next }) => {
        const relay_s = next === to ? 0 : (size * places[next]!.coding.relay_s_per_byte) / places[next]!.tier.speed;
        return sum + pricing.transfer(size, link) + pricing.work(places[next]!, relay_s, relay_s);
      }, 0),
    );
  }

  /** Segment k between boundaries a and b: decoding, loading, inference, encoding. */
  segment(k: number, a: number, b: number): number {
    const place = this.#places[k]!;
    const { speed, threads } = place.tier;
    const { segments } = place.tables!;
    const infer_s = segments.inferSeconds(a, b, MEDIAN) / speed;
    const single_s =
      this.#decode_s[k]![a]! +
      this.#encode_s[k]![b]! +
      (this.#environment.cold ? segments.loadSeconds(a, b) / speed : 0);
    return this.#pricing.work(place, single_s + infer_s * threads, single_s + infer_s);
  }

  /** What lies between segment k and the next one, whose boundary is b. */
  seam(k: number, b: number): number {
    return this.#seams[k]![b]!;
  }

  /** Whether the tier's memory holds segment k between these boundaries. */
  fits(k: number, a: number, b: number): boolean {
    const { tier, tables } = this.#places[k]!;
    return tier.memory_bytes === null || tables!.segments.memoryBytes(a, b) <= tier.memory_bytes;
  }
}

const zeros = (length: number) => new Float64Array(length);
