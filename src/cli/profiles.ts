import { problemOf } from "../formats/issues.ts";
import { Problem } from "../formats/problem.ts";
import { type Profile, profileSchema } from "../formats/profile.ts";
import { readText } from "../store/index.ts";

/** @throws Problem when the file is not a profile. */
export function readProfile(file: string): Profile {
  let document: unknown;
  try {
    document = JSON.parse(readText(file));
  } catch (error) {
    if (error instanceof Problem) throw error;
    throw new Problem(`${file} is not a profile: it is not JSON. Make one with \`tierwise profile MODEL\`.`);
  }
  const parsed = profileSchema.safeParse(document);
  if (!parsed.success) throw problemOf(parsed.error, file);
  return parsed.data;
}
