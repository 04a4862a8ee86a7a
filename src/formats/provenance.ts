import { z } from "zod";
import { Problem } from "./problem.ts";

/** What `tierwise.settings` of a variant's metadata holds: one entry for each operator that was applied, in order. */
export const provenanceSchema = z
  .array(
    z.looseObject({ operator: z.string().min(1).describe("deployment operator; the other fields are its settings") }),
  )
  .describe("tierwise.settings in a variant's metadata_props: the operators that were applied, in order");
export type ProvenanceSettings = z.infer<typeof provenanceSchema>;

/** @throws Problem when the text is not what operators write */
export function parseProvenance(text: string): ProvenanceSettings {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    document = undefined;
  }
  const parsed = provenanceSchema.safeParse(document);
  if (!parsed.success)
    throw new Problem(
      "the model's metadata 'tierwise.settings' is not what operators write. Remove it, or start from the original model.",
    );
  return parsed.data;
}
