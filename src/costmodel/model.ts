import { unknownName } from "../formats/names.ts";
import { Problem } from "../formats/problem.ts";
import type { CodecName, Profile } from "../formats/profile.ts";
import type { Tier } from "../formats/topology.ts";
import { type MessageCosts, messageCosts, relaySecondsPerByte, travelling } from "./messages.ts";
import { HIGH, LOW, MEDIAN, type Segments, SegmentTable } from "./segments.ts";

/** What one profile says, in the form that predictions read. */
export interface ProfileTables {
  readonly threads: number;
  readonly segments: Segments;
  readonly messages: ReadonlyMap<CodecName, MessageCosts>;
  readonly relay_s_per_byte: number;
}

/** A model ready for predictions: everything that does not depend on a topology is computed. */
export interface CostModel {
  readonly name: string;
  /** Name of the model's file, for advice. */
  readonly file: string;
  /** Ids of the cuts by position; cut i is boundary i + 1. */
  readonly cuts: readonly string[];
  readonly codecs: readonly CodecName[];
  /** One or several, with different numbers of threads. */
  readonly tables: readonly ProfileTables[];
}

/**
 * Profiles as they were read, or prepared once with {@link loadModel} for many predictions.
 */
export type ProfileSource = Profile | readonly Profile[] | CostModel;

/** Seconds of one run of a segment on the profiled host, as JavaScript sees it, with the profile's sampling interval. */
export interface SegmentSeconds {
  readonly seconds: number;
  readonly low_s: number;
  readonly high_s: number;
}

/**
 * What a segment takes on the profiled host itself, with no tier and no link about it.
 *
 * @param after id of the cut after which the segment starts; null for the model's inputs
 * @param until id of the cut at which it ends; null for the model's outputs
 * @throws Problem when a cut is unknown
 */
export function segmentSeconds(profile: ProfileSource, after: string | null, until: string | null): SegmentSeconds {
  const model = modelOf(profile);
  const boundary = (cut: string) => {
    const index = model.cuts.indexOf(cut);
    if (index < 0) throw unknownName("cut", cut, model.cuts);
    return index + 1;
  };
  const a = after === null ? 0 : boundary(after);
  const b = until === null ? model.cuts.length + 1 : boundary(until);
  const { segments } = model.tables[0]!;
  return {
    seconds: segments.inferSeconds(a, b, MEDIAN),
    low_s: segments.inferSeconds(a, b, LOW),
    high_s: segments.inferSeconds(a, b, HIGH),
  };
}

export function modelOf(profiles: ProfileSource): CostModel {
  return "tables" in profiles ? profiles : loadModel(profiles);
}

/**
 * Prepares profiles for predictions.
 *
 * @param profiles one, or several of the same model on the same host with different numbers of threads; each tier takes
 *   the one with its own number. Cuts and codecs that not all profiles have are left out.
 * @throws Problem when there is none, or they do not belong together
 */
export function loadModel(profiles: Profile | readonly Profile[]): CostModel {
  const all = "format" in profiles ? [profiles] : profiles;
  const [first] = all;
  if (!first) throw new Problem("a prediction needs a profile; run: tierwise profile MODEL");
  for (const [i, profile] of all.entries()) {
    const { model, host, settings } = profile;
    if (model.sha256 !== first.model.sha256) {
      throw new Problem(`the profiles are of different models: ${first.model.file} and ${model.file}`);
    }
    if (host.id !== first.host.id) {
      throw new Problem(`the profiles of ${model.file} are of different hosts: ${first.host.cpu} and ${host.cpu}`);
    }
    if (all.findIndex((other) => other.settings.threads === settings.threads) !== i) {
      throw new Problem(`two of the profiles of ${model.file} are for ${threadCount(settings.threads)}`);
    }
  }
  const idSets = all.map(({ cuts }) => new Set(cuts.map(({ id }) => id)));
  const inAll = first.cuts
    .filter(({ id }) => idSets.every((ids) => ids.has(id)))
    .toSorted((a, b) => a.position - b.position)
    .map(({ id }) => id);
  return {
    name: first.model.name,
    file: first.model.file,
    cuts: inAll,
    codecs: first.codecs
      .map(({ codec }) => codec)
      .filter((codec) => all.every(({ codecs }) => codecs.some((other) => other.codec === codec))),
    tables: all.map((profile) => {
      const byId = new Map(travelling(profile).map((cut) => [cut.id, cut]));
      const cuts = inAll.map((id) => byId.get(id)!);
      return {
        threads: profile.settings.threads,
        segments: new SegmentTable(profile, cuts),
        messages: messageCosts(profile, cuts),
        relay_s_per_byte: relaySecondsPerByte(profile),
      };
    }),
  };
}

/** @throws Problem that says what to run, where no profile has the tier's number of threads */
export function requireThreads(model: CostModel, { name, threads }: Tier): void {
  if (model.tables.some((tables) => tables.threads === threads)) return;
  const has = model.tables.map((tables) => threadCount(tables.threads)).join(" and ");
  throw new Problem(
    `tier "${name}" runs ${threadCount(threads)}, but ${model.name} was profiled with ${has}; ` +
      `run: tierwise profile ${model.file} --threads ${threads}`,
  );
}

/** @throws Problem when the profiles have no costs for it */
export function requireCodec(model: CostModel, codec: string): CodecName {
  const known = model.codecs.find((name) => name === codec);
  if (known === undefined) throw unknownName("codec", codec, model.codecs);
  return known;
}

/**
 * Boundaries of a placement of so many segments with the cuts of this id: one cut's id, or, between more than two tiers,
 * several joined by ">".
 *
 * @throws Problem when there is no such cut, or two are in the wrong order
 */
export function boundariesOf(model: CostModel, id: string | null, segments: number): number[] {
  const end = model.cuts.length + 1;
  if (segments === 1) return [0, end];
  if (id === null) throw new Problem(`a placement on ${segments} tiers needs a cut; "best" finds one`);
  const indices = splitId(model, id, segments - 1).map((cut) => {
    const index = model.cuts.indexOf(cut);
    if (index < 0) throw unknownName("cut", cut, model.cuts, `tierwise inspect ${model.file} lists them`);
    return index + 1;
  });
  if (indices.some((index, i) => i > 0 && index <= indices[i - 1]!)) {
    throw new Problem(`cuts "${id}" are not in the model's order; swap them`);
  }
  return [0, ...indices, end];
}

/** The id of boundaries, as {@link boundariesOf} reads it. */
export function cutId(model: CostModel, boundaries: readonly number[]): string | null {
  return boundaries.length === 2
    ? null
    : boundaries
        .slice(1, -1)
        .map((boundary) => model.cuts[boundary - 1]!)
        .join(">");
}

/** Ids may hold ">" themselves, so that the places to split are those that leave known ids. */
function splitId(model: CostModel, id: string, count: number): string[] {
  const parts = id.split(">");
  const known = new Set(model.cuts);
  const split = (start: number, left: number): string[] | undefined => {
    if (left === 1) {
      const rest = parts.slice(start).join(">");
      return known.has(rest) ? [rest] : undefined;
    }
    for (let end = start + 1; end <= parts.length - left + 1; end++) {
      const first = parts.slice(start, end).join(">");
      const others = known.has(first) ? split(end, left - 1) : undefined;
      if (others) return [first, ...others];
    }
    return undefined;
  };
  const found = split(0, count);
  if (found) return found;
  if (count === 1 || parts.length === count) return count === 1 ? [id] : parts;
  throw new Problem(`${count + 1} tiers need ${count} cuts, written "first>second", not "${id}"`);
}

function threadCount(threads: number): string {
  return threads === 1 ? "1 thread" : `${threads} threads`;
}
