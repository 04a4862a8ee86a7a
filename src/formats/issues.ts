import type { z } from "zod";
import { Problem } from "./problem.ts";

/** What a schema says of a document, as one Problem that names the file and each field. */
export function problemOf(error: z.ZodError, file: string): Problem {
  const shown = error.issues.slice(0, 5).map((issue) => `${file}: ${field(issue.path)}${wording(issue)}`);
  const hidden = error.issues.length - shown.length;
  return new Problem(shown.join("\n") + (hidden > 0 ? `\n${file}: and ${hidden} more` : ""));
}

/** `tiers[1].memory: `, or nothing for the document itself. */
function field(path: readonly PropertyKey[]): string {
  const text = path.map((key) => (typeof key === "number" ? `[${key}]` : `.${String(key)}`)).join("");
  return text === "" ? "" : `${text.replace(/^\./, "")}: `;
}

function wording(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case "unrecognized_keys":
      return `unknown field ${issue.keys.map((key) => `"${key}"`).join(", ")}`;
    case "invalid_type":
      return /received undefined$/.test(issue.message) ? "is missing" : lowerFirst(issue.message);
    default:
      return lowerFirst(issue.message);
  }
}

function lowerFirst(text: string): string {
  return text.replace(/^Invalid (input|option): /, "").replace(/^[A-Z](?=[a-z])/, (letter) => letter.toLowerCase());
}
