import type { z } from "zod";
import { problemOf } from "../formats/issues.ts";
import { Problem } from "../formats/problem.ts";
import { readText } from "../store/index.ts";

/**
 * Reads a JSON file of a known format.
 *
 * @param madeBy the command that makes such a file, for messages
 * @throws Problem naming the file and the field
 */
export function readJson<Schema extends z.ZodType>(file: string, schema: Schema, madeBy?: string): z.output<Schema> {
  const hint = madeBy === undefined ? "" : `. Make it with: ${madeBy}`;
  let document: unknown;
  try {
    document = JSON.parse(readText(file));
  } catch (error) {
    if (error instanceof SyntaxError) throw new Problem(`${file} is not JSON: ${error.message}${hint}`);
    throw error;
  }
  const parsed = schema.safeParse(document);
  if (!parsed.success) throw problemOf(parsed.error, file);
  return parsed.data;
}
