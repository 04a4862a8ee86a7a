import { problemOf } from "../formats/issues.ts";
import { Problem } from "../formats/problem.ts";
import { type Profile, profileSchema } from "../formats/profile.ts";
import { parseTopology, type Topology } from "../formats/topology.ts";

/** A model after an operator: its profiles differ in their number of threads. */
export interface Variant {
  readonly model: string;
  readonly operator: string;
  readonly profiles: readonly Profile[];
}

/** What can be chosen on the page: models with their variants, and topologies. */
export interface Catalogue {
  readonly variants: readonly Variant[];
  readonly topologies: readonly Topology[];
}

/** The name of the model that a profile's variant was made from: `resnet50` of `resnet50.sptq`. */
export function modelOf({ model: { name, operator } }: Profile): string {
  const suffix = `.${operator}`;
  return name.endsWith(suffix) && name !== suffix ? name.slice(0, -suffix.length) : name;
}

/** Names of the models, in the order in which they came. */
export function modelsOf({ variants }: Catalogue): string[] {
  return [...new Set(variants.map(({ model }) => model))];
}

/**
 * The catalogue with a profile more. It joins those of the same variant, in place of one with as many threads; a profile
 * of another file or host replaces them, as they cannot be used together.
 */
export function withProfile(catalogue: Catalogue, profile: Profile): Catalogue {
  const [model, operator] = [modelOf(profile), profile.model.operator];
  const at = catalogue.variants.findIndex((variant) => variant.model === model && variant.operator === operator);
  const together = (catalogue.variants[at]?.profiles ?? []).filter(
    (other) =>
      other.model.sha256 === profile.model.sha256 &&
      other.host.id === profile.host.id &&
      other.settings.threads !== profile.settings.threads,
  );
  const variant: Variant = { model, operator, profiles: [...together, profile] };
  const variants =
    at < 0 ? [...catalogue.variants, variant] : catalogue.variants.map((other, i) => (i === at ? variant : other));
  return { ...catalogue, variants };
}

/** The catalogue with a topology more, in place of one of the same name. */
export function withTopology(catalogue: Catalogue, topology: Topology): Catalogue {
  const others = catalogue.topologies.filter(({ name }) => name !== topology.name);
  return { ...catalogue, topologies: [...others, topology] };
}

/** What a dropped file turned out to be. */
export type Dropped = { readonly profile: Profile } | { readonly topology: Topology };

/**
 * Reads a file that someone dropped: a profile, or a topology as YAML or JSON.
 *
 * @throws Problem that says what is wrong with it
 */
export function readDropped(text: string, file: string): Dropped {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    return { topology: topologyIn(text, file) };
  }
  if (isObject(document) && "tiers" in document) return { topology: topologyIn(text, file) };
  if (!isObject(document) || document.format !== "tierwise/profile") {
    throw new Problem(`${file} is neither a profile nor a topology; tierwise profile MODEL writes a profile`);
  }
  const parsed = profileSchema.safeParse(document);
  if (!parsed.success) throw problemOf(parsed.error, file);
  return { profile: parsed.data };
}

function topologyIn(text: string, file: string): Topology {
  if (!/^\s*tiers\s*:|"tiers"/m.test(text)) {
    throw new Problem(`${file} is neither a profile (JSON, of tierwise profile) nor a topology (with tiers)`);
  }
  return parseTopology(text, file);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
