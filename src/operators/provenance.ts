import { parseProvenance } from "../formats/provenance.ts";
import type { Draft, Model } from "../onnx/index.ts";

/** Keys of the model's metadata_props that say where a variant comes from. */
export const PROVENANCE = {
  /** Deployment operators that made the variant, joined by `+`. */
  operator: "tierwise.operator",
  /** SHA-256 of the file that the first of them was applied to. */
  source: "tierwise.source",
  /** One JSON array with the settings of each operator, in order. */
  settings: "tierwise.settings",
  /** Present in latency twins alone: why the model is good for its latency and nothing else. */
  twin: "tierwise.twin",
} as const;

export interface Provenance {
  readonly operator: string;
  /** SHA-256 of the source file. */
  readonly source: string;
  readonly settings: Readonly<Record<string, unknown>>;
  /** Why the variant has only the latency of a usable model; undefined where it is usable. */
  readonly twin?: string | undefined;
}

/** Writes where a variant comes from into its metadata, after what earlier operators wrote there. */
export function mark(draft: Draft, { operator, source, settings, twin }: Provenance): void {
  const { metadata } = draft;
  const earlier = metadata.get(PROVENANCE.operator);
  metadata.set(PROVENANCE.operator, earlier ? `${earlier}+${operator}` : operator);
  if (!metadata.has(PROVENANCE.source)) metadata.set(PROVENANCE.source, source);
  const before = metadata.get(PROVENANCE.settings);
  metadata.set(
    PROVENANCE.settings,
    JSON.stringify([...(before ? parseProvenance(before) : []), { operator, ...settings }]),
  );
  if (twin) metadata.set(PROVENANCE.twin, [metadata.get(PROVENANCE.twin), twin].filter(Boolean).join("; "));
}

/** The deployment operator that made a model: `identity` for a model as its exporter left it. */
export function operatorOf(model: Pick<Model, "metadata">): string {
  return model.metadata.get(PROVENANCE.operator) || "identity";
}

/** Why a model is a latency twin, whose outputs mean nothing; undefined for all others. */
export function twinOf(model: Pick<Model, "metadata">): string | undefined {
  return model.metadata.get(PROVENANCE.twin) || undefined;
}
