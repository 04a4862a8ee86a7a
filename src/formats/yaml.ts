import { parse, YAMLError } from "yaml";
import type { z } from "zod";
import { problemOf } from "./issues.ts";
import { Problem } from "./problem.ts";

/**
 * Reads a document from YAML or JSON text.
 * @param name name of the file, for messages
 * @throws Problem naming the file and the field
 */
export function parseYaml<Schema extends z.ZodType>(schema: Schema, text: string, name: string): z.output<Schema> {
  const parsed = schema.safeParse(parseYamlValue(text, name));
  if (!parsed.success) throw problemOf(parsed.error, name);
  return parsed.data;
}

/**
 * Reads YAML or JSON as it is written, unchecked: a document, or one value such as `20 Mbit/s` or `{ rate: 30 }`.
 * @param name name of the file, or what the value is of, for messages
 * @throws Problem when it is no YAML
 */
export function parseYamlValue(text: string, name: string): unknown {
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof YAMLError)) throw error;
    throw new Problem(`${name}: ${error.message.split("\n")[0]!.replace(/:$/, "")}`);
  }
}
